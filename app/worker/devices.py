"""``python -m app.worker.devices``: the devices of this machine as JSON on standard output.

A process of its own, so that neither the server nor the fork server ever touches CUDA.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from app.core.children import end_with_parent
from app.core.machine import memory


def devices() -> dict[str, Any]:
    """``{"devices": [{"id", "name", "memory", "threads"}…], "default": id}``."""
    import torch

    from app.engine.device import cpu_name

    found: list[dict[str, Any]] = [
        {"id": "cpu", "name": cpu_name(), "memory": memory(), "threads": 1}
    ]
    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(0)
        found.append({"id": "cuda", "name": facts.name, "memory": facts.total_memory, "threads": 1})
    return {"devices": found, "default": found[-1]["id"]}


if __name__ == "__main__":
    end_with_parent()
    json.dump(devices(), sys.stdout)
    sys.stdout.write("\n")
