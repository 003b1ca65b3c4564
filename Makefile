# One command per intent; `make` alone lists them. CI calls these targets and nothing of its own.
#
# A machine needs Python ≥ 3.11 and Node ≥ 20.19; everything else is installed into .venv and
# node_modules when a target first needs it, and again when the pinned versions change.
#
# Knobs:  HOST, PORT       where `make run` listens (127.0.0.1, 8000)
#         PYTHON           the interpreter that makes .venv
#         TORCH            what to install for torch, e.g. a local wheel file
#         ONLY             sections of `make bench`, for instance ONLY=presets
#         SYSTEM_PYTHON    use this interpreter as it is, install nothing: for machines that come
#                          with a CUDA build of torch (`make test-gpu SYSTEM_PYTHON=python3`)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell command -v $(p))))
TORCH ?= torch==2.13.0
WORKERS ?= 2

VENV := .venv
PIP := $(VENV)/bin/python -m pip -qq --disable-pip-version-check
ifdef SYSTEM_PYTHON
  PY := $(SYSTEM_PYTHON)
  GLASSNET := $(SYSTEM_PYTHON) -m app
  RUNTIME :=
  DEVELOPMENT :=
else
  PY := $(VENV)/bin/python
  GLASSNET := $(VENV)/bin/glassnet
  RUNTIME := $(VENV)/.runtime
  DEVELOPMENT := $(VENV)/.development
endif
BIN := node_modules/.bin
MODULES := node_modules/.installed
PAGE := static/dist/.vite/manifest.json
PAGE_SOURCES := $(shell find static -path static/dist -prune -o -type f -print 2>/dev/null)
TYPES := static/src/protocol/openapi.json static/src/protocol/api.generated.ts
SERVE_FLAGS = $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT))

.PHONY: help install run dev page test test-deep test-gpu check check-python check-page check-types \
        format types lock build bench clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2 }' \
	  $(MAKEFILE_LIST)

# --- installing --------------------------------------------------------------------------------

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then echo "Glassnet needs Python 3.11 or later." >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Glassnet needs Python 3.11 or later; $(PYTHON) is older (PYTHON=… names another)." >&2; exit 1; }
	@echo "→ making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

# Every file but torch's is checked against its hash. torch comes alone: its build is the machine's, and with
# the others, or as a range, pip may take gigabytes of CUDA packages.
$(VENV)/.runtime: pyproject.toml requirements.txt | $(VENV)/bin/python
	@echo "→ installing PyTorch and the server's packages (minutes the first time)"
	@$(PIP) install --require-hashes --no-deps -r requirements.txt
	@$(PIP) install '$(TORCH)'
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo "→ installing the development packages"
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

$(MODULES): package.json package-lock.json .npmrc
	@command -v npm >/dev/null || { echo "Glassnet needs Node 20.19 or later (node, npm)." >&2; exit 1; }
	@echo "→ installing the page's packages"
	@npm ci --ignore-scripts --loglevel=error
	@touch $@

$(PAGE): $(PAGE_SOURCES) package-lock.json vite.config.ts svelte.config.js tsconfig.json | $(MODULES)
	@echo "→ building the page"
	@$(BIN)/vite build --logLevel warn
	@touch $@

install: $(RUNTIME) $(DEVELOPMENT) $(MODULES) ## install everything, development packages too

page: $(PAGE) ## build the page into static/dist

# --- running -----------------------------------------------------------------------------------

run: $(RUNTIME) $(PAGE) ## serve Glassnet on 127.0.0.1:8000 (HOST and PORT change that)
	@exec $(GLASSNET) serve $(SERVE_FLAGS)

dev: $(RUNTIME) $(MODULES) $(PAGE) ## the same, rebuilding the page and reloading the server on changes
	@$(BIN)/vite build --watch --logLevel warn & watcher=$$!; \
	trap 'kill $$watcher 2>/dev/null || true' EXIT; \
	$(GLASSNET) serve --reload $(SERVE_FLAGS)

# --- testing -----------------------------------------------------------------------------------

test: $(RUNTIME) $(DEVELOPMENT) $(MODULES) $(PAGE) ## run every suite: pytest, browser, Vitest
	@PY='$(PY)' WORKERS='$(WORKERS)' bash scripts/run_tests.sh

test-deep: $(RUNTIME) $(DEVELOPMENT) $(PAGE) ## the long property and kill loops
	@GLASSNET_DEEP=1 $(PY) -m pytest -m deep --timeout 3600 tests

test-gpu: $(RUNTIME) $(DEVELOPMENT) ## the CUDA tests, where there is a CUDA device
	@if $(PY) -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then \
	  $(PY) -m pytest -m gpu --timeout 600 tests; \
	else \
	  echo "There is no CUDA device on this machine: no GPU test was run."; \
	fi

# --- checking ----------------------------------------------------------------------------------

check: check-python check-page check-types ## linters, types, layers, sizes, generated files

check-python: $(DEVELOPMENT)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) scripts/check_sizes.py

check-page: $(MODULES)
	$(BIN)/eslint .
	$(BIN)/prettier --check --log-level warn .
	$(BIN)/svelte-check --tsconfig ./tsconfig.json --fail-on-warnings

check-types: $(RUNTIME) $(MODULES)
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(GLASSNET) schema page > "$$folder/openapi.json"; \
	$(BIN)/openapi-typescript "$$folder/openapi.json" --default-non-nullable=false \
		-o "$$folder/api.generated.ts" > /dev/null; \
	for file in openapi.json api.generated.ts; do \
	  cmp -s "$$folder/$$file" "static/src/protocol/$$file" \
	    || { echo "static/src/protocol/$$file is out of date: run 'make types' and commit it." >&2; exit 1; }; \
	done; \
	echo "generated types are up to date"

format: $(DEVELOPMENT) $(MODULES) ## format and repair what can be repaired
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .
	$(BIN)/prettier --write --log-level warn .

types: $(RUNTIME) $(MODULES) ## regenerate the page's types from the server's OpenAPI document
	@$(GLASSNET) schema page > static/src/protocol/openapi.json.new
	@mv static/src/protocol/openapi.json.new static/src/protocol/openapi.json
	@$(BIN)/openapi-typescript static/src/protocol/openapi.json --default-non-nullable=false \
		-o static/src/protocol/api.generated.ts

lock: ## write requirements*.txt anew, for changed dependencies (LOCK=--upgrade: all newer); needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv (pip install uv)." >&2; exit 1; }
	@lock() { uv pip compile pyproject.toml - $(LOCK) --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-emit-package torch --no-header --no-annotate "$$@" <<< $$'hatchling\neditables'; }; \
	lock -o requirements.txt; \
	lock -c requirements.txt --extra dev --extra onnx -o requirements-dev.txt

# --- delivering --------------------------------------------------------------------------------

build: $(DEVELOPMENT) $(PAGE) ## wheel and sdist into dist/
	@rm -rf dist
	@$(PY) -m build

bench: $(RUNTIME) $(DEVELOPMENT) $(PAGE) ## measure what the README promises; ONLY=presets: one section
	@$(PY) -m benchmarks $(ONLY)

clean: ## remove what was built or installed; data stay
	rm -rf $(VENV) node_modules static/dist dist build .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache .grimp_cache .hypothesis
