"""Settings: documented once, read from the environment, shown as flags and in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from app.cli import app
from app.settings import Settings, table
from tests.support import ROOT


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_and_a_flag(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.title
    assert field.description
    shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert f"--{name.replace('_', '-')}" in shown.output
    assert f"GLASSNET_{name.upper()}" in shown.output


def test_the_readme_lists_them() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", readme, re.DOTALL)
    assert found is not None
    assert found.group(1) == table(), "run: python -m scripts.readme_settings"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GLASSNET_DATA", str(tmp_path))
    monkeypatch.setenv("GLASSNET_PORT", "9000")
    monkeypatch.setenv("GLASSNET_TOKEN", "")
    settings = Settings()
    assert (settings.data, settings.port, settings.token) == (tmp_path, 9000, None)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "65536"), ("PORT", "x"), ("TOKEN", "short"), ("MAX_BODY", "0"), ("PARK_AFTER", "0")],
)
def test_what_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"GLASSNET_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.8.8.8", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("lab.example", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert Settings(host=host).loopback is loopback


def test_allowed_hosts_are_exact() -> None:
    allowed = Settings(host="192.168.1.5", port=9000, hosts=" Lab.Example:80 ,").allowed_hosts()
    assert allowed == {
        "localhost:9000",
        "127.0.0.1:9000",
        "[::1]:9000",
        "192.168.1.5:9000",
        "lab.example:80",
    }
    assert "localhost" in Settings(port=80).allowed_hosts()
    assert "[::2]:8000" in Settings(host="::2").allowed_hosts()


def test_the_token_is_not_printed() -> None:
    assert "open sesame" not in repr(Settings.model_validate({"token": "open sesame open sesame"}))


@pytest.mark.parametrize(
    "token", ["a" * 16 + "\n" + "b", "tab\tin the middle", "x" * 20 + "\x7f\x01y"]
)
def test_a_token_that_no_header_carries_is_refused_in_a_sentence(token: str) -> None:
    refused = CliRunner().invoke(app, ["serve", "--token", token])
    assert refused.exit_code == 2
    assert "control character" in refused.output


def test_blanks_around_a_token_are_no_part_of_it() -> None:
    token = Settings.model_validate({"token": "  sésame, ouvre-toi !\n"}).token
    assert token is not None
    assert token.get_secret_value() == "sésame, ouvre-toi !"
    with pytest.raises(ValidationError):
        Settings.model_validate({"token": " " * 10 + "short" + " " * 10})
