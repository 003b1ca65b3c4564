"""The catalogue: every part that a network, its data or its training can be made of."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.api.context import Here
from app.api.document import failures
from app.api.encode import Json
from app.catalog.datasets import DATASETS, Dataset
from app.catalog.family import Family, Formula, Part, describe
from app.catalog.initializers import INITIALIZERS
from app.catalog.layers import LAYERS, Layer
from app.catalog.losses import LOSSES, Loss
from app.catalog.optimizers import OPTIMIZERS
from app.core.text import Text

router = APIRouter(tags=["catalog"])


class PartInfo(BaseModel):
    """One part: its texts, formula and the JSON schema of its fields (bounds, defaults, help)."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    type: str
    title: Text
    summary: Text
    group: Text
    formula: Formula | None
    aliases: list[str]
    examples: list[dict[str, Any]]
    live: list[str]
    """Fields that may change while a run goes on."""
    fields: dict[str, Any] = Field(alias="schema")
    """JSON schema; every property carries ``x-title`` and ``x-help`` in both languages."""


class LayerInfo(PartInfo):
    """A layer. ``pointwise`` layers are drawn on the card of the layer before them."""

    id_prefix: str
    arity: tuple[int, int]
    pointwise: bool


class LossInfo(PartInfo):
    """A loss, the tasks it suits and how outputs are read as a prediction."""

    tasks: list[Literal["classification", "regression"]]
    readout: Literal["softmax", "raw"]


class DatasetInfo(PartInfo):
    """A data set with its defaults. ``available``: its files are on this machine."""

    kind: Literal["image", "points"]
    task: Literal["classification", "regression"]
    classes: list[Text]
    input_shape: list[int]
    sizes: tuple[int, int]
    """(training samples, validation samples)"""
    licence: str
    source: str
    available: bool
    download_bytes: int


class Families(BaseModel):
    layers: list[LayerInfo]
    datasets: list[DatasetInfo]
    losses: list[LossInfo]
    optimizers: list[PartInfo]
    initializers: list[PartInfo]


class Catalog(BaseModel):
    """All parts by family."""

    families: Families


FAMILIES: dict[str, Family[Any]] = {
    family.name: family for family in (LAYERS, DATASETS, LOSSES, OPTIMIZERS, INITIALIZERS)
}


@router.get("/catalog", response_model=Catalog, responses=failures(), summary="Every part")
async def get_catalog(here: Here) -> Json:
    """Layers, data sets, losses, optimisers and initialisers with schema, formula and texts."""
    root = here.fetches.root
    families = {
        name: [entry(part, root) for part in family.parts.values()]
        for name, family in FAMILIES.items()
    }
    return Json({"families": families})


def entry(part: type[Part], root: Path) -> dict[str, Any]:
    """One part with the facts of its family; ``root`` is the folder of data sets."""
    facts = dict(_fixed(part))
    if issubclass(part, Dataset):
        facts["available"] = part().available(root)
    return facts


@cache
def _fixed(part: type[Part]) -> dict[str, Any]:
    facts = describe(part)
    if issubclass(part, Layer):
        facts |= {
            "id_prefix": part.ID_PREFIX,
            "arity": part.ARITY,
            "pointwise": part.POINTWISE,
        }
    elif issubclass(part, Loss):
        facts |= {"tasks": sorted(part.TASKS), "readout": part.READOUT}
    elif issubclass(part, Dataset):
        facts |= _dataset_facts(part())
    return facts


def _dataset_facts(dataset: Dataset) -> dict[str, Any]:
    return {
        "kind": dataset.KIND,
        "task": dataset.TASK,
        "classes": [name.model_dump() for name in dataset.CLASSES],
        "input_shape": dataset.input_shape,
        "sizes": dataset.sizes,
        "licence": dataset.LICENCE,
        "source": dataset.SOURCE,
        "download_bytes": dataset.DOWNLOAD_BYTES,
    }
