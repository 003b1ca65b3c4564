"""The exported code as a Jupyter notebook (nbformat 4.5), explained in the reader's language."""

from __future__ import annotations

import hashlib
from typing import Any

from app.core.text import Language, Text, text
from app.engine.export.bundle import header
from app.engine.export.model import Module
from app.engine.export.readme import facts, title
from app.engine.export.training import Script
from app.engine.trainer import Trainer

_IMPORTS = text(
    "Everything here is plain PyTorch. One thread and deterministic algorithms make every loss come "
    "out the same each time.",
    "以下全部是普通的 PyTorch 代码。单线程与确定性算法使每一步的损失每次都相同。",
)
_HELPERS = text(
    "## Layers of its own\n\nWhat this network needs and PyTorch does not have, in a few lines each.",
    "## 自定义的层\n\n本网络用到而 PyTorch 没有的部分，每个只有几行。",
)
_NETWORK = text(
    "## The network\n\nOne module; the comments give the shape of one sample after each layer.",
    "## 网络\n\n一个模块；注释给出每层之后单个样本的形状。",
)
_DATA = text(
    "## Data\n\nThe samples lie in `data.safetensors`. Every epoch visits them in an order of its own, "
    "which follows from the seed and the epoch's number.",
    "## 数据\n\n样本保存在 `data.safetensors` 中。每一轮以各自的次序访问样本，次序由随机种子与轮数决定。",
)
_TRAIN = text(
    "## Training\n\nForward pass, loss, backward pass, one step of the optimiser: batch by batch.",
    "## 训练\n\n前向传播、求损失、反向传播、优化器更新一步：逐批进行。",
)
_RUN = text(
    "## The first 20 steps\n\nSet `STEPS` to `None` for the whole training.",
    "## 前 20 步\n\n将 `STEPS` 设为 `None` 可完成整个训练。",
)
_CURVE = text("The curve, if matplotlib is installed.", "若已安装 matplotlib，则画出曲线。")
_RUN_CODE = """STEPS = 20
losses = []
for step, loss in train(STEPS):
    losses.append(loss)
    print(f"step {step:6d}  loss {loss:.6f}")"""
_CURVE_CODE = """try:
    import matplotlib.pyplot as plt
except ImportError:
    print("pip install matplotlib")
else:
    plt.plot(range(1, len(losses) + 1), losses)
    plt.xlabel("step")
    plt.ylabel("loss")
    plt.show()"""
_FIXED = """FOLDER = Path(".")
{constants}
torch.set_num_threads(1)
torch.set_flush_denormal(True)
torch.use_deterministic_algorithms(True, warn_only=True)"""


def notebook(
    trainer: Trainer, network: Module, script: Script, language: Language
) -> dict[str, Any]:
    """The notebook as JSON data; it reads ``weights.safetensors`` and ``data.safetensors``."""
    imports = header({*network.imports, *script.imports, "from pathlib import Path"})
    helpers = network.helpers
    cells: list[tuple[Text | None, str]] = [
        (_IMPORTS, imports + "\n" + _FIXED.format(constants=script.constants)),
        *([(_HELPERS, helpers)] if helpers else []),
        (_NETWORK, network.network),
        (_DATA, script.helpers),
        (None, script.data),
        (_TRAIN, script.evaluate),
        (None, script.train),
        (_RUN, _RUN_CODE),
        (_CURVE, _CURVE_CODE),
    ]
    made = [_markdown(f"# {title(trainer, language)}\n\n{facts(trainer).say(language)}")]
    for explained, code in cells:
        if explained is not None:
            made.append(_markdown(explained.say(language)))
        made.append(_code(code))
    return {
        "cells": [{**cell, "id": _name(place, cell)} for place, cell in enumerate(made)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(source)}


def _code(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": _lines(source.strip()),
    }


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _name(place: int, cell: dict[str, Any]) -> str:
    """An id as nbformat 4.5 wants it: the same for the same cell."""
    return hashlib.sha256(f"{place}{cell['source']}".encode()).hexdigest()[:8]
