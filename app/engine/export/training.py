"""A run's training as ``train.py``: data, batches, loop. Says nothing of the network's layers.

The file makes the same steps as the run, bit for bit on the same kind of processor: same first
weights, same order of samples, same draws, sums added in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.ids import stable_hash
from app.engine.data import epoch_order
from app.engine.export.bundle import Bundle, header
from app.engine.export.changes import Changes, changes
from app.engine.export.layout import statement
from app.engine.export.model import draws, trains
from app.engine.trainer import Trainer
from app.protocol.commands import LoggedCommand

_ABOUT = '''"""Trains the network of model.py: the same first weights, batches and random draws as the run it
was exported from, so the same losses.

    python train.py              the whole training
    python train.py --steps 20   its first 20 steps
"""
'''
_FIXED = """# One thread, one order of summation: the losses come out the same every time.
torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.use_deterministic_algorithms(True, warn_only=True)
"""
_MAIN = """
def main() -> None:
    parser = argparse.ArgumentParser(description="Train the network of model.py.")
    parser.add_argument("--steps", type=int, default=None, help="stop after so many steps")
    wanted = parser.parse_args().steps
    for step, loss in train(wanted):
        print(f"step {step:6d}  loss {loss:.6f}")


if __name__ == "__main__":
    main()
"""


@dataclass(frozen=True)
class Script:
    """Source in pieces, in the order of the file."""

    imports: frozenset[str]
    constants: str
    helpers: str
    data: str
    evaluate: str
    train: str

    @property
    def text(self) -> str:
        """The whole file."""
        imports = {*self.imports, "import argparse", "from pathlib import Path"}
        where = "FOLDER = Path(__file__).parent"
        head = header({*imports, "from model import Network"}).replace(
            "from model import Network\n", ""
        )
        parts = (
            f"{_ABOUT}\n{head}\nfrom model import Network\n\n{where}\n{self.constants}\n{_FIXED}",
            self.helpers,
            self.data,
            self.evaluate,
            self.train,
        )
        return "\n\n".join(part for part in parts if part) + "\n" + _MAIN


def script(trainer: Trainer, log: Iterable[LoggedCommand] = ()) -> Script:
    """The source of a run's training; ``log`` holds what was changed while it went on."""
    phase = trainer.spec.training.phase
    bundle = Bundle((stable_hash, epoch_order))
    bundle.imports |= {"import torch", "from collections.abc import Iterator"}
    bundle.imports.add("from safetensors.torch import load_file")
    found = changes(trainer, log)
    code = _Writer(trainer, bundle, found)
    constants = (
        f"SEED = {trainer.spec.seed}\nBATCH_SIZE = {phase.batch_size}\nEPOCHS = {phase.epochs}\n"
    )
    data, evaluate, train = code.data(), code.evaluate(), code.train()
    return Script(frozenset(bundle.imports), constants, bundle.text, data, evaluate, train)


