"""The training samples that excite one map most, where, and which part of the picture that cell sees."""

from __future__ import annotations

import torch

from app.core.ids import stable_hash
from app.engine.compile import Network, needed
from app.engine.evaluation import EVALUATION_VALUES
from app.engine.hand import no_layer, require_below
from app.engine.trainer import Trainer
from app.features._answers import Asked, answers
from app.features.top_activations.schema import (
    EXCITING,
    Exciting,
    ExcitingSample,
    ExcitingWanted,
    Patch,
)
from app.protocol.taps import StoredSample
from app.spec.model import INPUT

PROBES = 24
"""Random inputs that show which cells a cell depends on."""
Box = list[tuple[int, int]]


def exciting(trainer: Trainer, branch: int, wanted: ExcitingWanted) -> Exciting:
    """Raises NotFound, NoSuchUnit; reads the run and changes nothing."""
    network, name = trainer.network, wanted.node
    if name not in network.order:
        raise no_layer(name)
    require_below(wanted.unit, network.unit_count(name), name)
    network.mode(training=False)
    try:
        strengths, places, among = _strengths(trainer, wanted)
        best = strengths.topk(min(wanted.count, among)).indices.tolist()
        samples = tuple(_sample(trainer, wanted, i, strengths, places) for i in best)
    finally:
        network.mode(training=True)
    return Exciting(
        node=name,
        unit=wanted.unit,
        by=wanted.by,
        step=trainer.cursor.step,
        branch=branch,
        among=among,
        samples=samples,
    )


@answers(EXCITING)
def _exciting(run: Asked, wanted: ExcitingWanted) -> Exciting:
    return exciting(run.trainer, run.branch, wanted)


@torch.inference_mode()
def _strengths(trainer: Trainer, wanted: ExcitingWanted) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Of every sample the map's maximum or mean, and where its maximum is (as one number)."""
    network, split = trainer.network, trainer.data.train
    names = needed(wanted.node, network.sources)
    among = min(split.count, wanted.among)
    width = max(16, EVALUATION_VALUES // max(1, network.activations))
    axis = 1 + network.unit_axis(wanted.node)
    strengths, places = [], []
    for start in range(0, among, width):
        x = split.inputs(split.rows[start : min(start + width, among)])
        outputs = network._run(x, names)[wanted.node]
        maps = outputs.select(axis, wanted.unit).reshape(len(x), -1)
        largest, place = maps.max(1)
        strengths.append(largest if wanted.by == "maximum" else maps.mean(1))
        places.append(place)
    return torch.cat(strengths).nan_to_num(nan=-torch.inf), torch.cat(places), among


def _sample(
    trainer: Trainer,
    wanted: ExcitingWanted,
    index: int,
    strengths: torch.Tensor,
    places: torch.Tensor,
) -> ExcitingSample:
    shape = list(trainer.network.shapes[wanted.node])
    del shape[trainer.network.unit_axis(wanted.node)]
    found = torch.unravel_index(places[index], shape) if shape else ()
    place = tuple(int(i) for i in found)
    sample = StoredSample(split="train", index=index)
    return ExcitingSample(
        sample=sample,
        label=trainer.data.label(sample),
        value=float(strengths[index]),
        place=place,
        patch=receptive_patch(trainer.network, wanted.node, place),
    )


def receptive_patch(network: Network, node: str, place: tuple[int, ...]) -> Patch | None:
    """The part of the input picture that a cell of a node's maps depends on; null where it is all of
    it, nothing, or no picture. Found node by node, from what a random input's derivative reaches."""
    if len(network.shapes[INPUT]) != 3 or len(place) != 2:
        return None
    boxes: dict[str, Box] = {node: [(i, i + 1) for i in place]}
    for name in reversed(needed(node, network.sources)):
        if name not in boxes:
            continue
        for slot, box in enumerate(_reached(network, name, boxes[name])):
            source = network.sources[name][slot]
            if box is None:
                continue
            before = boxes.get(source)
            boxes[source] = (
                box
                if before is None
                else [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(before, box, strict=True)]
            )
    found = boxes.get(INPUT)
    whole = [(0, side) for side in network.shapes[INPUT][1:]]
    if found is None or found == whole:
        return None
    (top, bottom), (left, right) = found
    return Patch(top=top, left=left, bottom=bottom, right=right)


def _reached(network: Network, name: str, box: Box) -> list[Box | None]:
    """For every input of a node the smallest box with all that its output in ``box`` depends on."""
    generator = torch.Generator().manual_seed(stable_hash(0, "receptive", name))
    weight = next(network.parameters(), torch.empty(0))
    shapes = [network.shapes[source] for source in network.sources[name]]
    given = [
        torch.randn(PROBES, *shape, generator=generator).to(weight.device).requires_grad_()
        for shape in shapes
    ]
    with torch.enable_grad():
        made = network.node(name)(*given)
        part = made[..., slice(*box[0]), slice(*box[1])] if made.dim() == 4 else made
        weights = torch.rand(part.shape, generator=generator).to(part.device) + 0.5
        found = torch.autograd.grad((part * weights).sum(), given, allow_unused=True)
    return [_box(gradient) for gradient in found]


def _box(gradient: torch.Tensor | None) -> Box | None:
    if gradient is None or gradient.dim() != 4:
        return None
    touched = (gradient != 0).flatten(0, 1).any(0)
    if not bool(touched.any()):
        return None
    found: Box = []
    for axis in (1, 0):
        along = touched.any(axis).nonzero().reshape(-1)
        found.append((int(along[0]), int(along[-1]) + 1))
    return found
