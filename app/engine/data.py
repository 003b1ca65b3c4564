"""NumPy arrays → tensors that stay on the device, and the order in which an epoch visits them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.catalog.datasets import DATASETS, Data, TokenSet
from app.core.ids import stable_hash
from app.core.shapes import Shape, size
from app.engine.warp import moved
from app.protocol.refusals import SampleMisfit
from app.protocol.taps import AnySample, StoredSample, TextSample, WarpedSample
from app.spec.run import RunSpec


@dataclass(frozen=True)
class Split:
    """Samples as rows: pictures are stored (height, width, channels), so that a batch of rows is
    channels_last without a copy. ``labels`` are classes (N,), or (N, T) at every step; ``targets`` what the loss takes, or
    None where that is the input itself, of which there is no second copy."""

    rows: torch.Tensor
    targets: torch.Tensor | None
    labels: torch.Tensor | None
    shape: Shape

    @property
    def count(self) -> int:
        return self.rows.shape[0]

    def inputs(self, rows: torch.Tensor) -> torch.Tensor:
        """Rows (N, D) as the network takes them, (N, *shape); a view."""
        if len(self.shape) == 3:
            channels, height, width = self.shape
            return rows.view(-1, height, width, channels).permute(0, 3, 1, 2)
        return rows.view(-1, *self.shape)

    def batch(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """(inputs, targets, labels) of the samples in ``index``."""
        inputs = self.inputs(self.rows.index_select(0, index))
        if self.targets is None:
            return inputs, inputs, None
        targets = self.targets.index_select(0, index)
        if self.labels is None:
            return inputs, targets, None
        if self.labels is self.targets:
            return inputs, targets, targets
        return inputs, targets, self.labels.index_select(0, index)

    def wanted(self, start: int, count: int) -> torch.Tensor:
        """Targets of ``count`` samples from ``start`` on, as the loss takes them; a view."""
        if self.targets is None:
            return self.inputs(self.rows[start : start + count])
        return self.targets[start : start + count]


class Resident:
    """A run's data on its device."""

    def __init__(self, spec: RunSpec, root: Path, device: torch.device, outputs: int) -> None:
        dataset, loss = spec.training.dataset, spec.training.phase.loss
        self._reconstructs = spec.training.phase.reconstructs
        arrays = dataset.load(root)

        self.per_step = dataset.PER_STEP and not self._reconstructs
        self.tokens = dataset if isinstance(dataset, TokenSet) else None

        def encode(target: torch.Tensor) -> torch.Tensor:
            if self.per_step:
                return target
            return loss.encode(target, outputs, dataset.targets)

        self.shape = dataset.input_shape
        self.device = device
        self.train = self._split(arrays.train_x, arrays.train_y, encode)
        self.val = self._split(arrays.val_x, arrays.val_y, encode)
        self.arrays = arrays

    def _split(
        self,
        x: NDArray[np.float32],
        y: NDArray[Any],
        encode: Callable[[torch.Tensor], torch.Tensor],
    ) -> Split:
        rows = _tensor(x)
        if len(self.shape) == 3 and self.shape[0] > 1:
            rows = rows.permute(0, 2, 3, 1).contiguous()
        if self._reconstructs:
            return Split(rows.reshape(rows.shape[0], -1).to(self.device), None, None, self.shape)
        raw = _tensor(y)
        labels = None if raw.is_floating_point() else raw.to(self.device)
        targets = encode(raw if labels is None else labels).to(self.device)
        rows = rows.reshape(rows.shape[0], -1).to(self.device)
        return Split(rows, targets, labels, self.shape)

    def sample(self, sample: AnySample) -> torch.Tensor:
        """One sample as a batch of one; raises :class:`SampleMisfit`."""
        if isinstance(sample, WarpedSample):
            if len(self.shape) != 3:
                raise SampleMisfit(
                    pointer="/sample/warp",
                    reason="only pictures can be turned and shifted",
                    reason_zh="只有图像才能旋转和平移",
                )
            return self.laid_out(moved(self.sample(sample.of), [sample.warp]))
        if isinstance(sample, StoredSample):
            split = self.train if sample.split == "train" else self.val
            if sample.index >= split.count:
                reason = f"{sample.split} has {split.count}"
                raise SampleMisfit(pointer="/sample/index", reason=reason, reason_zh=reason)
            return split.inputs(split.rows[sample.index : sample.index + 1])
        if isinstance(sample, TextSample):
            return self._read(sample)
        needed = size(self.shape)
        if len(sample.values) != needed:
            raise SampleMisfit(
                pointer="/sample/values",
                reason=f"{len(sample.values)} values given, {needed} needed",
                reason_zh=f"给出 {len(sample.values)} 个值，需要 {needed} 个",
            )
        given = torch.tensor(sample.values, dtype=torch.float32, device=self.device)
        if self.tokens is not None:
            self._require_ids(given)
        given = given.view(1, *self.shape)
        return self.laid_out(given)

    def _read(self, sample: TextSample) -> torch.Tensor:
        """A text as a batch of one."""
        if self.tokens is None:
            raise SampleMisfit(
                pointer="/sample/text",
                reason="the data set of this run is not made of text",
                reason_zh="该运行的数据集不是文本",
            )
        ids = self.tokens.sample(sample.text, "/sample/text")
        return torch.from_numpy(ids)[None].to(self.device)

    def _require_ids(self, given: torch.Tensor) -> None:
        assert self.tokens is not None
        count = len(self.tokens.vocabulary)
        if not bool(((given == given.round()) & (given >= 0) & (given < count)).all()):
            raise SampleMisfit(
                pointer="/sample/values",
                reason=f"ids of tokens are whole numbers from 0 to {count - 1}",
                reason_zh=f"词元编号须为 0 至 {count - 1} 的整数",
            )

    def laid_out(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (N, *shape) with their memory as a batch of the run has it."""
        if len(self.shape) == 3:
            return self.val.inputs(x.permute(0, 2, 3, 1).reshape(len(x), -1))
        return x

    def label(self, sample: AnySample) -> int | None:
        """The class of a stored sample, moved or not, where there is one."""
        if isinstance(sample, WarpedSample):
            return self.label(sample.of)
        if not isinstance(sample, StoredSample):
            return None
        labels = (self.train if sample.split == "train" else self.val).labels
        return None if labels is None or self.per_step else int(labels[sample.index])

    def step_labels(self, sample: AnySample) -> list[int] | None:
        """The classes of a stored sample at every step, −1 where one does not count."""
        if not self.per_step or not isinstance(sample, StoredSample):
            return None
        found = (self.train if sample.split == "train" else self.val).labels
        return None if found is None else [int(one) for one in found[sample.index]]


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    """The array's memory as a tensor. Bundled sets are read-only and shared between workers."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable")
        return torch.from_numpy(array)


def epoch_order(seed: int, epoch: int, count: int) -> torch.Tensor:
    """The permutation of the training samples in one epoch: a function of (seed, epoch)."""
    generator = torch.Generator().manual_seed(stable_hash(seed, "order", epoch))
    return torch.randperm(count, generator=generator)


def contiguous_order(count: int, rows: int) -> torch.Tensor:
    """Every row of a batch goes on where the same row of the last batch ended: the samples are cut into
    ``rows`` stretches that are read side by side; what is left over comes last."""
    each = count // rows
    side = torch.arange(each * rows).view(rows, each).t().flatten() if each else torch.arange(0)
    return torch.cat([side, torch.arange(each * rows, count)])


def preload() -> list[Data]:
    """Load every bundled picture set into its cache, to be shared by the processes forked later."""
    nowhere = Path()
    parts = (part() for part in DATASETS.parts.values() if part.KIND == "image")
    there = [one for one in parts if not one.DOWNLOAD_BYTES and one.available(nowhere)]
    loaded = [part.load(nowhere) for part in there]
    return [data for data in loaded if data.digest]
