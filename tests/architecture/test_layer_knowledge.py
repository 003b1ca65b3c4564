"""What a layer knows stands in the layer: the engine and the page ask for declared facts, not for types."""

from __future__ import annotations

import ast
import re

from app.catalog.layers import LAYERS
from tests.support import ROOT


def test_the_engine_imports_no_single_layer() -> None:
    modules = {part.__module__ for part in LAYERS.parts.values()}
    for path in (ROOT / "app" / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in modules, path


def test_the_page_compares_no_layers_type() -> None:
    kinds = "|".join(LAYERS.parts)
    compared = re.compile(rf"layer\.type\b[^;\n]*['\"\x60/|](?:{kinds})\b")
    assert compared.search("layer.type === 'conv2d'")
    for path in (ROOT / "static" / "src").rglob("*"):
        if path.suffix in (".ts", ".svelte") and ".test." not in path.name:
            assert not compared.search(path.read_text(encoding="utf-8")), path


def test_every_declared_picture_is_there() -> None:
    folder = ROOT / "static" / "src" / "parts" / "pictures"
    assert {part.PICTURE for part in LAYERS.parts.values()} == {p.stem for p in folder.iterdir()}


def test_windows_name_fields_of_their_layer() -> None:
    windows = [(part, part.WINDOW) for part in LAYERS.parts.values() if part.WINDOW]
    assert windows
    for part, window in windows:
        named = {value for value in window.model_dump().values() if isinstance(value, str)}
        assert named - {""} <= set(part.model_fields), part
