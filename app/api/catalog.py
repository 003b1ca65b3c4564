"""The catalogue: every part that a network, its data or its training can be made of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.catalog.attributions import ATTRIBUTIONS
from app.catalog.augmentations import AUGMENTATIONS
from app.catalog.baselines import BASELINES
from app.catalog.datasets import DATASETS, Dataset, Feature, TokenSet
from app.catalog.family import Family, Formula, Part, describe
from app.catalog.initializers import INITIALIZERS
from app.catalog.layers import LAYERS
from app.catalog.layers._base import CellKind, Window
from app.catalog.losses import LOSSES, Readout, Task, Use
from app.catalog.optimizers import OPTIMIZERS
from app.catalog.plot import ANYWHERE, Place, Plot
from app.catalog.schedules import SCHEDULES
from app.core.errors import NotFound
from app.core.text import Text, text
from app.protocol.health import BOUNDS, Measures
from app.spec.base import Strict

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
    plot: bool
    """It has a picture of its own: ``POST /catalog:plot``."""
    fields: dict[str, Any] = Field(alias="schema")
    """JSON schema; every property carries ``x-title`` and ``x-help`` in both languages."""


class PartInfo(Described):
    """A part of a family that has no further facts."""

    facts: dict[str, Any]


class Facts(BaseModel):
    """What a part says of itself beside its fields; all of it is described."""

    model_config = ConfigDict(extra="forbid")


class LayerFacts(Facts):
    """``pointwise`` layers are drawn on the card of the layer before them; of one that is
    ``time_first`` the output is (steps, units). An activation that ``dies`` is exactly flat on one
    side; beyond the two values ``flat`` of φ it is saturated. One that ``flattens`` lays out in a row what
    arrives; ``token_vectors`` names the parameter that holds a vector for every token; ``window`` names
    the fields of the window that slides over the input; ``picture`` is how the page draws the layer."""

    id_prefix: str
    arity: tuple[int, int]
    pointwise: bool
    time_first: bool
    remembers: bool
    inner: list[str]
    cell: CellKind
    flattens: bool
    token_vectors: str
    window: Window | None
    picture: str
    dies: bool = False
    flat: tuple[float, float] | None = None


class LayerInfo(Described):
    """A layer."""

    facts: LayerFacts


class LossFacts(Facts):
    """What a loss can be used for and how outputs are read as a prediction; ``per_step``: also where
    every step of a sequence has a class."""

    tasks: list[Use]
    readout: Readout
    per_step: bool


class LossInfo(Described):
    """A loss."""

    facts: LossFacts


class BaselineFacts(Facts):
    """Which tasks a baseline suits."""

    tasks: list[Task]


class BaselineInfo(Described):
    """A baseline."""

    facts: BaselineFacts


class FeatureFacts(BaseModel):
    """An input of a table, or its target. What a network sees is (value − ``centre``) / ``scale``;
    with a ``category`` it is 1 where the column holds that text, else 0."""

    name: Text
    centre: float
    scale: float
    category: str | None


class DatasetFacts(Facts):
    """A data set; in the catalogue with its defaults. ``available``: its files are on this machine;
    ``varies``: task, classes or shape follow from its options, ``POST /datasets:describe`` tells."""

    kind: Literal["image", "points", "tabular", "sequence", "text"]
    task: Task
    classes: list[Text]
    input_shape: list[int]
    sizes: tuple[int, int]
    """(training samples, validation samples)"""
    licence: str
    source: str
    available: bool
    download_bytes: int
    varies: bool
    features: list[FeatureFacts]
    value: FeatureFacts | None
    """What a table's regression predicts."""
    tokens: int
    """Size of the vocabulary of a set of texts, 0 of others; id 0 fills short samples up."""
    vocabulary: list[str]
    """The tokens by their ids; in the catalogue left out."""
    joint: str
    """What stands between two tokens in a text."""
    per_step: bool
    """Every step has a class of its own; one of −1 does not count."""
    next_token: bool
    """The class of a step is the token that follows: the vocabulary names the classes."""


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
    schedules: list[PartInfo]
    augmentations: list[PartInfo]


class Catalog(BaseModel):
    """All parts by family; ``health``: what counts as healthy of the derivatives of any layer."""

    families: Families
    health: Measures


