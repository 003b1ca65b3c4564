"""The rivals: bare PyTorch loops of LeNet-5, as most people write them. A process of its own.

Reads lines ``<loop> <epochs>`` and answers each with the seconds that took. Every loop evaluates the
validation set after each epoch, on one thread, at the priority of a worker. The DataLoader loops sum
up loss and right answers as they go and evaluate in training batches, as tutorials do; those with
resident tensors record nothing and evaluate in large batches: they are as fast as a plain loop gets.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from app.catalog.datasets.digits28 import Digits28

BATCH = 64
Batches = Callable[[], Iterator[tuple[torch.Tensor, torch.Tensor]]]


def lenet5() -> nn.Sequential:
    """The network of the preset."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


class Loop:
    """A network, its optimiser and a way to get batches; goes on where the last call stopped."""

    def __init__(
        self, batches: Batches, validation: Batches, *, channels_last: bool, curves: bool
    ) -> None:
        torch.manual_seed(0)
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.network = lenet5().to(memory_format=self.layout)  # type: ignore[call-overload]
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.05, momentum=0.9)
        self.batches, self.validation, self.curves = batches, validation, curves

    def run(self, epochs: int) -> float:
        """Seconds that ``epochs`` epochs take."""
        began = time.perf_counter()
        for _ in range(epochs):
            self.network.train()
            total, right = 0.0, 0
            for x, y in self.batches():
                self.optimizer.zero_grad()
                output = self.network(x.contiguous(memory_format=self.layout))
                loss = functional.cross_entropy(output, y)
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                if self.curves:
                    total += loss.item()
                    right += int((output.argmax(1) == y).sum().item())
            self.evaluate()
        return time.perf_counter() - began

    @torch.no_grad()
    def evaluate(self) -> tuple[float, float]:
        self.network.eval()
        loss, right, count = 0.0, 0, 0
        for x, y in self.validation():
            output = self.network(x.contiguous(memory_format=self.layout))
            loss += functional.cross_entropy(output, y, reduction="sum").item()
            right += int((output.argmax(1) == y).sum())
            count += len(y)
        return loss / count, right / count


def resident(x: torch.Tensor, y: torch.Tensor, size: int, shuffle: bool) -> Batches:
    """Batches by index from tensors that stay where they are."""

    def batches() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
        for index in torch.split(order, size):
            yield x[index], y[index]

    return batches


def loops() -> dict[str, Loop]:
    data = Digits28().load(Path())
    x, y = torch.from_numpy(data.train_x.copy()), torch.from_numpy(data.train_y.copy())
    vx, vy = torch.from_numpy(data.val_x.copy()), torch.from_numpy(data.val_y.copy())
    loader = DataLoader(TensorDataset(x, y), BATCH, shuffle=True)
    checker = DataLoader(TensorDataset(vx, vy), BATCH)
    found = {}
    for last in (False, True):
        name = "channels_last" if last else "nchw"
        found[f"dataloader_{name}"] = Loop(
            lambda: iter(loader), lambda: iter(checker), channels_last=last, curves=True
        )
        found[f"resident_{name}"] = Loop(
            resident(x, y, BATCH, True),
            resident(vx, vy, 250, False),
            channels_last=last,
            curves=False,
        )
    return found


def main() -> None:
    os.nice(10)
    torch.set_num_threads(1)
    found = loops()
    print("ready", flush=True)
    for line in sys.stdin:
        name, epochs = line.split()
        print(found[name].run(int(epochs)), flush=True)


if __name__ == "__main__":
    main()
