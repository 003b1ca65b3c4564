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
from app.catalog.baselines import BASELINES
from app.catalog.datasets import DATASETS, Dataset
from app.catalog.family import Family, Formula, Part, describe
from app.catalog.initializers import INITIALIZERS
from app.catalog.layers import LAYERS
from app.catalog.losses import LOSSES, Loss, Task
from app.catalog.optimizers import OPTIMIZERS
from app.core.text import Text

router = APIRouter(tags=["catalog"])


class Described(BaseModel):
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


class PartInfo(Described):
    """A part of a family that has no further facts."""

    facts: dict[str, Any]


class LayerFacts(BaseModel):
    """``pointwise`` layers are drawn on the card of the layer before them."""

    id_prefix: str
    arity: tuple[int, int]
    pointwise: bool


class LayerInfo(Described):
    """A layer."""

    facts: LayerFacts


class LossFacts(BaseModel):
    """Which tasks a loss suits and how outputs are read as a prediction."""

    tasks: list[Task]
    readout: Literal["softmax", "raw"]


class LossInfo(Described):
    """A loss."""

    facts: LossFacts


class BaselineFacts(BaseModel):
    """Which tasks a baseline suits."""

    tasks: list[Task]


class BaselineInfo(Described):
    """A baseline."""

    facts: BaselineFacts


class DatasetFacts(BaseModel):
    """A data set with its defaults. ``available``: its files are on this machine."""

    kind: Literal["image", "points"]
    task: Task
    classes: list[Text]
    input_shape: list[int]
    sizes: tuple[int, int]
    """(training samples, validation samples)"""
    licence: str
    source: str
    available: bool
    download_bytes: int


class DatasetInfo(Described):
    """A data set."""

    facts: DatasetFacts


class Families(BaseModel):
    layers: list[LayerInfo]
    datasets: list[DatasetInfo]
    losses: list[LossInfo]
    optimizers: list[PartInfo]
    initializers: list[PartInfo]
    baselines: list[BaselineInfo]


class Catalog(BaseModel):
    """All parts by family."""

    families: Families


FAMILIES: dict[str, Family[Any]] = {
    family.name: family
    for family in (LAYERS, DATASETS, LOSSES, OPTIMIZERS, INITIALIZERS, BASELINES)
}


@router.get("/catalog", response_model=Catalog, responses=failures(), summary="Every part")
async def get_catalog(here: Here) -> Json:
    """Layers, data sets, losses, optimisers, initialisers and baselines with schema, formula and texts."""
    root = here.fetches.root
    families = {
        name: [entry(part, root) for part in family.parts.values()]
        for name, family in FAMILIES.items()
    }
    return Json({"families": families})


def entry(part: type[Part], root: Path) -> dict[str, Any]:
    """One part with the facts of its family; ``root`` is the folder of data sets."""
    found = _described(part)
    if issubclass(part, Dataset):
        facts = {**found["facts"], "available": part().available(root)}
        return {**found, "facts": facts}
    return found


@cache
def _described(part: type[Part]) -> dict[str, Any]:
    found = describe(part)
    if issubclass(part, Dataset):
        found["facts"] = {**_dataset_facts(part()), **found["facts"]}
    elif issubclass(part, Loss):
        facts = {"tasks": sorted(part.TASKS), "readout": part.READOUT}
        found["facts"] = {**facts, **found["facts"]}
    return found


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
