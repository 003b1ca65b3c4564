# syntax=docker/dockerfile:1
# Glassnet in one image:
#   docker build -t glassnet .
#   docker run --read-only --tmpfs /tmp -v glassnet:/data -p 8000:8000 glassnet
# It listens on every address, so it asks for a token: GLASSNET_TOKEN, or the one it prints once at
# its first start. Data, runs and the token's hash live in the volume /data.
#
# Build arguments:
#   TORCH        what pip installs for torch; `torch==2.13.0+cpu` together with
#   TORCH_INDEX  the address of PyTorch's index of CPU builds keeps CUDA's packages out of the
#                image where the default index serves a CUDA build.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:20-bookworm-slim

# --- the page ----------------------------------------------------------------------------------
FROM ${NODE_IMAGE} AS page
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY vite.config.ts svelte.config.js tsconfig.json ./
COPY static static
RUN npm run build

# --- the Python environment --------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS environment
ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=
RUN python -m venv /opt/glassnet
ENV PATH=/opt/glassnet/bin:$PATH
WORKDIR /src
COPY requirements.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --require-hashes --no-deps -r requirements.txt \
    && pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "$TORCH"
COPY . .
COPY --from=page /src/static/dist static/dist
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps --no-build-isolation .

# --- what runs ---------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS runtime
LABEL org.opencontainers.image.title="Glassnet" \
      org.opencontainers.image.description="A glass box for neural networks" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 glassnet \
    && useradd --uid 10001 --gid glassnet --no-create-home --home-dir /data glassnet \
    && install --directory --owner=glassnet --group=glassnet --mode=0700 /data
COPY --from=environment /opt/glassnet /opt/glassnet
ENV PATH=/opt/glassnet/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    GLASSNET_DATA=/data \
    HOST=0.0.0.0 \
    PORT=8000
USER glassnet
# Also where temporary files go if /tmp is read-only.
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/livez\", timeout=2)"]
CMD ["sh", "-c", "exec glassnet serve --host \"$HOST\" --port \"$PORT\""]
