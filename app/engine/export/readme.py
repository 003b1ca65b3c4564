"""The README of exported code, in the reader's language."""

from __future__ import annotations

import torch

from app.core.quoted import markdown
from app.core.shapes import show
from app.core.text import Language, Text, text
from app.engine.export.inputs import batch_of
from app.engine.export.model import draws
from app.engine.trainer import Trainer
from app.spec.model import INPUT

_README = text(
    """# {title}

{facts} A batch that comes in is {batch}.

| file | what it holds |
|---|---|
| `model.py` | the network: one `nn.Module`, every layer by its name |
| `train.py` | data, batches, loss, optimiser, training loop |
| `weights.safetensors` | the weights before the first step |
| `data.safetensors` | training and validation samples |

```sh
pip install "torch>=2.11" safetensors
python train.py --steps 20   # the first 20 steps; without it, the whole training
```

The losses are those of the run this was exported from: same initial weights, same order of the
samples{draws}, one thread, so that sums are added in the same order. It was made with PyTorch
{torch}; another version or another processor may round differently in the last digits. Wherever the
run itself used a GPU, it agrees to rounding as well.
""",
    """# {title}

{facts}输入批次：{batch}。

| 文件 | 内容 |
|---|---|
| `model.py` | 网络：一个 `nn.Module`，每层各有其名 |
| `train.py` | 数据、批次、损失函数、优化器与训练循环 |
| `weights.safetensors` | 第一步之前的权值 |
| `data.safetensors` | 训练样本与验证样本 |

```sh
pip install "torch>=2.11" safetensors
python train.py --steps 20   # 只做前 20 步；不加则完成整个训练
```

各步损失与导出它的那次运行相同：初始权值相同，样本次序相同{draws}，只用一个线程，因此求和次序也相同。
导出时的 PyTorch 版本为 {torch}；换用其他版本或处理器，末位数字可能因舍入而不同。若原运行使用 GPU，
两者同样只在舍入上有差别。
""",
)
_DRAWS = text(
    ", same random draws (`reseed` in `model.py` seeds them step by step)",
    "，随机抽样相同（由 `model.py` 中的 `reseed` 逐步设定随机种子）",
)
_FACTS = text(
    "{input} → {output}, {count} parameters, trained on {data} ({train} samples, {val} for "
    "validation) with {loss} and {optimizer}.",
    "{input} → {output}，{count} 个参数；数据集：{data}（训练 {train}、验证 {val} 个样本）；"
    "损失函数：{loss}；优化器：{optimizer}。",
)
UNTITLED = text("A network", "网络")


def title(trainer: Trainer, language: Language) -> str:
    """The run's name, as Markdown shows it."""
    return markdown(trainer.spec.name) or UNTITLED.say(language)


def facts(trainer: Trainer) -> Text:
    """One sentence: shapes, parameters, data, loss, optimiser."""
    network, training = trainer.network, trainer.spec.training
    return _FACTS.format(
        input=show(network.shapes[INPUT]),
        output=show(network.shapes[network.output]),
        count=f"{sum(p.numel() for p in trainer.parameters):,}",
        data=training.dataset.TITLE,
        train=trainer.data.train.count,
        val=trainer.data.val.count,
        loss=training.phase.loss.TITLE,
        optimizer=training.phase.optimizer.TITLE,
    )


def readme(trainer: Trainer, language: Language) -> str:
    """Markdown."""
    drawn = _DRAWS if draws(trainer.network) else text("", "")
    return _README.format(
        title=title(trainer, language),
        facts=facts(trainer),
        batch=batch_of(trainer.network.shapes[INPUT]),
        draws=drawn,
        torch=torch.__version__.partition("+")[0],
    ).say(language)
