"""The command line where no server is needed: documents, the doctor, and what does not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.cli.serve import announce, listen, url
from app.spec.presets import presets
from tests.document import served_document


def run(*arguments: str, **options: Any) -> Any:
    return CliRunner().invoke(app, list(arguments), **options)


def test_the_interface_is_printed_as_it_is_served() -> None:
    printed = run("schema", "openapi")
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == served_document()
    assert "多" in printed.stdout or "数" in printed.stdout  # readable, not escaped


@pytest.mark.parametrize(("what", "field"), [("run", "seed"), ("model", "nodes")])
def test_schemas_are_printed(what: str, field: str) -> None:
    assert field in json.loads(run("schema", what).stdout)["properties"]


def test_an_unknown_document_is_refused() -> None:
    assert run("schema", "none").exit_code == 2


def test_the_doctor_finds_everything_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = run("doctor", "--data", str(tmp_path / "file"))
    assert found.exit_code == 1
    assert "FAIL  data" in found.stdout
    assert "GLASSNET_DATA" in found.stdout
    for name in ("python", "torch", "devices", "page"):
        assert f"  {name}" in found.stdout
    assert "cpu" in found.stdout
    assert "ok    torch     2." in found.stdout


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://127.0.0.1:80/"),
        ("::", "http://127.0.0.1:80/"),
        ("::1", "http://[::1]:80/"),
        ("lab.example", "http://lab.example:80/"),
    ],
)
def test_the_address_can_be_opened(host: str, address: str) -> None:
    assert url(host, 80) == address


def test_a_new_token_is_printed_and_an_old_one_is_not() -> None:
    assert announce("http://a/", "http://a/", token_is_new=False).count("\n") == 0
    assert "?token=x" in announce("http://a/", "http://a/?token=x", token_is_new=True)


def test_a_peer_that_takes_nothing_is_cut_off() -> None:
    import socket

    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), listening.accept()[0] as accepted:
            kept = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert kept == 10_000


def test_training_refuses_a_flag_that_does_not_fit() -> None:
    spec = presets()[0].spec.model_dump_json()
    refused = run("train", "-", "--device", "tpu", input=spec)
    assert refused.exit_code == 2
    assert "/device: “device” must be" in refused.stderr
    assert run("train", "-", "--epochs", "0", input=spec).exit_code == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{", "not valid JSON"),
        ('{"model": [{"type": "conv2d", "kernel": 0}]}', "/model/0/kernel: “kernel” must be"),
        ("broken network", "The output is 7"),
    ],
)
def test_training_refuses_a_spec_that_does_not_fit(spec: str, said: str) -> None:
    if spec == "broken network":
        circle = next(one.spec for one in presets() if one.id == "points_circle")
        spec = circle.model_dump_json().replace('"units":1', '"units":7')
    refused = run("train", "-", input=spec)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr
