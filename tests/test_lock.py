"""The locked requirements: every file has its hash, both lists agree, and they are what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import ROOT

_ENTRY = re.compile(
    r"^(\S+)==(\S+)(?: ;[^\n\\]*)?((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE
)


def locked(name: str) -> dict[str, str]:
    """The version of every package in a list that holds nothing but entries with hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert _ENTRY.sub("", text).strip() == ""
    return {package: version for package, version, _ in _ENTRY.findall(text)}


def asked(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [
        line for extra in extras for line in project["optional-dependencies"][extra]
    ]
    return [Requirement(line) for line in lines]


def test_every_requirement_is_locked_within_its_range() -> None:
    for name, extras in (("requirements.txt", ()), ("requirements-dev.txt", ("dev", "onnx"))):
        versions = locked(name)
        for wanted in asked(*extras):
            if wanted.name == "torch":  # its build is the machine's: the Makefile installs it apart
                assert str(wanted.specifier) == "==2.13.0"
                continue
            version = versions[canonicalize_name(wanted.name)]
            assert wanted.specifier.contains(version), wanted


def test_development_adds_to_what_runs_and_changes_nothing() -> None:
    running, developing = locked("requirements.txt"), locked("requirements-dev.txt")
    assert running.items() <= developing.items()
    assert not {name for name in developing if name.startswith(("nvidia", "triton", "torch"))}
