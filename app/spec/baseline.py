"""BaselineSpec: a baseline and the data set it learns, split exactly as a run's is."""

from __future__ import annotations

import hashlib

from pydantic import Field

from app.catalog.baselines import BASELINES, AnyBaseline
from app.catalog.datasets import AnyDataset
from app.core.errors import Invalid
from app.core.text import text
from app.spec.base import Strict

DIGITS = 16


class BaselineMisfit(Invalid):
    code, status = "baseline_misfit", 422
    message = text(
        "{baseline} does not suit the task of {dataset}. What does: {fitting}.",
        "{baseline_zh}不适用于{dataset_zh}的任务。可用：{fitting}。",
    )


class BaselineTokens(Invalid):
    code, status = "baseline_tokens", 422
    message = text(
        "{dataset} is made of tokens, numbers that are names: no baseline here reads them.",
        "“{dataset_zh}”由词元组成，其编号只是名称：此处的基线均无法读取。",
    )


class BaselineSpec(Strict):
    """Together with the data it determines every number of the result but the seconds."""

    dataset: AnyDataset
    baseline: AnyBaseline
    seed: int = Field(0, ge=0, le=2**31 - 1)
    samples: int = Field(10_000, ge=10, le=60_000)
    """Training samples at most: the first of the training set."""

    def digest(self) -> str:
        """A name: the same for the same content."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:DIGITS]

    def require(self) -> None:
        """Raises :class:`BaselineMisfit` where the task is another, :class:`BaselineTokens`."""
        if self.dataset.KIND == "text":
            name = self.dataset.TITLE
            raise BaselineTokens(pointer="/dataset/type", dataset=name.en, dataset_zh=name.zh)
        if self.dataset.TASK in self.baseline.TASKS:
            return
        fitting = [b for b in BASELINES.parts.values() if self.dataset.TASK in b.TASKS]
        raise BaselineMisfit(
            pointer="/baseline/type",
            baseline=self.baseline.TITLE.en,
            baseline_zh=self.baseline.TITLE.zh,
            dataset=self.dataset.TITLE.en,
            dataset_zh=self.dataset.TITLE.zh,
            fitting=", ".join(part.kind() for part in fitting),
        )
