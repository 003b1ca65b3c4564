"""Whatever spec is sent, the server answers with a success or a refusal, never with an error of its own."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.datasets import DATASETS
from app.catalog.family import Family
from app.catalog.layers import LAYERS
from app.catalog.losses import LOSSES
from app.catalog.optimizers import OPTIMIZERS
from app.catalog.schedules import SCHEDULES
from tests.support import LiveServer

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 1, 2, 7, 0.5, 1e308, 2**63, 10**400, "", "NaN", "he", "\0", [], {}, [[]]]
)


def part(family: Family[Any]) -> st.SearchStrategy[Any]:
    """A part of the family, mostly as one would write it, with some fields made odd."""
    kinds = st.sampled_from([*family.parts, *family.parts, "none"])

    def fields(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        known = family.parts.get(kind)
        names = [name for name in known.model_fields if name != "type"] if known else ["x"]
        examples = list(known.EXAMPLES) if known and known.EXAMPLES else [{"type": kind}]
        changed = st.dictionaries(st.sampled_from([*names, "extra"]), ODD, max_size=1)
        return st.tuples(st.sampled_from(examples), changed | st.just({})).map(
            lambda pair: {**pair[0], **pair[1]}
        )

    return kinds.flatmap(fields)


LAYER = part(LAYERS)
IDS = st.sampled_from(["a", "b", "c", "input", "", "A", "x" * 40])
NODE = st.fixed_dictionaries({"id": IDS, "layer": LAYER, "inputs": st.lists(IDS, max_size=3) | ODD})
GRAPH = st.fixed_dictionaries(
    {"nodes": st.lists(NODE, max_size=6), "outputs": st.lists(IDS, max_size=2)}
)
GROUP = st.fixed_dictionaries(
    {"of": IDS | st.sampled_from(["a.weight", "b.", "a.b.c"])},
    optional={"learning_rate": ODD, "weight_decay": ODD},
)
PHASE = st.fixed_dictionaries(
    {},
    optional={
        "loss": part(LOSSES),
        "optimizer": part(OPTIMIZERS),
        "schedule": part(SCHEDULES),
        "clip_norm": ODD,
        "clip_value": ODD,
        "groups": st.lists(GROUP, max_size=2) | ODD,
        "batch_size": ODD,
        "epochs": ODD,
    },
)
TRAINING = st.fixed_dictionaries(
    {"dataset": part(DATASETS)}, optional={"phases": st.lists(PHASE, max_size=2) | ODD}
)
CHECK = st.fixed_dictionaries(
    {"model": st.lists(LAYER, max_size=6) | GRAPH | ODD, "training": TRAINING | ODD}
)


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> tuple[int, Any]:
    connection.request("POST", path, body, {"content-type": "application/json"})
    with connection.getresponse() as response:
        return response.status, json.loads(response.read())


@pytest.fixture
def connection(server: LiveServer) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as opened:
        yield opened


FUZZ = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def check(connection: http.client.HTTPConnection, body: Any) -> None:
    """The spec is described, or every misfit is named in both languages at a place it has."""
    status, answer = post(connection, "/api/v1/models:check", json.dumps(body).encode())
    assert status in (200, 422), answer
    if status == 422:
        assert answer["problems"]
        for problem in answer["problems"]:
            assert problem["message"]["en"]
            assert problem["message"]["zh"]
            assert _leads_into(problem["pointer"], body)


@FUZZ
@given(body=CHECK)
def test_no_spec_breaks_the_server(connection: http.client.HTTPConnection, body: Any) -> None:
    check(connection, body)


@pytest.mark.deep
@settings(FUZZ, max_examples=2000, derandomize=False)
@given(body=CHECK)
def test_no_spec_at_all_breaks_the_server(
    connection: http.client.HTTPConnection, body: Any
) -> None:
    check(connection, body)


@FUZZ
@given(
    body=st.binary(max_size=64) | st.text(max_size=64).map(lambda text: json.dumps(text).encode())
)
def test_no_bytes_break_the_server(connection: http.client.HTTPConnection, body: bytes) -> None:
    status, answer = post(connection, "/api/v1/runs", body)
    assert 400 <= status < 500, answer


def _leads_into(pointer: str, body: Any) -> bool:
    """Whether all of the pointer but its last part is a place of the body."""
    here = body
    for part_ in pointer.split("/")[1:-1]:
        if isinstance(here, list) and part_.isdigit() and int(part_) < len(here):
            here = here[int(part_)]
        elif isinstance(here, dict) and part_ in here:
            here = here[part_]
        else:
            return False
    return True
