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
from app.engine.export.changes import changes
from app.engine.export.evaluate import evaluation, load_data
from app.engine.export.loop import Loop
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
        head = header(imports)
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
    code = Loop(trainer, bundle, found)
    constants = (
        f"SEED = {trainer.spec.seed}\nBATCH_SIZE = {phase.batch_size}\nEPOCHS = {phase.epochs}\n"
    )
    train = code.text()
    data, evaluate = load_data(trainer), evaluation(trainer, loss=code.watches)
    return Script(frozenset(bundle.imports), constants, bundle.text, data, evaluate, train)
