"""Adding a layer is writing one file, also in a package of one's own: everything else finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

NEW_LAYER = '''
from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import DENSE, Layer
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Softsign(Layer):
    """u/(c + |u|) of every value; any shape in, the same shape out."""

    TITLE = text("Softsign", "软符号函数")
    SUMMARY = text("A slow way to squash a value.", "缓慢压缩数值的函数。")
    DOC_ZH = "逐值取 u/(c + |u|)；输入输出形状相同。"
    GROUP = DENSE
    FORMULA = Formula(forward=r"x = \\frac{u}{c + |u|}", backward=r"\\delta_u = \\frac{c}{(c+|u|)^2} \\delta")
    ALIASES = ("squash",)
    EXAMPLES = ({"type": "softsign"},)
    ID_PREFIX = "soft"

    type: Literal["softsign"] = "softsign"
    c: float = option(1.0, text("c", "c"), text("Width.", "宽度。"), ge=0.5, le=9.0)

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        class Softsign(nn.Module):
            def forward(self, u: torch.Tensor) -> torch.Tensor:
                return u / (c + u.abs())

        c = self.c
        return Softsign()
'''
PROGRAM = """
import sys
from pathlib import Path
from starlette.testclient import TestClient
from app.main import create_app
from app.settings import Settings

app = create_app(Settings(data=Path(sys.argv[1])))
assert "torch" not in sys.modules
with TestClient(app, base_url="http://127.0.0.1:8000") as client:
    schema = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert schema["Softsign"]["properties"]["c"]["maximum"] == 9.0
    layers = client.get("/api/v1/catalog").json()["families"]["layers"]
    assert [one["title"]["zh"] for one in layers if one["type"] == "softsign"] == ["软符号函数"]
    for language, said in (("en", "Width."), ("zh", "逐值取")):
        page = client.get(f"/{language}/reference/layers/softsign")
        assert page.status_code == 200
        assert said in page.text and "<svg" in page.text and "<math" in page.text
        assert "layers/softsign" in client.get(f"/{language}/reference?q=squash").text
    example = client.get("/api/v1/examples/layers/softsign").json()["spec"]
    assert "softsign" in [node["layer"]["type"] for node in example["model"]["nodes"]]
    checked = {"model": example["model"], "training": example["training"]}
    report = client.post("/api/v1/models:check", json=checked).json()
    assert report["problems"] == [], report["problems"]
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An installed distribution with an empty package of layers, to which one file is added."""
    folder = tmp_path / "parts_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    told = tmp_path / "parts_of_a_test-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: parts-of-a-test\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text("[glassnet.layers]\nmine = parts_of_a_test\n")
    (folder / "softsign.py").write_text(NEW_LAYER, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_schema_catalogue_page_and_example_find_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    run(environment, "-c", PROGRAM, str(tmp_path / "data"))


def test_the_contract_tests_find_it(environment: dict[str, str]) -> None:
    files = ("test_part_contract", "test_layer_contract")
    paths = [f"tests/catalog/{name}.py" for name in files]
    options = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "--hypothesis-profile", "few")
    said = run(environment, "-m", "pytest", "-q", *options, "-k", "softsign", *paths)
    assert int(said.rpartition(" passed")[0].rpartition("\n")[2].split()[-1]) >= 17