FAMILIES: dict[str, Family[Any]] = {
    family.name: family
    for family in (
        LAYERS,
        DATASETS,
        LOSSES,
        OPTIMIZERS,
        INITIALIZERS,
        SCHEDULES,
        AUGMENTATIONS,
        BASELINES,
    )
}


def part_schemas() -> Iterator[str]:
    """The names of the schemas of all parts."""
    for family in (*FAMILIES.values(), ATTRIBUTIONS):
        for part in family.parts.values():
            yield part.__name__


def part_named(family: str, kind: str) -> type[Part]:
    """The part, or a 404 that names it."""
    part: type[Part] | None = FAMILIES[family].parts.get(kind) if family in FAMILIES else None
    if part is None:
        raise NotFound(kind=text("part", "组件"), name=f"{family}/{kind}"[:120])
    return part


def _plot_wanted(name: str, family: Family[Any]) -> type[Strict]:
    """A part of one family with its options, and where it stands."""
    only: Any = Literal[name]
    return create_model(
        f"PlotOf{name.capitalize()}",
        __base__=Strict,
        __doc__=f"A part of the family {name} with its options; the place it stands in.",
        family=(only, ...),
        part=(family.union(), ...),
        place=(Place, ANYWHERE),
    )


_WANTED = [_plot_wanted(name, family) for name, family in FAMILIES.items()]
PlotWanted: Any = Annotated[reduce(or_, _WANTED), Field(discriminator="family")]
PLOT_EXAMPLE = {"family": "layers", "part": {"type": "elu", "alpha": 2.0}}
PlotBody = Annotated[Any, Depends(body(TypeAdapter(PlotWanted)))]


@router.post(
    "/catalog:plot",
    response_model=Plot,
    responses=failures(404, *READS_BODY),
    summary="A part's own picture",
    openapi_extra=documented("PlotWanted", ("ELU", PLOT_EXAMPLE)),
)
async def plot_part(wanted: PlotBody) -> Json:
    """Sampled curves of an activation, a loss or a rule with these options, or the spread of an
    initialiser's weights for a layer of this size. A part without a curve has none."""
    found = wanted.part.plot(wanted.place)
    if found is None:
        raise NotFound(kind=text("picture of", "图像："), name=wanted.part.kind())
    return Json(found)


@router.get("/catalog", response_model=Catalog, responses=failures(), summary="Every part")
async def get_catalog(here: Here) -> Json:
    """Every family with its parts: their schema, formula, texts and facts."""
    root = here.fetches.root
    families = {
        name: [entry(part, root) for part in family.parts.values()]
        for name, family in FAMILIES.items()
    }
    return Json({"families": families, "health": BOUNDS.model_dump()})


def entry(part: type[Part], root: Path) -> dict[str, Any]:
    """One part with the facts of its family; ``root`` is the folder of data sets."""
    found = _described(part)
    if issubclass(part, Dataset):
        facts = dataset_facts(part(), root)
        return {**found, "facts": {**found["facts"], **facts}}
    return found


@cache
def _described(part: type[Part]) -> dict[str, Any]:
    return describe(part)


def dataset_facts(dataset: Dataset, root: Path, *, whole: bool = False) -> dict[str, Any]:
    """The facts of a data set with its options; one whose files are elsewhere names no inputs. The
    ``whole`` of them has the vocabulary too."""
    here = dataset.available(root)
    value = dataset.value(root) if here else None
    return {
        "available": here,
        "varies": dataset.VARIES,
        "features": [_feature(one) for one in dataset.features_of(root)] if here else [],
        "value": _feature(value) if value else None,
        "kind": dataset.KIND,
        "task": dataset.TASK,
        "classes": [name.model_dump() for name in dataset.CLASSES],
        "input_shape": dataset.input_shape,
        "sizes": dataset.sizes,
        "licence": dataset.LICENCE,
        "source": dataset.SOURCE,
        "download_bytes": dataset.DOWNLOAD_BYTES,
        "tokens": len(dataset.vocabulary) if here else 0,
        "vocabulary": list(dataset.vocabulary) if here and whole else [],
        "joint": dataset.JOIN if isinstance(dataset, TokenSet) else "",
        "per_step": dataset.PER_STEP,
        "next_token": dataset.NEXT,
    }


def _feature(one: Feature) -> dict[str, Any]:
    return {"name": one.name.model_dump(), **{k: v for k, v in vars(one).items() if k != "name"}}
