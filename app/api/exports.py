"""What can be taken out of a run as a file, each with a route of its own, and the list of them."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from app.api.context import Here
from app.api.document import SAFETENSORS, Responses, failures
from app.api.encode import Json
from app.api.language import preferred
from app.api.picture import Theme, svg
from app.core.text import Language, Text, text
from app.protocol.exports import Made
from app.protocol.runs import RunInfo
from app.spec.aside import checked

router = APIRouter(tags=["exports"])
Name = Literal["spec", "code", "notebook", "weights", "onnx", "picture"]
ZIP = "application/zip"
ONNX = "application/vnd.onnx"


class ExportInfo(BaseModel):
    """One export: what it is for, and where to get it."""

    name: Name
    title: Text
    summary: Text
    file: str
    """Name of the file."""
    href: str


class ExportList(BaseModel):
    """Everything that can be taken out of a run."""

    exports: list[ExportInfo]


_EXPORTS: tuple[tuple[Name, str, Text, Text], ...] = (
    (
        "spec",
        "spec.json",
        text("Network", "网络配置"),
        text(
            "Network, data, training and seed as JSON. Importing it gives the same run again.",
            "以 JSON 记录网络、数据、训练与随机种子；导入后即得到相同的运行。",
        ),
    ),
    (
        "code",
        "code.zip",
        text("PyTorch code", "PyTorch 代码"),
        text(
            "Readable model and training script with initial weights and data. Run by itself it makes "
            "the same losses.",
            "可读的模型与训练脚本，附初始权值和数据；单独运行即得到相同的损失。",
        ),
    ),
    (
        "notebook",
        "notebook.zip",
        text("Jupyter notebook", "Jupyter 笔记本"),
        text("The same code cell by cell, with explanations.", "同样的代码，逐格排列并附讲解。"),
    ),
    (
        "weights",
        "weights.safetensors",
        text("Weights", "权值"),
        text(
            "The present weights as safetensors. They can be imported into a network of this shape.",
            "当前权值（safetensors 格式），可导入结构相同的网络。",
        ),
    ),
    (
        "onnx",
        "model.onnx",
        text("ONNX model", "ONNX 模型"),
        text(
            "The trained network as it computes after training (no dropout), for any batch size and any runtime.",
            "训练好的网络，按推理模式导出（不含随机失活），批量大小任意，可用于各种推理引擎。",
        ),
    ),
    (
        "picture",
        "network.svg",
        text("Picture of the network", "网络结构图"),
        text(
            "Layers, shapes and parameters as a vector drawing, for a paper or a slide.",
            "以矢量图画出各层、形状与参数数目，可用于论文或幻灯片。",
        ),
    ),
)

RunId = Annotated[str, Path(max_length=32, description="The run's id.")]
Speaks = Annotated[
    Language | None, Query(description="Language of the explanations; else Accept-Language.")
]


def _file(description: str, media_type: str) -> Responses:
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


@router.get(
    "/runs/{run}/exports",
    response_model=ExportList,
    responses=failures(404),
    summary="What can be exported",
)
async def list_exports(run: RunId, here: Here) -> Json:
    """Every export with one sentence, the name of its file and its address."""
    info = await here.runs.get(run)
    return Json(
        {
            "exports": [
                ExportInfo(
                    name=name,
                    title=title,
                    summary=summary,
                    file=_name(info, file),
                    href=f"/api/v1/runs/{info.id}/exports/{file}",
                )
                for name, file, title, summary in _EXPORTS
            ]
        }
    )


@router.get(
    "/runs/{run}/exports/spec.json",
    responses={
        200: {
            "description": "The spec, as ``POST /runs`` takes it.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RunSpec"}}},
        },
        **failures(404),
    },
    response_class=Response,
    summary="Export the spec",
)
async def export_spec(run: RunId, here: Here) -> Response:
    """With every default written out."""
    info = await here.runs.get(run)
    content = json.dumps(info.spec.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"
    return _attached(info, "spec.json", content.encode(), "application/json")


@router.get(
    "/runs/{run}/exports/code.zip",
    response_class=Response,
    responses={
        **_file("model.py, train.py, weights, data, README", ZIP),
        **failures(404, 409, 503),
    },
    summary="Export PyTorch code",
)
async def export_code(
    run: RunId, here: Here, request: Request, language: Speaks = None
) -> Response:
    """Needs nothing but PyTorch and safetensors. It begins at the run's first step and makes the
    same losses, what was changed on the way included."""
    return await _made(run, here, "code", ZIP, language or preferred(request.scope))


@router.get(
    "/runs/{run}/exports/notebook.zip",
    response_class=Response,
    responses={**_file("notebook.ipynb, weights, data", ZIP), **failures(404, 409, 503)},
    summary="Export a notebook",
)
async def export_notebook(
    run: RunId, here: Here, request: Request, language: Speaks = None
) -> Response:
    """The exported code in the cells of a Jupyter notebook, explained."""
    language = language or preferred(request.scope)
    return await _made(run, here, "notebook", ZIP, language)


@router.get(
    "/runs/{run}/exports/model.onnx",
    response_class=Response,
    responses={**_file("The ONNX model", ONNX), **failures(404, 409, 503)},
    summary="Export ONNX",
)
async def export_onnx(run: RunId, here: Here) -> Response:
    """The network with its present weights in evaluation mode: ``input`` (batch, *shape) float32,
    of texts (batch, steps) token ids int64, and ``output`` (batch, outputs) float32, in one file. The server needs the extra ``onnx``."""
    return await _made(run, here, "onnx", ONNX, "en")


@router.get(
    "/runs/{run}/exports/weights.safetensors",
    response_class=Response,
    responses={
        **_file("Every parameter, named node.weight …", SAFETENSORS),
        **failures(404, 409, 503),
    },
    summary="Export weights",
)
async def export_weights(run: RunId, here: Here) -> Response:
    """The same tensors as ``/tensors``, as a file to keep; ``POST /weights`` takes it back."""
    info = await here.runs.get(run)
    content = await here.runs.tensors(run)
    return _attached(info, "weights.safetensors", content, SAFETENSORS)


@router.get(
    "/runs/{run}/exports/network.svg",
    response_class=Response,
    responses={**_file("The picture", "image/svg+xml"), **failures(404, 422)},
    summary="Export a picture",
)
async def export_picture(
    run: RunId,
    here: Here,
    request: Request,
    theme: Theme = "light",
    language: Speaks = None,
) -> Response:
    """Layers, shapes and parameters as SVG, drawn from the spec alone."""
    info = await here.runs.get(run)
    report = await checked(info.spec.model, info.spec.training)
    content = svg(info.spec, report, theme, language or preferred(request.scope))
    return _attached(info, "network.svg", content.encode(), "image/svg+xml")


async def _made(run: str, here: Here, kind: Made, media_type: str, language: Language) -> Response:
    info = await here.runs.get(run)
    content = await here.runs.export(run, kind, language)
    file = next(file for name, file, _, _ in _EXPORTS if name == kind)
    return _attached(info, file, content, media_type)


def _attached(info: RunInfo, file: str, content: bytes, media_type: str) -> Response:
    disposition = f'attachment; filename="{_name(info, file)}"'
    headers = {"content-disposition": disposition, "cache-control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def _name(info: RunInfo, file: str) -> str:
    """``lenet-5-weights.safetensors``: the run's name where it can be part of a file's."""
    stem = re.sub(r"[^a-z0-9]+", "-", info.name.lower()).strip("-")[:40] or info.id
    return f"{stem}-{file}"
