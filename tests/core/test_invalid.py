"""Pydantic's errors become problems: a pointer into the body, a code, both languages."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from app.core.errors import Problem
from app.core.invalid import LONGEST_ECHO, MESSAGES, MOST_PROBLEMS, problems
from app.protocol.commands import COMMAND
from app.spec.run import RunSpec


def misfits(body: str) -> dict[str, Problem]:
    """Problems by pointer of a run's spec."""
    with pytest.raises(ValidationError) as raised:
        RunSpec.model_validate_json(body, strict=True)
    return {problem.pointer: problem for problem in problems(raised.value, body.encode())}


@pytest.mark.parametrize(
    ("body", "pointer", "code", "english", "chinese"),
    [
        ('{"model": []}', "/training", "missing", "“training” is missing.", "缺少“training”。"),
        ('{"foo": 1}', "/foo", "extra_forbidden", "no field “foo”", "没有字段“foo”"),
        ('{"seed": -1}', "/seed", "greater_than_equal", "at least 0", "不得小于 0"),
        ('{"seed": 1e99}', "/seed", "int_type", "whole number", "整数"),
        ('{"seed": false}', "/seed", "int_type", "whole number", "整数"),
        ('{"seed": NaN}', "/seed", "not_finite", "finite", "有限"),
        ('{"device": "tpu"}', "/device", "literal_error", "auto, cpu or cuda", "auto, cpu or cuda"),
        (
            '{"model": [{"type": "dense", "units": 0}]}',
            "/model/0/units",
            "greater_than_equal",
            "1",
            "1",
        ),
        (
            '{"model": [{"units": 1}]}',
            "/model/0",
            "union_tag_not_found",
            "needs a type",
            "缺少 type",
        ),
        (
            (
                '{"model": {"nodes": [{"id": "a", "inputs": ["input"],'
                ' "layer": {"type": "relu", "x": 1}}], "outputs": ["a"]}}'
            ),
            "/model/nodes/0/layer/x",
            "extra_forbidden",
            "x",
            "x",
        ),
        ('{"training": {"dataset": null}}', "/training/dataset", "dict_type", "an object", "对象"),
        ("[1]", "", "model_type", "the body", "请求正文"),
        ("{", "", "json_invalid", "not valid JSON", "不是合法的 JSON"),
        ('{"a/b~c": 1}', "/a~1b~0c", "extra_forbidden", "a/b~c", "a/b~c"),
    ],
)
def test_place_code_and_languages(
    body: str, pointer: str, code: str, english: str, chinese: str
) -> None:
    found = misfits(body)[pointer]
    assert found.code == code
    assert english in found.message.en
    assert chinese in found.message.zh


def test_one_problem_a_place() -> None:
    body = b'{"type": "set_optimizer", "values": {"learning_rate": "x"}}'
    with pytest.raises(ValidationError) as raised:
        COMMAND.validate_json(body)
    (problem,) = problems(raised.value, body)
    assert problem.pointer == "/values/learning_rate"


def test_what_a_client_sent_is_not_echoed_at_length() -> None:
    body = '{"model": [{"type": "%s"}]}' % ("x" * 10_000)
    (problem,) = [p for pointer, p in misfits(body).items() if pointer.startswith("/model")]
    assert len(problem.params["tag"]) <= LONGEST_ECHO + 1
    long_name = misfits('{"%s": 1}' % ("y" * 10_000))
    assert max(map(len, long_name)) <= LONGEST_ECHO + 1


def test_there_is_an_end_to_the_list() -> None:
    body = json.dumps({"model": [{"type": "none"}] * 200})
    assert len(misfits(body)) == MOST_PROBLEMS


def test_every_message_is_in_both_languages() -> None:
    for message in MESSAGES.values():
        assert message.en != message.zh
