"""Adding a question is writing two files, also in a package of one's own: everything else finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

SCHEMA = '''
from __future__ import annotations

from pydantic import BaseModel, Field

from app.features._base import Question
from app.spec.base import Strict


class LargestWanted(Strict):
    """How many are named."""

    count: int = Field(1, ge=1, le=5)


class Largest(BaseModel):
    """The parameters, the longest tensor first."""

    step: int
    names: list[str]


LARGEST = Question(
    name="find_largest",
    asks=LargestWanted,
    answer=Largest,
    route="largest",
    tag="microscope",
    summary="Largest parameters",
    about="""
    By their number of values.
    """,
    examples=(("two", {"count": 2}),),
)
'''
ENGINE = """
from __future__ import annotations

from app.features._answers import Asked, answers
from features_of_a_test.largest.schema import LARGEST, Largest, LargestWanted


@answers(LARGEST)
def largest(run: Asked, wanted: LargestWanted) -> Largest:
    tensors = run.trainer.network.state_dict()
    names = sorted(tensors, key=lambda name: -tensors[name].numel())
    return Largest(step=run.trainer.cursor.step, names=names[: wanted.count])
"""
PROGRAM = """
import sys, time
from pathlib import Path
from starlette.testclient import TestClient
from app.main import create_app
from app.settings import Settings

app = create_app(Settings(data=Path(sys.argv[1])))
assert "torch" not in sys.modules
with TestClient(app, base_url="http://127.0.0.1:8000") as client:
    document = client.get("/api/v1/openapi.json").json()
    told = document["paths"]["/api/v1/runs/{run}/largest"]["post"]
    assert told["operationId"] == "find_largest"
    assert (told["tags"], told["summary"]) == (["microscope"], "Largest parameters")
    assert told["description"] == "By their number of values."
    said = told["requestBody"]["content"]["application/json"]
    assert said["schema"] == {"$ref": "#/components/schemas/LargestWanted"}
    assert said["examples"] == {"two": {"value": {"count": 2}}}
    schemas = document["components"]["schemas"]
    assert schemas["LargestWanted"]["properties"]["count"]["maximum"] == 5
    assert set(schemas["Largest"]["required"]) == {"step", "names"}
    layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
    spec = {"model": layers, "training": {"dataset": {"type": "digits8"}}, "device": "cpu"}
    run = "/api/v1/runs/" + client.post("/api/v1/runs", json=spec).json()["id"]
    until = time.monotonic() + 60
    while (found := client.post(run + "/largest", json={"count": 2.0})).status_code == 503:
        assert time.monotonic() < until, found.text
        time.sleep(0.2)
    assert found.status_code == 200, found.text
    assert found.json() == {"step": 0, "names": ["fc1.weight", "fc1.bias"]}
    refused = client.post(run + "/largest", json={"count": 6})
    assert refused.status_code == 422, refused.text
    assert refused.json()["problems"][0]["pointer"] == "/count", refused.text
assert "torch" not in sys.modules
"""


def installed(folder: Path, schema: str = SCHEMA) -> dict[str, str]:
    """The environment where a distribution with one feature is installed."""
    package = folder / "features_of_a_test"
    feature = package / "largest"
    feature.mkdir(parents=True)
    for place in (package, feature):
        (place / "__init__.py").write_text("")
    told = folder / "features_of_a_test-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: features-of-a-test\nVersion: 1.0\n"
    )
    (told / "entry_points.txt").write_text("[glassnet.features]\nmine = features_of_a_test\n")
    (feature / "schema.py").write_text(schema, encoding="utf-8")
    (feature / "engine.py").write_text(ENGINE, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_route_document_and_answer_are_there(tmp_path: Path) -> None:
    done = run(installed(tmp_path), "-c", PROGRAM, str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    taken = installed(tmp_path, SCHEMA.replace("find_largest", "predict"))
    done = run(taken, "-c", "from app.features.registry import questions; questions()")
    assert "two questions are called 'predict'" in done.stderr
