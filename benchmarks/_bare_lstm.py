"""The rival: a bare PyTorch loop over ``nn.LSTM``, as most people write it. A process of its own.

Reads lines ``lstm <epochs>`` and answers each with the seconds that took. It evaluates the validation
set after each epoch, on one thread, at the priority of a worker; tensors are resident, nothing is
recorded.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from app.catalog.datasets.adding import Adding

BATCH, HIDDEN, LENGTH, SEQUENCES = 32, 128, 100, 1600


class Model(nn.Module):
    """An LSTM and a linear layer behind its last step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.head(self.lstm(x)[0][:, -1])
        return found


class Loop:
    """A network and its optimiser; goes on where the last call stopped."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        data = Adding(type="adding", length=LENGTH, samples=SEQUENCES).load(Path())
        self.x, self.y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
        self.vx, self.vy = torch.from_numpy(data.val_x), torch.from_numpy(data.val_y)
        self.network = Model()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=0.001)

    def run(self, epochs: int) -> float:
        """Seconds that ``epochs`` epochs take."""
        began = time.perf_counter()
        for _ in range(epochs):
            for index in torch.split(torch.randperm(len(self.x)), BATCH):
                self.optimizer.zero_grad()
                loss = functional.mse_loss(self.network(self.x[index]), self.y[index])
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
            with torch.no_grad():
                functional.mse_loss(self.network(self.vx), self.vy).item()
        return time.perf_counter() - began


def main() -> None:
    os.nice(10)
    torch.set_num_threads(1)
    loop = Loop()
    print("ready", flush=True)
    for line in sys.stdin:
        _, epochs = line.split()
        print(loop.run(int(epochs)), flush=True)


if __name__ == "__main__":
    main()
