"""How soon requests are answered while four runs train as fast as they can."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks._report import at_most, percentile, plain, show
from benchmarks._serve import Server, preset, server

RUNS = 4
ROUNDS = 250
PAUSE = 0.01
"""Seconds between two requests: a person's page asks now and then, it does not flood."""


def asked(to: Server, runs: list[str]) -> dict[str, Callable[[], Any]]:
    """The requests that a page makes most, by name."""
    spec = preset()
    fixed = {"model": _full(to), "training": spec["training"]}
    samples = {"dataset": spec["training"]["dataset"], "split": "val", "start": 0, "count": 24}
    return {
        "run": lambda: to.call("GET", f"/runs/{runs[0]}"),
        "list of runs": lambda: to.call("GET", "/runs?limit=20"),
        "check of a model": lambda: to.call("POST", "/models:check", fixed),
        "24 samples": lambda: to.call("POST", "/datasets:samples", samples),
        "change of the learning rate": lambda: to.command(
            runs[0], "set_optimizer", values={"learning_rate": 0.03}
        ),
    }


def _full(to: Server) -> Any:
    """The preset's model as the server writes it out."""
    listed = to.call("GET", "/presets")["presets"]
    return next(one["spec"]["model"] for one in listed if one["id"] == "lenet5")


def measure(to: Server, runs: list[str]) -> dict[str, list[float]]:
    """Milliseconds of every request, by name."""
    requests = asked(to, runs)
    found: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(ROUNDS):
        for name, request in requests.items():
            began = time.perf_counter()
            request()
            found[name].append(1000 * (time.perf_counter() - began))
            time.sleep(PAUSE)
    return found


def main() -> None:
    """Run it."""
    with server() as to:
        runs = [to.create({**preset(epochs=10_000), "seed": seed}) for seed in range(RUNS)]
        for run in runs:
            to.command(run, "play")
        found = measure(to, runs)
        for run in runs:
            to.call("DELETE", f"/runs/{run}")
    web = [took for name, times in found.items() if "change" not in name for took in times]
    rows = [at_most("any request to the server, 99 %", percentile(web, 0.99), 20, "ms", 1)]
    rows.append(plain("… median", median(web), "ms", 1))
    for name, times in found.items():
        rows.append(plain(f"{name}, median", median(times), "ms", 1))
        rows.append(plain("… 99 %", percentile(times, 0.99), "ms", 1))
    show(f"requests while {RUNS} runs train, {ROUNDS} of each", rows)


if __name__ == "__main__":
    main()
