"""The OpenAPI document: routes, and every model of the protocol as a component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request

from app.api import (
    attribution,
    baselines,
    catalog,
    datasets,
    devices,
    exports,
    health,
    lag,
    models,
    own,
    presets,
    runs,
    tokens,
)
from app.api.document import failures, shared
from app.api.encode import Json
from app.api.errors import ProblemDetails
from app.catalog.augmentations import AnyAugmentation
from app.catalog.baselines import AnyBaseline
from app.catalog.datasets import AnyDataset
from app.catalog.initializers import AnyInitializer
from app.catalog.layers import AnyLayer
from app.catalog.losses import AnyLoss
from app.catalog.optimizers import AnyOptimizer
from app.catalog.plot import Plot
from app.catalog.schedules import AnySchedule
from app.features.registry import questions
from app.own.library import OwnDetail
from app.protocol import frames, stream, taps
from app.protocol.attribution import AttributionWanted
from app.protocol.baselines import BaselineRecord
from app.protocol.commands import AnyCommand, LoggedCommand
from app.protocol.events import AnyEvent
from app.protocol.lag import LagRecord
from app.protocol.range_test import RangeTest, RangeWanted
from app.protocol.runs import Applied, MetricsSeries, RunInfo, WeightsInfo
from app.runs.devices import Devices
from app.spec.baseline import BaselineSpec
from app.spec.examples import Example
from app.spec.lag import LagSpec
from app.spec.model import ModelSpec
from app.spec.report import Report
from app.spec.run import RunSpec
from app.spec.training import TrainingSpec

Mode = Literal["validation", "serialization"]

READ: dict[str, Any] = {
    "AnyLayer": AnyLayer,
    "AnyDataset": AnyDataset,
    "AnyLoss": AnyLoss,
    "AnyOptimizer": AnyOptimizer,
    "AnyInitializer": AnyInitializer,
    "AnyBaseline": AnyBaseline,
    "BaselineSpec": BaselineSpec,
    "LagSpec": LagSpec,
    "AnySchedule": AnySchedule,
    "AnyAugmentation": AnyAugmentation,
    "ModelSpec": ModelSpec,
    "TrainingSpec": TrainingSpec,
    "RunSpec": RunSpec,
    "ModelCheck": models.ModelCheck,
    "PlotWanted": catalog.PlotWanted,
    "SamplesWanted": datasets.SamplesWanted,
    "DescribeWanted": datasets.DescribeWanted,
    "FetchWanted": datasets.FetchWanted,
    "OwnChange": own.OwnChange,
    "RangeWanted": RangeWanted,
    "AttributionWanted": AttributionWanted,
    "TokensWanted": tokens.TokensWanted,
    "AnyCommand": AnyCommand,
    "LoggedCommand": LoggedCommand,
    "AnySample": taps.AnySample,
    "Tap": taps.Tap,
    "ClientMessage": stream.ClientMessage,
}
"""What the server reads: fields with a default may be left out."""

WRITTEN: dict[str, Any] = {
    "ProblemDetails": ProblemDetails,
    "Catalog": catalog.Catalog,
    "Plot": Plot,
    "Example": Example,
    "Presets": presets.Presets,
    "Report": Report,
    "SpecReport": models.SpecReport,
    "ExportList": exports.ExportList,
    "WeightsInfo": WeightsInfo,
    "DatasetState": datasets.DatasetState,
    "DatasetFacts": catalog.DatasetFacts,
    "UploadState": own.UploadState,
    "OwnList": own.OwnList,
    "OwnDetail": OwnDetail,
    "RunInfo": RunInfo,
    "RunPage": runs.RunPage,
    "Applied": Applied,
    "EventPage": runs.EventPage,
    "MetricsSeries": MetricsSeries,
    "SnapshotList": runs.SnapshotList,
    "BaselineRecord": BaselineRecord,
    "BaselineList": baselines.BaselineList,
    "LagRecord": LagRecord,
    "LagList": lag.LagList,
    "RangeTest": RangeTest,
    "MethodList": attribution.MethodList,
    "TokenList": tokens.TokenList,
    "Devices": Devices,
    "Queue": devices.Queue,
    "Health": health.Health,
    "AnyEvent": AnyEvent,
    "ServerMessage": stream.ServerMessage,
}
"""What the server writes: every field is there."""

ABOUT = """
Build, train and watch real PyTorch networks. Everything that the page does is done through this
interface. Errors are problem documents (RFC 9457) with a stable `code`, a `message` in English and
Chinese, and a JSON pointer for every misfit. Numbers that are not finite are the strings `"NaN"`,
`"Infinity"` and `"-Infinity"`.
"""
STREAM = """
Open it as a WebSocket. Text messages of the client are `ClientMessage`, those of the server
`ServerMessage`; the first is `hello`. Binary messages of the server are tensor frames.

