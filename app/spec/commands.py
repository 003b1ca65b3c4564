"""The commands that change a run's settings, or its network by hand. What they do to the settings is
in :mod:`app.spec.settings`; the commands that play, pause and go back are in the protocol."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from app.spec.base import Strict
from app.spec.groups import MOST_GROUPS, Groups
from app.spec.training import AnySchedule, ClipNorm, ClipValue


class SetOptimizer(Strict):
    """Change numbers of the optimiser, for instance ``{"learning_rate": 0.01}``."""

    type: Literal["set_optimizer"] = "set_optimizer"
    values: dict[str, float | bool] = Field(min_length=1, max_length=16)


class SetLayer(Strict):
    """Change a layer's numbers that may change during a run, for instance dropout's ``rate``."""

    type: Literal["set_layer"] = "set_layer"
    node: str = Field(max_length=32)
    values: dict[str, float | bool] = Field(min_length=1, max_length=16)


class SetLoss(Strict):
    """Change numbers of the loss that may change during a run, for instance ``label_smoothing``."""

    type: Literal["set_loss"] = "set_loss"
    values: dict[str, float | bool] = Field(min_length=1, max_length=16)


class SetBatchSize(Strict):
    """Use batches of another size from the next step on."""

    type: Literal["set_batch_size"] = "set_batch_size"
    batch_size: int = Field(ge=1, le=4096)


class SetEpochs(Strict):
    """Move the end of the training."""

    type: Literal["set_epochs"] = "set_epochs"
    epochs: int = Field(ge=1, le=10_000)


class SetSchedule(Strict):
    """Another schedule of the learning rate; one that watches the loss keeps what it remembers
    only where the one before did so, too."""

    type: Literal["set_schedule"] = "set_schedule"
    schedule: AnySchedule


class SetClipping(Strict):
    """Clip gradients by norm, by value, both or (null) not at all."""

    type: Literal["set_clipping"] = "set_clipping"
    clip_norm: ClipNorm = None
    clip_value: ClipValue = None


class SetGroups(Strict):
    """Rates of single layers and parameters, in place of all that were set before."""

    type: Literal["set_groups"] = "set_groups"
    groups: Groups = Field(max_length=MOST_GROUPS)


NodeName = Annotated[str, Field(min_length=1, max_length=32)]
Unit = Annotated[int | None, Field(ge=0, le=2**31)]
LARGEST_WEIGHT = 3.4028234663852886e38
"""Of float32."""


class EditWeight(Strict):
    """Set one number of a parameter: ``{"node": "conv1", "tensor": "weight", "index": [0, 0, 2, 2],
    "value": 0.5}``. What the optimiser remembers of it stays."""

    type: Literal["edit_weight"] = "edit_weight"
    node: NodeName
    tensor: str = Field(max_length=96)
    index: tuple[Annotated[int, Field(ge=0, le=2**31)], ...] = Field(max_length=8)
    value: float = Field(ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)


class Freeze(Strict):
    """Train the parameters of a layer, or (``unit``) those of one map or unit, no more: neither
    gradient, momentum nor weight decay changes them, nor what the optimiser remembers of them. A
    unit's are those into it: of a unit of an LSTM, its row of every gate."""

    type: Literal["freeze"] = "freeze"
    node: NodeName
    unit: Unit = None


class Unfreeze(Strict):
    """Train a layer, or one of its maps or units, again."""

    type: Literal["unfreeze"] = "unfreeze"
    node: NodeName
    unit: Unit = None


class Silence(Strict):
    """Make the output of a node, or (``unit``) one of its maps or units, 0: in training, in
    evaluation and in every picture. No derivative passes through it. Of a recurrent node the next
    step of time sees the 0, too; a memory that the unit shows to nobody (c of an LSTM) goes on."""

    type: Literal["silence"] = "silence"
    node: NodeName
    unit: Unit = None


class Restore(Strict):
    """Let a silenced node, or one of its maps or units, speak again."""

    type: Literal["restore"] = "restore"
    node: NodeName
    unit: Unit = None


Hand = EditWeight | Freeze | Unfreeze | Silence | Restore
"""What is done to the network by hand."""


class SetSpeed(Strict):
    """Make at most this many steps a second; null is full speed. Changes no number."""

    type: Literal["set_speed"] = "set_speed"
    steps_per_second: float | None = Field(None, ge=1e-6, le=10_000)


Setting = (
    SetOptimizer
    | SetLoss
    | SetLayer
    | SetBatchSize
    | SetEpochs
    | SetSchedule
    | SetClipping
    | SetGroups
    | Hand
)
"""The commands that change the numbers that follow: these must be in the log for a replay."""


def is_setting(command: Any) -> bool:
    """Whether a replay needs the command: it changes the numbers that follow."""
    return isinstance(command, Setting)
