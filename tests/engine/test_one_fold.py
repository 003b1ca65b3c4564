"""What commands do to the settings is said once: worker, web process and a replay agree for any log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine.settings import in_force
from app.protocol.commands import AnyCommand, SetSpeed
from app.protocol.events import AnyEvent, CommandApplied, Rewound, StoredEvent
from app.protocol.runs import RunRecord
from app.runs.progress import Progress
from app.spec.settings import Settings, apply
from tests.engine.specs import Driven, Layers, run_spec

LAYERS: Layers = [
    {"type": "flatten"},
    {"type": "dense", "units": 6},
    {"type": "relu"},
    {"type": "dropout", "rate": 0.2},
    {"type": "dense", "units": 10},
]


def share(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers between two; Hypothesis draws no floats while a trainer flushes denormals to zero."""
    return st.integers(0, 1000).map(lambda part: least + (most - least) * part / 1000)


RATES = share(1e-5, 1.0)
UNITS = st.none() | st.integers(0, 5)


def command(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


COMMANDS = st.one_of(
    command("set_optimizer", values=st.fixed_dictionaries({"learning_rate": RATES})),
    command(
        "set_optimizer",
        values=st.fixed_dictionaries({"momentum": share(0.0, 0.9), "weight_decay": RATES}),
    ),
    command("set_loss", values=st.fixed_dictionaries({"label_smoothing": share(0.0, 0.5)})),
    command(
        "set_layer",
        node=st.just("drop1"),
        values=st.fixed_dictionaries({"rate": share(0.0, 0.9)}),
    ),
    command("set_batch_size", batch_size=st.integers(16, 256)),
    command("set_epochs", epochs=st.integers(3, 50)),
    command(
        "set_schedule",
        schedule=st.sampled_from([{"type": "constant"}, {"type": "step", "every": 2}]),
    ),
    command("set_clipping", clip_norm=st.none() | RATES, clip_value=st.none() | RATES),
    command(
        "set_groups",
        groups=st.sampled_from([[], [{"of": "fc1", "learning_rate": 0.5}], [{"of": "fc2.bias"}]]),
    ),
    command("set_speed", steps_per_second=st.none() | share(1.0, 100.0)),
    command("freeze", node=st.just("fc1"), unit=UNITS),
    command("unfreeze", node=st.just("fc1"), unit=UNITS),
    command("silence", node=st.sampled_from(["fc1", "relu1"]), unit=UNITS),
    command("restore", node=st.sampled_from(["fc1", "relu1"]), unit=UNITS),
    command("step", count=st.integers(1, 3)),
    command("rewind", step=st.integers(0, 3)),
)


def record(driven: Driven) -> RunRecord:
    spec = driven.session.start.spec
    return RunRecord(
        id="r",
        name="",
        state="paused",
        spec=spec,
        device="cpu",
        created=0.0,
        updated=0.0,
        settings=Settings.of(spec),
    )


def folded(driven: Driven, events: list[AnyEvent]) -> Settings:
    """What the web process shows after these events."""
    found = Progress(record(driven))
    for seq, event in enumerate(events, 1):
        found.apply(StoredEvent(run="r", seq=seq, time=0.0, event=event))
    return found.record.settings


def untold(event: AnyEvent) -> AnyEvent:
    """The event as runs stored it before settings were told."""
    if isinstance(event, CommandApplied | Rewound):
        return event.model_copy(update={"settings": None})
    return event


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(log=st.lists(COMMANDS, min_size=1, max_size=12))
def test_any_log_gives_the_same_settings_everywhere(
    log: list[dict[str, Any]], tmp_path_factory: Any
) -> None:
    driven = Driven(run_spec(LAYERS, epochs=60), tmp_path_factory.mktemp("run"))
    for fields in log:
        if fields["type"] == "rewind" and fields["step"] > driven.step:
            continue
        driven.do(**{"kind": fields["type"], **{k: v for k, v in fields.items() if k != "type"}})
    session = driven.session
    worker = session.trainer.settings.values.model_copy(update={"speed": session.speed})
    assert folded(driven, list(driven.events)) == worker
    assert folded(driven, [untold(event) for event in driven.events]) == worker
    replayed = in_force(session.start.spec, session.log, driven.step).values
    assert replayed == worker.model_copy(update={"speed": None})


def test_each_event_carries_the_settings_after_it(tmp_path: Path) -> None:
    driven = Driven(run_spec(LAYERS), tmp_path)
    given = Settings.of(driven.session.start.spec)
    driven.do("set_optimizer", values={"learning_rate": 0.5})
    driven.do("set_speed", steps_per_second=3.0)
    driven.do("step")
    driven.do("silence", node="relu1", unit=2)
    told = [event for event in driven.events if isinstance(event, CommandApplied)]
    assert len(told) == 4
    for event in told:
        given = apply(given, event.command)
        assert event.settings == given
    assert given.speed == 3.0


def test_a_command_that_sets_nothing_gives_the_same_object() -> None:
    given = Settings.of(run_spec(LAYERS))
    other: AnyCommand = SetSpeed(steps_per_second=2.0)
    assert apply(given, object()) is given
    assert apply(given, other) is not given
