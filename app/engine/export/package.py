"""The zip of a run's code: ``model.py``, ``train.py``, first weights, data, notebook, README."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping

import torch
from safetensors.torch import save

from app.core.quoted import docstring
from app.core.text import Language
from app.engine.export import model, notebook, training
from app.engine.export.inputs import dtype_of
from app.engine.export.names import tensor
from app.engine.export.readme import readme
from app.engine.trainer import Trainer
from app.protocol.commands import LoggedCommand

_WHEN = (1980, 1, 1, 0, 0, 0)
"""Every file's time, so that equal exports are equal files."""


def code_zip(trainer: Trainer, log: Iterable[LoggedCommand], language: Language) -> bytes:
    """A run from its first step on, as files that need torch and safetensors only."""
    log = tuple(log)
    name = trainer.spec.name
    network, script = model.module(trainer.network, name), training.script(trainer, log)
    about = docstring(f"The network{f' “{name}”' if name else ''}. Needs PyTorch only.") + "\n\n"
    return _zipped(
        {
            "README.md": readme(trainer, language).encode(),
            "model.py": (about + network.text).encode(),
            "train.py": script.text.encode(),
            **_tensors(trainer),
        }
    )


def notebook_zip(trainer: Trainer, log: Iterable[LoggedCommand], language: Language) -> bytes:
    """The same as a notebook, with the files that it reads."""
    network = model.module(trainer.network, trainer.spec.name)
    script = training.script(trainer, tuple(log))
    found = notebook.notebook(trainer, network, script, language)
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    return _zipped({"notebook.ipynb": text.encode(), **_tensors(trainer)})


def _tensors(trainer: Trainer) -> dict[str, bytes]:
    weights = {tensor(name): value for name, value in _used(trainer).items()}
    return {
        "weights.safetensors": save({n: v.detach().contiguous() for n, v in weights.items()}),
        "data.safetensors": save(data(trainer)),
    }


def _used(trainer: Trainer) -> Mapping[str, torch.Tensor]:
    """The weights of the nodes that the exported module has."""
    network = trainer.network
    kept = set(model.written(network))
    state = network.state_dict()
    return {name: value for name, value in state.items() if name.partition(".")[0] in kept}


def data(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Inputs (N, H, W, C) or (N, features), targets as the loss takes them, classes beside them."""
    found = {}
    for name, split in (("train", trainer.data.train), ("val", trainer.data.val)):
        shape = split.shape
        rows = (*shape[1:], shape[0]) if len(shape) == 3 else shape
        found[f"{name}_inputs"] = split.rows.view(-1, *rows).to(dtype_of(trainer.data.shape))
        if split.targets is not None:
            found[f"{name}_targets"] = split.targets.contiguous()
        if split.labels is not None and split.labels is not split.targets:
            found[f"{name}_labels"] = split.labels.contiguous()
    return found


def _zipped(files: Mapping[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=1)
    return into.getvalue()
