"""Augmentations: what they do to values, and that every draw follows from (seed, step, part) alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from app.catalog.augmentations import AUGMENTATIONS, AnyAugmentation, Augmentation
from app.core.ids import stable_hash
from app.engine.augment import augmenter
from app.engine.headless import train
from app.engine.trainer import Trainer
from app.protocol.events import AnyEvent, Metrics
from app.protocol.taps import StoredSample
from app.spec.check import check
from app.spec.run import RunSpec

CPU = torch.device("cpu")
ADAPTER: TypeAdapter[Augmentation] = TypeAdapter(AnyAugmentation)
each = pytest.mark.parametrize("part", AUGMENTATIONS.parts.values(), ids=lambda part: part.kind())


def spec(*augmentations: dict[str, Any], seed: int = 5, dataset: str = "digits8") -> RunSpec:
    training = {
        "dataset": {"type": dataset},
        "augmentations": list(augmentations),
        "phases": [{"batch_size": 64, "epochs": 1}],
    }
    model = [{"type": "flatten"}, {"type": "dense", "units": 10}]
    given = {"model": model, "training": training, "seed": seed}
    return RunSpec.model_validate_json(TypeAdapter(dict[str, Any]).dump_json(given), strict=True)


def draws(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 6, channels: int = 2, height: int = 9, width: int = 7) -> torch.Tensor:
    return torch.rand((count, channels, height, width), generator=draws(9))


def losses(events: list[AnyEvent]) -> list[float]:
    return [loss for e in events if isinstance(e, Metrics) for loss in map(float, e.loss)]


@each
def test_keeps_shape_and_type_and_changes_a_copy(part: type[Augmentation]) -> None:
    for example in part.EXAMPLES:
        made = ADAPTER.validate_python(example)
        x = pictures()
        before = x.clone()
        y = made.apply(x, draws())
        assert (y.shape, y.dtype) == (x.shape, x.dtype)
        assert torch.isfinite(y).all()
        assert torch.equal(x, before)
        assert torch.equal(y, made.apply(x, draws()))
        assert not torch.equal(y, made.apply(x, draws(2)))


def test_shift_is_a_cut_of_the_padded_picture() -> None:
    x, reach = pictures(20), 3
    y = ADAPTER.validate_python({"type": "shift", "pixels": reach}).apply(x, draws())
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    seen = set()
    for before, after in zip(padded, y.numpy(), strict=True):
        fits = [
            (i, j)
            for i in range(2 * reach + 1)
            for j in range(2 * reach + 1)
            if np.array_equal(before[:, i : i + 9, j : j + 7], after)
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) > 5


def test_flip_noise_turn_and_zoom() -> None:
    x = pictures(400, 1, 5, 5)
    flipped = ADAPTER.validate_python({"type": "flip"}).apply(x, draws())
    mirrored = [torch.equal(a, b.flip(2)) for a, b in zip(flipped, x, strict=True)]
    same = [torch.equal(a, b) for a, b in zip(flipped, x, strict=True)]
    assert all(m or s for m, s in zip(mirrored, same, strict=True))
    assert 150 < sum(mirrored) < 250
    noise = ADAPTER.validate_python({"type": "noise", "deviation": 0.5}).apply(x, draws()) - x
    assert abs(float(noise.mean())) < 0.02
    assert abs(float(noise.std()) - 0.5) < 0.02
    still = ADAPTER.validate_python({"type": "rotate", "degrees": 0.0}).apply(x, draws())
    torch.testing.assert_close(still, x)
    still = ADAPTER.validate_python({"type": "zoom", "factor": 1.0}).apply(x, draws())
    torch.testing.assert_close(still, x)


def test_a_turn_by_a_right_angle_is_exact() -> None:
    from app.catalog.augmentations._base import turns, warped

    x = pictures(1, 1, 6, 6)
    angle = torch.tensor([math.pi / 2])
    y = warped(x, turns(angle, torch.ones(1), x))
    turned = [torch.rot90(x, k, (2, 3)) for k in (1, -1)]
    assert any(torch.allclose(y, one, atol=1e-5) for one in turned)


def test_draws_follow_from_seed_step_and_part_alone() -> None:
    x = pictures()
    noise, shift = {"type": "noise"}, {"type": "shift"}
    alone, both = augmenter(spec(noise), CPU), augmenter(spec(shift, noise), CPU)
    assert alone is not None
    assert both is not None
    chance = torch.randn(
        x.shape, generator=torch.Generator().manual_seed(stable_hash(5, 7, "augmentation noise 1"))
    )
    assert torch.equal(alone(x, 7), x + 0.1 * chance)
    shifted = augmenter(spec(shift), CPU)
    assert shifted is not None
    assert torch.equal(both(x, 7), shifted(x, 7) + 0.1 * chance), "putting one in moves no draw"
    assert torch.equal(alone(x, 7), alone(x, 7))
    assert not torch.equal(alone(x, 7), alone(x, 8))
    twice = augmenter(spec(noise, noise), CPU)
    assert twice is not None
    assert not torch.equal(twice(x, 7) - x, 2 * (alone(x, 7) - x))
    assert augmenter(spec(), CPU) is None


def test_training_is_changed_and_repeats_itself(tmp_path: Path) -> None:
    plain = losses(list(train(spec(), tmp_path)))
    first = losses(list(train(spec({"type": "shift", "pixels": 1}), tmp_path)))
    again = losses(list(train(spec({"type": "shift", "pixels": 1}), tmp_path)))
    assert first == again
    assert first[0] != plain[0]


def test_validation_and_predictions_see_the_data_as_they_are(tmp_path: Path) -> None:
    plain = Trainer(spec(), tmp_path, CPU)
    noisy = Trainer(spec({"type": "noise", "deviation": 2.0}), tmp_path, CPU)
    assert plain.evaluate() == noisy.evaluate()
    seen = noisy.augmented(StoredSample(), 3)
    assert seen.shape == (3, 1, 8, 8)
    assert noisy.augment is not None
    assert torch.equal(seen[1:2], noisy.augment(noisy.data.sample(StoredSample()), 1))
    same = plain.augmented(StoredSample(), 2)
    assert torch.equal(same[0], same[1])


def test_what_does_not_suit_the_data_is_named_with_a_repair() -> None:
    wrong = spec({"type": "noise"}, {"type": "flip"}, dataset="iris")
    problems = check(wrong.model, wrong.training).problems
    found = next(problem for problem in problems if problem.code == "augmentation_kind")
    assert found.pointer == "/training/augmentations/1"
    assert found.repairs[0].patch[0] == {"op": "remove", "path": "/training/augmentations/1"}