class _Writer:
    """Writes the functions of one script and notes in ``bundle`` what they need."""

    def __init__(self, trainer: Trainer, bundle: Bundle, found: Changes) -> None:
        phase = trainer.spec.training.phase
        self.trainer = trainer
        self.bundle = bundle
        self.found = found
        self.pictures = len(trainer.data.shape) == 3
        self.loss = phase.loss.code()
        self.draws = draws(trainer.network)
        self.trains = trains(trainer.network)
        bundle.expression(self.loss.expression)
        for use in self.loss.uses:
            bundle.add(use)

    # --- data ------------------------------------------------------------------------------------

    def data(self) -> str:
        lines = [
            "def load_data(split: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:",
            statement(f'"""{self._about()}"""', 4),
            '    data = load_file(FOLDER / "data.safetensors")',
            '    inputs = data[f"{split}_inputs"]',
        ]
        if self.pictures:
            lines.append(
                "    inputs = inputs.permute(0, 3, 1, 2)  # (N, C, H, W); channels last in memory"
            )
        targets = 'data[f"{split}_targets"]'
        labels = 'data[f"{split}_labels"]' if self._encoded else targets
        lines.append(f"    return inputs, {targets}, {labels}")
        return "\n".join(lines) + "\n"

    @property
    def _encoded(self) -> bool:
        """Whether classes stand beside the targets in another form."""
        split = self.trainer.data.train
        return split.labels is not None and split.labels is not split.targets

    def _about(self) -> str:
        if not self.trainer.classes:
            return "(inputs, targets, targets) of the samples of “train” or “val”."
        if self._encoded:
            return "(inputs, targets as the loss takes them, classes) of “train” or “val”."
        return "(inputs, classes, classes) of the samples of “train” or “val”."

    # --- evaluation ------------------------------------------------------------------------------

    def evaluate(self) -> str:
        outputs = self.trainer.network.shapes[self.trainer.network.output][-1]
        if self.trainer.classes:
            decided = "output.argmax(1)" if outputs > 1 else "(output[:, 0] > 0).long()"
            found = f"({decided} == labels[part]).sum().item()"
            name, what = "accuracy", "The share of the validation samples that is classified right."
        else:
            found = "(output - targets[part]).square().mean(1).sum().item()"
            name, what = "error", "The mean squared error over the validation samples."
        return "\n".join(
            (
                "@torch.no_grad()",
                f"def {name}(model: Network) -> float:",
                f'    """{what}"""',
                '    inputs, targets, labels = load_data("val")',
                "    model.eval()",
                "    total = 0.0",
                "    for part in torch.arange(len(inputs)).split(256):",
                "        output = model(inputs[part])",
                f"        total += {found}",
                "    model.train()",
                "    return total / len(inputs)",
                "",
            )
        )

    # --- training --------------------------------------------------------------------------------

    def train(self) -> str:
        lines = [
            "def train(steps: int | None = None) -> Iterator[tuple[int, float]]:",
            '    """Yields (step, loss of its batch) after every step; ``steps`` ends it early."""',
            '    inputs, targets, _ = load_data("train")',
            *self._model(),
            *self._optimizer(),
            statement(f"loss_function = {self.loss.expression}", 4),
            "    step = 0",
            *(self._changing() if self.found else self._steady()),
        ]
        name = "accuracy" if self.trainer.classes else "error"
        lines.append(
            f'        print(f"epoch {{epoch + 1}}: validation {name} {{{name}(model):.4f}}")'
        )
        return "\n".join(lines) + "\n"

    def _model(self) -> list[str]:
        lines = [
            "    model = Network()",
            '    model.load_state_dict(load_file(FOLDER / "weights.safetensors"))',
        ]
        if self.pictures:
            lines.append("    model.to(memory_format=torch.channels_last)")
        return lines

    def _optimizer(self) -> list[str]:
        if not self.trains:
            return []
        code = self.trainer.spec.training.phase.optimizer.code("model.parameters()")
        self.bundle.expression(code.expression)
        for use in code.uses:
            self.bundle.add(use)
        return [statement(f"optimizer = {code.expression}", 4)]

    def _steady(self) -> list[str]:
        return [
            "    for epoch in range(EPOCHS):",
            "        order = epoch_order(SEED, epoch, len(inputs))",
            "        for index in order.split(BATCH_SIZE):",
            *self._step(12),
        ]

    def _changing(self) -> list[str]:
        """The loop of a run whose numbers were changed on the way."""
        return [
            "    epoch, epochs, batch_size = 0, EPOCHS, BATCH_SIZE",
            "    while epoch < epochs:",
            "        order, offset = epoch_order(SEED, epoch, len(inputs)), 0",
            "        while offset < len(order):",
            "            # What was changed while the run went on.",
            *self.found.lines(12),
            "            index = order[offset : offset + batch_size]",
            "            offset += len(index)",
            *self._step(12),
            "        epoch += 1",
        ]

    def _step(self, indent: int) -> list[str]:
        lines = ["model.reseed(SEED, step)"] if self.draws else []
        lines += [
            "output = model(inputs[index])",
            "loss = loss_function(output, targets[index])",
        ]
        if self.trains:
            lines += ["optimizer.zero_grad()", "loss.backward()", "optimizer.step()"]
        lines += ["step += 1", "yield step, loss.item()", "if step == steps:", "    return"]
        return [" " * indent + line for line in lines]
