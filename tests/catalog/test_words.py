"""The words of the interface: one word for one thing, in both languages (docs/glossary.md)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ENGLISH = {
    "this machine": "the server: the reader sits at another machine",
    "left the numbers": "say that training broke, or diverged",
    "the open number": "the cell view",
    "first weights": "initial weights",
    "run(s)": "put the number last, or write a plural",
    "misfit(s)": "put the number last, or write a plural",
    "steps of time": "time steps",
    "learned from": "used for training",
    "when evaluating": "in evaluation",
    "evaluation form": "as it computes after training",
    "passed down": "passed back: layers stand before and after one another",
    "δ from above": "from the layer after",
    "gives back its input": "reconstructs its input",
    "give back its input": "reconstruct its input",
    "Something went wrong": "say what failed",
    "bring one in": "import",
    "Bring in": "Import",
    "Take out": "Export",
}
CHINESE = {
    "传给下层": "前一层、后一层：下层与教材的下一层相反",
    "上游 δ": "δ 只指 ∂E/∂u",
    "部件": "组件",
    "隐藏层": "隐层",
    "隐藏单元": "隐单元",
    "隐藏通道": "隐层特征图",
    "输出图": "输出特征图",
    "输入图（": "输入特征图",
    "单元格": "格：单元只指神经元",
    "单元视图": "单格视图",
    "格子": "格",
    "权重": "权值",
    "步长": "卷积用步幅，优化用更新量",
    "补零": "填充",
    "胜者": "最大格",
    "胜出": "取最大的",
    "败者": "其余的值",
    "批量归一化": "批归一化",
    "暂退": "随机失活",
    "变形为": "改变形状",
    "汇合": "合并",
    "捷径": "跳跃连接",
    "向后传播": "反向传播",
    "前向计算": "前向传播",
    "失控": "发散",
    "步子": "更新量",
    "单位阵": "单位矩阵",
    "轮次": "轮",
    "所观察": "当前样本",
    "被观察": "当前样本",
    "提升树": "梯度提升",
    "静默": "屏蔽",
    "评估时": "推理时",
    "求值形式": "推理模式",
    "沿时间": "按时间",
    "播放”": "按钮叫“训练”",
    "规格": "网络配置",
    "本机": "服务器",
    "亦然": "也一样",
    "亦可": "也可以",
    "由何而来": "如何算出",
    "为何是": "为什么",
    "判定": "预测",
    "……": "…",
}


def _constants(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _python(path: Path) -> Iterator[str]:
    """Arguments of `text(…)` and the Chinese docstrings; aliases are for the search, not read."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "text"
        ):
            yield from _constants(node)
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "DOC_ZH" for target in node.targets
        ):
            yield from _constants(node.value)


def _page(path: Path) -> Iterator[str]:
    for match in re.finditer(r"'((?:[^'\\]|\\.)*)'", path.read_text(encoding="utf-8")):
        yield match[1]


def _preset(path: Path) -> Iterator[str]:
    preset = json.loads(path.read_text(encoding="utf-8"))
    for value in preset.values():
        if isinstance(value, dict) and {"en", "zh"} <= value.keys():
            yield from (value["en"], value["zh"])


def texts() -> Iterator[tuple[Path, str]]:
    """Every text that a person reads, with the file that holds it."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        yield from ((path, one) for one in _python(path))
    for path in sorted((ROOT / "static/src/i18n").glob("*.ts")):
        if not path.name.endswith(".test.ts"):
            yield from ((path, one) for one in _page(path))
    for path in sorted((ROOT / "app/spec/presets").glob("*.json")):
        yield from ((path, one) for one in _preset(path))


READ = tuple(texts())


def test_the_texts_are_found() -> None:
    assert {path.suffix for path, _ in READ} == {".py", ".ts", ".json"}
    assert len(READ) > 3000


@pytest.mark.parametrize(("term", "better"), [*ENGLISH.items(), *CHINESE.items()])
def test_a_term_that_went_is_in_no_text(term: str, better: str) -> None:
    found = [f"{path.relative_to(ROOT)}: {one[:80]}" for path, one in READ if term in one]
    assert not found, f"write instead: {better}"
