"""Why a worker is gone, in words of both languages; errors that crossed a process."""

from __future__ import annotations

import os
import signal

import pytest

from app.core.children import Pid, environment
from app.core.errors import Conflict, GlassnetError, NotFound, SpecError, all_errors
from app.core.text import text
from app.runs.devices import Devices, find, only_cpu
from app.runs.exits import caused, ended, refusal


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (-signal.SIGKILL, "memory"),
        (-signal.SIGSEGV, "segmentation"),
        (-signal.SIGUSR1, f"signal {int(signal.SIGUSR1)}"),
        (3, "code 3"),
        (None, "unknown"),
    ],
)
def test_an_exit_status_becomes_a_sentence(status: int | None, said: str) -> None:
    found = ended(status)
    assert said in found.en
    assert found.zh
    assert found.zh != found.en


def test_causes_name_their_numbers() -> None:
    assert "30 s" in caused("stalled", seconds=30).en
    assert "OSError" in caused("unstored", detail="OSError").zh


@pytest.mark.parametrize(
    "error",
    [
        Conflict(reason=text("no.", "否。"), pointer="/x", node="conv1"),
        NotFound(kind=text("layer", "层"), name="conv9"),
        SpecError(summary="a", summary_zh="甲"),
    ],
)
def test_an_error_survives_the_wire(error: GlassnetError) -> None:
    again = refusal(error.problem().model_dump(mode="json"))
    assert type(again) is type(error)
    assert again.text == error.text
    assert again.problem().pointer == error.pointer
    assert again.problem().node == error.node


def test_an_error_of_no_known_class_keeps_its_words() -> None:
    for kind in all_errors():
        assert kind.code
    data = {"code": "of_tomorrow", "message": {"en": "A {b}.", "zh": "甲。"}, "params": {}}
    assert refusal(data).text.zh
    assert refusal({"nonsense": 1}).code == "internal"
    missing = {"code": "not_found", "message": {"en": "Gone.", "zh": "没了。"}, "params": {}}
    assert "Gone." in refusal(missing).text.en


def test_children_learn_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GLASSNET_TOKEN", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "MY_PASSWORD"):
        monkeypatch.setenv(name, "hush")
    found = environment(OMP_NUM_THREADS="1")
    assert "hush" not in found.values()
    assert found["OMP_NUM_THREADS"] == "1"
    assert found["PATH"] == os.environ["PATH"]


def test_a_process_that_is_gone_is_not_killed_again() -> None:
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    held = Pid(pid)
    held.kill()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    held.kill()
    held.close()
    held.close()
    held.kill()


async def test_this_machine_has_a_cpu() -> None:
    found = await find()
    assert found.devices[0].id == "cpu"
    assert found.devices[0].memory > 2**28
    assert found.resolve("auto") == found.default
    assert Devices.model_validate_json(only_cpu().model_dump_json()) == only_cpu()
