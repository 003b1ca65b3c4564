"""Data sets: samples to look at, and downloads that a user asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter
from safetensors.numpy import save
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.catalog import DatasetFacts, dataset_facts
from app.api.context import Context, Here
from app.api.document import READS_BODY, SAFETENSORS, binary, failures
from app.api.encode import Json
from app.catalog.datasets import DATASETS, AnyDataset, Dataset
from app.core.errors import NotFound, Problem
from app.core.text import text
from app.spec.base import Strict

router = APIRouter(prefix="", tags=["datasets"])


class SamplesWanted(Strict):
    """``count`` samples of a split from number ``start`` on; fewer at its end."""

    dataset: AnyDataset
    split: Literal["train", "val"] = "train"
    start: int = Field(0, ge=0, le=10_000_000)
    count: int = Field(24, ge=1, le=256)


class DescribeWanted(Strict):
    """The data set, with its options, that is to be described."""

    dataset: AnyDataset


class FetchWanted(Strict):
    """The data set whose files are to be downloaded."""

    dataset: AnyDataset


class FetchProgress(BaseModel):
    """Bytes; ``total`` is null where the server does not say."""

    done: int
    total: int | None


class DatasetState(BaseModel):
    """Whether the files are here, and how a download goes or why it failed."""

    available: bool
    fetching: FetchProgress | None
    error: Problem | None


EXAMPLE = {"dataset": {"type": "digits28"}, "split": "val", "start": 0, "count": 24}
SamplesBody = Annotated[SamplesWanted, Depends(body(TypeAdapter(SamplesWanted)))]
DescribeBody = Annotated[DescribeWanted, Depends(body(TypeAdapter(DescribeWanted)))]
FetchBody = Annotated[FetchWanted, Depends(body(TypeAdapter(FetchWanted)))]


@router.post(
    "/datasets:samples",
    response_class=Response,
    responses={**binary("inputs (n, …), targets (n,) or (n, k)"), **failures(*READS_BODY, 409)},
    summary="Samples of a data set",
    openapi_extra=documented("SamplesWanted", ("the first pictures", EXAMPLE)),
)
async def get_samples(wanted: SamplesBody, here: Here) -> Response:
    """A safetensors file: float32 ``inputs`` (n, *shape); ``targets`` int64 (n,) for classes,
    float32 (n, k) for regression."""
    content = await asyncio.to_thread(_samples, wanted, here.fetches.root)
    return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})


@router.post(
    "/datasets:describe",
    response_model=DatasetFacts,
    responses=failures(*READS_BODY, 409),
    summary="A data set with its options",
    openapi_extra=documented(
        "DescribeWanted", ("own points", {"dataset": {"type": "points_custom"}})
    ),
)
async def describe_dataset(wanted: DescribeBody, here: Here) -> Json:
    """Task, classes, shape, sizes, and for a table its inputs by name with their scale."""
    return Json(
        await asyncio.to_thread(
            lambda: dataset_facts(wanted.dataset, here.fetches.root, whole=True)
        )
    )


@router.post(
    "/datasets:fetch",
    status_code=202,
    response_model=DatasetState,
    responses=failures(*READS_BODY),
    summary="Download a data set",
    openapi_extra=documented(
        "FetchWanted", ("Fashion-MNIST", {"dataset": {"type": "fashion_mnist"}})
    ),
)
async def fetch_dataset(wanted: FetchBody, here: Here) -> Json:
    """Starts the download unless it is going on or done; ``GET /datasets/{type}`` tells how far."""
    here.fetches.begin(wanted.dataset)
    return Json(_state(wanted.dataset, here), 202)


@router.get(
    "/datasets/{kind}",
    response_model=DatasetState,
    responses=failures(404),
    summary="Whether a data set is here",
)
async def get_dataset(kind: str, here: Here) -> Json:
    """Also how far its download is, and why the last one failed."""
    part = DATASETS.parts.get(kind)
    if part is None:
        raise NotFound(kind=text("data set", "数据集"), name=kind[:80])
    return Json(_state(part(), here))


def _state(dataset: Dataset, here: Context) -> dict[str, Any]:
    fetch = here.fetches.of(dataset.kind())
    running = fetch is not None and fetch.running
    return {
        "available": dataset.available(here.fetches.root),
        "fetching": {"done": fetch.done, "total": fetch.total} if fetch and running else None,
        "error": fetch.error if fetch else None,
    }


def _samples(wanted: SamplesWanted, root: Path) -> bytes:
    part = slice(wanted.start, wanted.start + wanted.count)
    inputs, targets = wanted.dataset.peek(root, wanted.split, part)
    return save({"inputs": np.ascontiguousarray(inputs), "targets": np.ascontiguousarray(targets)})
