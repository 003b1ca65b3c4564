"""Adding a part is writing one file: it then appears in union, schema and description."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.catalog.family import Family
from app.catalog.layers import Layer

NEW_LAYER = '''
from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import DENSE, Layer
from app.core.shapes import Shape
from app.core.text import text


class Scale(Layer):
    """Multiplies every value by a number."""

    TITLE = text("Scale", "缩放")
    SUMMARY = text("Multiplies every value.", "把每个值乘以一个数。")
    GROUP = DENSE
    FORMULA = Formula(forward="x = a u", backward="d = a d")
    EXAMPLES = ({"type": "scale"},)
    ID_PREFIX = "scale"

    type: Literal["scale"] = "scale"
    factor: float = option(
        2.0, text("factor", "倍数"), text("The number.", "所乘的数。"), ge=-9.0, le=9.0
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package of parts, importable while the test runs."""
    folder = tmp_path / "parts_for_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def family(package: Path) -> Family[Layer]:
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]
    return Family("layers", Layer, package.name)


def test_one_file_is_a_new_part(package: Path) -> None:
    assert family(package).parts == {}
    (package / "scale.py").write_text(NEW_LAYER, encoding="utf-8")
    (package / "_helper.py").write_text(NEW_LAYER.replace("scale", "hidden"), encoding="utf-8")
    found = family(package)
    assert list(found.parts) == ["scale"]

    adapter: TypeAdapter[Any] = TypeAdapter(found.union())
    assert adapter.validate_json('{"type": "scale", "factor": 3.0}').factor == 3.0
    with pytest.raises(ValidationError):
        adapter.validate_json('{"type": "scale", "factor": 10.0}')
    (described,) = found.describe()
    assert described["title"] == {"en": "Scale", "zh": "缩放"}
    assert described["schema"]["properties"]["factor"]["maximum"] == 9.0


def test_a_second_part_makes_a_union(package: Path) -> None:
    (package / "scale.py").write_text(NEW_LAYER, encoding="utf-8")
    (package / "twice.py").write_text(
        NEW_LAYER.replace('"scale"', '"twice"').replace("Scale", "Twice"), encoding="utf-8"
    )
    found = family(package)
    assert list(found.parts) == ["scale", "twice"]
    adapter: TypeAdapter[Any] = TypeAdapter(found.union())
    schema = adapter.json_schema()
    assert schema["discriminator"]["mapping"].keys() == {"scale", "twice"}
    assert adapter.validate_json('{"type": "twice"}').kind() == "twice"
    with pytest.raises(ValidationError, match="does not match any of the expected tags"):
        adapter.validate_json('{"type": "thrice"}')


def test_two_parts_of_one_name_are_refused(package: Path) -> None:
    (package / "scale.py").write_text(NEW_LAYER, encoding="utf-8")
    (package / "also_scale.py").write_text(NEW_LAYER, encoding="utf-8")
    with pytest.raises(TypeError, match="two parts of family layers are called 'scale'"):
        family(package)