Close codes: 4400 a message that is none, 4408 a frame was not acknowledged for 10 s while visible,
4420 more messages than 200 a second for 10 s, 4429 too many open tabs, 1001 the server goes away.
"""

router = APIRouter(include_in_schema=False)


@router.get("/api/v1/openapi.json")
async def get_openapi_document(request: Request) -> Json:
    """The document of this very server."""
    return Json(request.app.openapi(), headers={"cache-control": "no-cache"})


def document(app: FastAPI) -> dict[str, Any]:
    """The whole OpenAPI 3.1 document; the same for every server of this version."""
    found = get_openapi(
        title="Glassnet",
        version=app.version,
        description=ABOUT.strip(),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    written, read = _of_questions()
    components = {
        **schemas(WRITTEN | written, "serialization"),
        **schemas(READ | read, "validation"),
    }
    require_tags(components)
    found["components"]["schemas"] = dict(sorted(components.items()))
    found["components"]["responses"] = shared()
    found["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Only where the server listens beyond this machine.",
        }
    }
    found["security"] = [{}, {"token": []}]
    found["paths"]["/api/v1/stream"] = {"get": _stream()}
    for methods in found["paths"].values():
        for operation in methods.values():
            _refer(operation["responses"])
    return found


def _of_questions() -> tuple[dict[str, Any], dict[str, Any]]:
    """What answers of features are, and what they read, by name."""
    public = [one for one in questions().values() if one.route is not None]
    answers = [one.answer for one in public if one.answer is not None]
    asked = [one.asks for one in public if one.method == "POST"]
    return {one.__name__: one for one in answers}, {one.__name__: one for one in asked}


def schemas(models: dict[str, Any], mode: Mode) -> dict[str, Any]:
    """The named types and all they refer to, by name."""
    inputs = [(name, mode, TypeAdapter(model)) for name, model in models.items()]
    template = "#/components/schemas/{model}"
    named, rest = TypeAdapter.json_schemas(inputs, ref_template=template)
    found: dict[str, Any] = dict(rest.get("$defs", {}))
    for name, model in models.items():
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            found[name] = named[name, mode]
    return found


def require_tags(components: dict[str, Any]) -> None:
    """What tells the members of a union apart is required of each, though its model has a default."""
    for union in _unions(components):
        tag = union["discriminator"]["propertyName"]
        for reference in union["discriminator"]["mapping"].values():
            member = components[reference.rpartition("/")[2]]
            required = member.setdefault("required", [])
            if tag not in required:
                required.insert(0, tag)


def _unions(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("discriminator"), dict):
            yield value
        for inner in value.values():
            yield from _unions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _unions(inner)


def _refer(responses: dict[str, Any]) -> None:
    """Write an error answer once, and name it by reference."""
    for status, answer in shared().items():
        if responses.get(status) == answer:
            responses[status] = {"$ref": f"#/components/responses/{status}"}


def _stream() -> dict[str, Any]:
    frame = {"type": "string", "format": "binary", "description": frames.__doc__}
    return {
        "tags": ["stream"],
        "summary": "Events and tensor frames as they come",
        "description": STREAM.strip(),
        "operationId": "stream",
        "responses": {"101": {"description": "The connection becomes a WebSocket."}, **_refused()},
        "x-websocket": {
            "client": {"$ref": "#/components/schemas/ClientMessage"},
            "server": {"$ref": "#/components/schemas/ServerMessage"},
            "frame": frame,
        },
    }


def _refused() -> dict[str, Any]:
    return {str(status): answer for status, answer in failures(426).items()}
