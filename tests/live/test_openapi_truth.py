"""The served OpenAPI document is true: schemathesis asks a real server with real runs.

``make test-deep`` asks 20,000 times; ``GLASSNET_CASES`` sets another number.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.control import SkipTest
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.core.invalid import MESSAGES
from tests.document import served_document
from tests.support import LiveServer, live_server

CASES = int(os.environ.get("GLASSNET_CASES", "20000"))
SLOW = (
    "/exports/",
    "/range-test",
    "/attributions",
    "/exciting",
    "lag-experiments",
    "baselines",
    ":fetch",
)
"""A worker computes for these: they are asked a tenth as often."""
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
UNAVAILABLE = (503, 507)
"""All places are taken, or the disk is full: said in words, and documented."""
DOCUMENT = served_document()
del DOCUMENT["paths"]["/api/v1/stream"]  # the handshake of a WebSocket


def asked(mode: GenerationMode) -> Any:
    generation = GenerationConfig(modes=[mode])
    config = SchemathesisConfig(
        projects=ProjectsConfig(default=ProjectConfig(generation=generation))
    )
    return schemathesis.openapi.from_dict(DOCUMENT, config=config)


def operations(mode: GenerationMode) -> dict[str, Any]:
    return {found.ok().label: found.ok() for found in asked(mode).get_all_operations()}


POSITIVE, NEGATIVE = operations(GenerationMode.POSITIVE), operations(GenerationMode.NEGATIVE)


def weight(label: str) -> float:
    """How often an operation is asked; one that nothing can be given is asked once or twice."""
    if not POSITIVE[label].body and not list(POSITIVE[label].iter_parameters()):
        return 0.0
    return 0.1 if any(part in label for part in SLOW) else 1.0


WEIGHTS = {label: weight(label) for label in POSITIVE}
SHARE = CASES / sum(WEIGHTS.values())
MISFITS = frozenset(MESSAGES) - {"not_finite", "json_invalid"}
"""Codes of what a schema can say: what follows it is not refused by one of these."""
SETTINGS = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def asked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """It reaches no other machine, so that a download of data that a case wants fails at once."""
    nowhere = "http://127.0.0.1:9"
    data = tmp_path_factory.mktemp("asked")
    with live_server(data, http_proxy=nowhere, https_proxy=nowhere) as server:
        yield server


@pytest.fixture(scope="module")
def known(asked_server: LiveServer) -> dict[str, list[Any]]:
    """Values of path parameters that lead to something."""
    server = asked_server
    runs = [
        server.create(server.preset(name))["id"]
        for name in ("table_iris", "digits8_cnn", "names_gru")
    ]
    for run in runs:
        server.command(run, "step", unit="batch", count=2)
    upload = server.request(
        "POST", "/api/v1/uploads", b"a,b,c\n" + b"1,2,x\n2,1,y\n" * 20, {"content-type": "text/csv"}
    ).json()
    while upload["state"] in ("receiving", "reading"):
        upload = server.get(f"/api/v1/uploads/{upload['id']}").json()
    tensors = server.get(f"/api/v1/runs/{runs[0]}/tensors").body
    kind = {"content-type": "application/vnd.safetensors"}
    weights = server.request("POST", "/api/v1/weights", tensors, kind).json()
    return {
        "run": runs,
        "upload": [upload["id"]],
        "digest": [upload["digest"]],
        "sha256": [weights["sha256"]],
        "family": ["layers", "datasets", "losses"],
        "kind": ["dense", "digits28", "cross_entropy"],
        "branch": [0],
        "step": [0, 2],
    }


COUNTS: Counter[int] = Counter()


def tidy(server: LiveServer, case: Case[Any], status: int, body: bytes) -> None:
    """What a case made is taken away: runs without end would need the machine."""
    if case.method != "POST" or status not in (201, 202) or "uploads" in case.path:
        return
    with suppress(ValueError, KeyError):
        made = json.loads(body)["id"]
        server.request("DELETE", f"{case.path}/{made}")


def ask(server: LiveServer, case: Case[Any]) -> None:
    """Send the case and hold the answer to the document."""
    response = case.call(base_url=server.url, timeout=120)
    tidy(server, case, response.status_code, response.content)
    COUNTS[response.status_code] += 1
    assert response.status_code < 500 or response.status_code in UNAVAILABLE, response.text
    case.validate_response(response, checks=CHECKS)
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        follows(case, response.status_code, response.content)


def follows(case: Case[Any], status: int, body: bytes) -> None:
    """What the schema allows is refused for its meaning only."""
    if status != 422:
        return
    problems = [one for one in json.loads(body)["problems"] if one["code"] in MISFITS]
    assert not problems, (case.as_curl_command(), problems)


def negated_path(case: Case[Any]) -> bool:
    """Whether it is the address that does not fit."""
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    return path is not None and path.mode is GenerationMode.NEGATIVE


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("label", list(POSITIVE))
def test_the_document_is_true(
    asked_server: LiveServer, known: dict[str, list[Any]], label: str
) -> None:
    for mode, found in ((GenerationMode.POSITIVE, POSITIVE), (GenerationMode.NEGATIVE, NEGATIVE)):
        cases = max(2, round(SHARE * WEIGHTS[label] / 2))

        @settings(SETTINGS, max_examples=cases)
        @given(case=found[label].as_strategy(generation_mode=mode), data=st.data())
        def run(case: Case[Any], data: st.DataObject) -> None:
            if case.method != "DELETE" and not negated_path(case) and data.draw(st.integers(0, 3)):
                for name in known.keys() & (case.path_parameters or {}).keys():
                    case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
            ask(asked_server, case)

        with suppress(SkipTest):  # there is nothing that the document would not allow
            run()


@pytest.mark.deep
def test_as_many_were_asked_as_was_promised() -> None:
    """Fewer only where an operation knows no more different cases."""
    assert sum(COUNTS.values()) >= CASES * 0.8, COUNTS
