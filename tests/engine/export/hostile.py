"""What a person could type to break out of exported code, and what a parser sees of the code that comes of it."""

from __future__ import annotations

import ast
import functools
import io
import json
import warnings
import zipfile
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from app.engine.export.names import attribute
from app.engine.trainer import Trainer
from app.spec.run import RunSpec
from tests.core.test_quoted import HOSTILE

PIECES = (
    '"""', "'''", '"', "'", "\\", "\n", "\r", "\x00", "\u2028", "\u2029", "\u202e", "\x0c", "\x1a", "{", "}",
    "{0}", "%s", "%(x)s", "\\N{x}", "\\x", "\\u", "#", ";", ":", "(", ")", "[", "]", ",", "$", "`", "```",
    "<", ">", "</script>", "&amp;", "---", "=1+1", "@", "open('x','w')", "__import__('os')", "\ud800", "é",
    "网络", "a", " ", "\t", "_", "f'", "b\"", "-*- coding: rot13 -*-", "*/", "|", "~", "![](", "](", "www.a.org",
)  # fmt: skip
"""Drawn one after the other, these meet every place where a string could end."""
names = (
    st.sampled_from(HOSTILE)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    | st.text(st.characters(exclude_categories=[]), max_size=80)
)
TAKEN = (
    "class", "lambda", "train", "train_", "train__", "eval", "self", "x", "torch", "nn", "lengths", "print",
    "open", "forward", "reseed", "seed", "step", "load_state_dict", "loss", "model", "data", "training",
    "parameters", "output", "input1", "optim", "functional", "stable_hash", "none", "true", "type", "super",
    "weights", "groups", "a" * 32, "q" * 30 + "_1", "lengths_of", "lengths_", "self_", "import", "f", "int",
)  # fmt: skip
identifiers = st.sampled_from(TAKEN) | st.from_regex(r"\A[a-z][a-z0-9_]{0,31}\Z")
PLAIN = tuple(f"n{number}" for number in range(5))


def spec_of(ids: Sequence[str], dataset: dict[str, Any] | None = None) -> RunSpec:
    """Two branches that draw and meet, their nodes called ``ids``; two numbers in, two out."""
    first, drop, second, both, last = ids
    nodes = [
        {"id": first, "layer": {"type": "dense", "units": 3}, "inputs": ["input"]},
        {"id": drop, "layer": {"type": "dropout"}, "inputs": [first]},
        {"id": second, "layer": {"type": "dense", "units": 3}, "inputs": ["input"]},
        {"id": both, "layer": {"type": "add"}, "inputs": [drop, second, first]},
        {"id": last, "layer": {"type": "dense", "units": 2}, "inputs": [both]},
    ]
    training = {"dataset": dataset or {"type": "points_xor"}, "phases": [{"batch_size": 50}]}
    spec = {"model": {"nodes": nodes, "outputs": [last]}, "training": training, "device": "cpu"}
    return RunSpec.model_validate_json(json.dumps(spec))


def called(trainer: Trainer, name: str) -> Trainer:
    """The trainer, its run called so, whatever a request would be told of the name."""
    trainer.spec = trainer.spec.model_copy(update={"name": name})
    return trainer


def files_of(blob: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(blob))
    return {name: archive.read(name) for name in archive.namelist()}


class _Plain(ast.NodeTransformer):
    """Nodes by their numbers in place of their names, and no docstrings."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = ids
        self.called = {attribute(name): f"n{number}" for number, name in enumerate(ids)}
        self.within = ""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            head, dot, tail = node.value.partition(".")
            for number, name in enumerate(self.ids):
                seeds = self.within == "reseed" and head == name
                weighs = tail in ("weight", "bias") and head == attribute(name)
                if seeds or weighs:
                    return ast.Constant(f"n{number}{dot}{tail}")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "model"):
            node.attr = self.called.get(node.attr, node.attr)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if self.within == "forward":
            node.id = self.called.get(node.id, node.id)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.within = node.name
        return self._without_docstring(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_docstring(node)

    def _without_docstring(self, node: Any) -> ast.AST:
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return self.generic_visit(node)


@functools.lru_cache(256)
def tree(source: bytes | str, ids: tuple[str, ...]) -> str:
    """What Python is told by a source, whatever its nodes are called; no warning comes of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(source, "exported", "exec")
        parsed = ast.parse(source)
    return ast.dump(_Plain(ids).visit(parsed))
