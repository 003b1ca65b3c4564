"""How exported code reads its data and judges its network, as source."""

from __future__ import annotations

from app.core.quoted import docstring
from app.engine.trainer import Trainer


def load_data(trainer: Trainer) -> str:
    """The function that gives inputs, targets and classes of a split."""
    split = trainer.data.train
    encoded = split.labels is not None and split.labels is not split.targets
    if split.targets is None:
        about = "(inputs, inputs, inputs) of “train” or “val”: what comes in is to come out again."
    elif trainer.per_step:
        about = "(inputs, classes, classes) of “train” or “val”; −1 where a step does not count."
    elif not trainer.classes:
        about = "(inputs, targets, targets) of the samples of “train” or “val”."
    elif encoded:
        about = "(inputs, targets as the loss takes them, classes) of “train” or “val”."
    else:
        about = "(inputs, classes, classes) of the samples of “train” or “val”."
    lines = [
        "def load_data(split: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:",
        "    " + docstring(about),
        '    data = load_file(FOLDER / "data.safetensors")',
        '    inputs = data[f"{split}_inputs"]',
    ]
    if len(trainer.data.shape) == 3:
        lines.append(
            "    inputs = inputs.permute(0, 3, 1, 2)  # (N, C, H, W); channels last in memory"
        )
    targets = "inputs" if split.targets is None else 'data[f"{split}_targets"]'
    labels = 'data[f"{split}_labels"]' if encoded else targets
    return "\n".join([*lines, f"    return inputs, {targets}, {labels}"]) + "\n"


def measure(trainer: Trainer) -> str:
    """Name of what is printed after every epoch."""
    return "accuracy" if trainer.classes else "error"


def evaluation(trainer: Trainer, *, loss: bool) -> str:
    """The function that is called so; with ``loss``, also that of the validation loss."""
    outputs = trainer.network.shapes[trainer.network.output][-1]
    if trainer.per_step:
        found = _right("output.argmax(2)", "output.isnan().any(2)")
        what = "The share of the counted steps of the validation samples that is classified right."
    elif trainer.classes:
        found = _right("output.argmax(1)", "output.isnan().any(1)")
        if outputs == 1:
            right = "torch.where(labels[part] > 0, output[:, 0] > 0, output[:, 0] <= 0)"
            found = f"{right}.sum().item()"
        what = "The share of the validation samples that is classified right."
    else:
        found = "(output - targets[part]).square().flatten(1).mean(1).sum().item()"
        what = "The mean squared error over the validation samples."
    text = _over_parts(trainer, measure(trainer), "", what, found)
    if not loss:
        return text
    what = "The loss over the validation samples, for each of them."
    found = "loss_function(output, targets[part]).item()"
    if not trainer.settings.loss.sums:
        many = "(targets[part] >= 0).sum().item()" if trainer.per_step else "len(part)"
        found += f" * {many}"
    arguments = ", loss_function: Callable[..., torch.Tensor]"
    return text + "\n\n" + _over_parts(trainer, "validation_loss", arguments, what, found)


def _right(decided: str, undecided: str) -> str:
    """How many are right: an output that is NaN decides nothing."""
    return f"({decided} == labels[part]).logical_and(~{undecided}).sum().item()"


def _over_parts(trainer: Trainer, name: str, arguments: str, what: str, found: str) -> str:
    """The sum over all samples, batch by batch, divided by their number."""
    size = "BATCH_SIZE" if arguments else "256"
    count = "(labels >= 0).sum().item()" if trainer.per_step else "len(inputs)"
    lines = (
        "@torch.no_grad()",
        f"def {name}(model: Network{arguments}) -> float:",
        "    " + docstring(what),
        '    inputs, targets, labels = load_data("val")',
        "    model.eval()",
        "    total = 0.0",
        f"    for part in torch.arange(len(inputs)).split({size}):",
        "        output = model(inputs[part])",
        f"        total += {found}",
        "    model.train()",
        f"    return total / {count}",
        "",
    )
    return "\n".join(lines)
