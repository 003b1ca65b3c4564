"""A run being executed: follows commands between steps, reports events, goes back and replays.

Owns no socket and no clock of its own: a worker calls :meth:`Session.turn` as long as it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Literal

import torch

from app.core.errors import GlassnetError
from app.core.text import text
from app.engine.device import describe
from app.engine.diagnosis import Finding
from app.engine.keeper import Keeper
from app.engine.postmortem.make import post_mortem
from app.engine.report import Reporter
from app.engine.resume import resume
from app.engine.snapshots import Entry, Kind, Loaded, Store
from app.engine.start import Start
from app.engine.trainer import Divergence, Tally, Trainer
from app.protocol.commands import (
    AnyCommand,
    EditWeight,
    Freeze,
    Hand,
    LoggedCommand,
    Pause,
    Play,
    Rewind,
    SetEpochs,
    SetSpeed,
    Step,
    Unfreeze,
    is_setting,
)
from app.protocol.events import (
    AnyEvent,
    CommandApplied,
    Note,
    Rewound,
    StateChanged,
)
from app.protocol.refusals import AtTheEnd, NotEarlier, NotLater
from app.spec.settings import Settings

Emit = Callable[[AnyEvent], None]
Lineage = list[tuple[int, int | None]]


class Session:
    """Drives one trainer. Events go to ``emit``, which may be called from the snapshot thread."""

    def __init__(self, start: Start, device: torch.device, emit: Emit) -> None:
        self.start = start
        self.emit = emit
        self.trainer = Trainer(start.spec, start.data_root, device, start.weights)
        self.keeper = Keeper(Store(start.folder) if start.folder else None, emit)
        self.report = Reporter(self.trainer, emit, start.emitted)
        self.state: Literal["running", "paused", "finished"] = "paused"
        self.branch = start.branch
        self.lineage: Lineage = [(start.branch, None)]
        self.log: list[LoggedCommand] = []
        self.speed = start.speed
        self._coming = [entry for entry in start.log if is_setting(entry.command)]
        self._until_step: int | None = None
        self._until_epoch: int | None = None
        self._stepping = False
        self._edits = 0
        self.unsettled = False
        """Whether it is still to be said how the network validates that was changed by hand."""
        self._replayed = 0.0
        """Seconds of training since the last snapshot that a replay made again."""
        self._resume()

    # --- where to begin --------------------------------------------------------------------------

    def _resume(self) -> None:
        """Be where the start message says, without a word about what is passed on the way."""
        loaded = self._first_snapshot()
        if loaded is not None:
            self._restore(loaded)
            self.lineage = self._line_through(loaded)
        self._replay(self.start.replay_to or 0)

    def _first_snapshot(self) -> Loaded | None:
        store, name = self.keeper.store, self.start.snapshot
        if store is None or name is None:
            return None
        entry = store.find(name)
        if entry is None:
            return self.keeper.nearest(self.lineage, 2**62)
        loaded = store.load(entry)
        return loaded or self.keeper.nearest(self.lineage, entry.step)

    def _restore(self, loaded: Loaded) -> None:
        trainer, step = self.trainer, loaded.entry.step
        resume(trainer, loaded, [*self.log, *self._coming])
        done = [entry for entry in self._coming if entry.step <= step]
        self._coming = self._coming[len(done) :]
        self.log += done
        trainer.tally = Tally(**loaded.facts["tally"])
        self.report.resume(loaded.facts)
        at = loaded.facts["diverged"]
        trainer.diverged = (
            None if at is None else Divergence(at, Finding(trainer.network.output, "loss"))
        )
        self.keeper.last = (loaded.entry.branch, step)

    def _line_through(self, loaded: Loaded) -> Lineage:
        """The line of branches that a snapshot remembers, up to the branch we are on."""
        step = loaded.entry.step
        before = [(b, step if e is None else e) for b, e in loaded.facts["lineage"]]
        return [*((b, e) for b, e in before if b != self.branch), (self.branch, None)]

    def _replay(self, step: int) -> None:
        """Make the steps up to ``step`` again; no event is emitted a second time."""
        trainer, began = self.trainer, time.monotonic()
        self._apply_log()
        while trainer.cursor.step < step:
            trainer.step()
            if trainer.meter.full or trainer.epoch_ended:
                self.report.quiet()
            if trainer.epoch_ended and trainer.cursor.step < step:
                trainer.tally = Tally()
            self._apply_log()
        self.report.quiet()
        self._replayed = time.monotonic() - began

    def _apply_log(self) -> None:
        """Put logged settings into force whose step has come. They are in the log: no event."""
        while self._coming and self._coming[0].step <= self.trainer.cursor.step:
            entry = self._coming.pop(0)
            self.log.append(entry)
            self.trainer.command(entry.command)

    def open(self) -> None:
        """Emit the state, and a validation that is due here: that of a new run is; take its snapshot."""
        self._tell_damaged()
        if self.trainer.cursor.offset == 0:
            self.report.validation(self.branch)
        if self.trainer.cursor.step == 0 and self.keeper.last is None:
            self._snapshot("start", wait=False)
        if self.trainer.finished:
            self._change("finished")
        self._follow_kept()
        if self.state == "paused":
            self._change("paused")

    def _follow_kept(self) -> None:
        """Follow the commands that were kept; one that cannot be followed is told."""
        for command in self.start.kept:
            try:
                self.command(command)
            except GlassnetError as error:
                branch, step = self.place
                said = Note(branch=branch, step=step, code="command_refused", message=error.text)
                self.emit(said)

    # --- commands --------------------------------------------------------------------------------

    def command(self, command: AnyCommand) -> None:
        """Follow a command at this step boundary; raises a GlassnetError and changes nothing."""
        if not isinstance(command, Hand):
            self.settle()
        if isinstance(command, Rewind):
            self._rewind(command.step)
            self._tell_damaged()
        elif isinstance(command, Play | Step):
            self._go(command)
        else:
            if is_setting(command):
                if len(self.trainer.meter):  # those steps were made with what was in force
                    self.report.metrics(self.branch)
                self.trainer.command(command)
                self.log.append(self._logged(command))
                self.report.changed()
            elif isinstance(command, SetSpeed):
                self.speed = command.steps_per_second
            self._applied(command)
            if isinstance(command, Hand):
                self._edited(command)
            elif isinstance(command, Pause) and self.state == "running":
                self._stop("paused", "pause")
            elif isinstance(command, SetEpochs):
                self._end_moved()

    def _edited(self, command: Hand) -> None:
        """A network at rest that was changed by hand is to say what it has become."""
        self._edits += 1
        if self.running or isinstance(command, Freeze | Unfreeze):
            return
        if isinstance(command, EditWeight):
            self._snapshot("pause", wait=True)
        self.unsettled = True

    def settle(self) -> None:
        """Emit the validation of a network at rest that was changed by hand, once for all changes.

        It takes a pass over the whole validation set: the owner calls this when nobody waits for an
        answer. The next command, other than by hand, and the end do so first.
        """
        if self.unsettled:
            self.unsettled = False
            self.report.again(self.branch)

    def _logged(self, command: AnyCommand) -> LoggedCommand:
        return LoggedCommand(step=self.trainer.cursor.step, branch=self.branch, command=command)

    def _applied(self, command: AnyCommand) -> None:
        step = self.trainer.cursor.step
        by_epoch = isinstance(command, Step) and command.unit == "epoch"
        end = self._until_epoch if by_epoch else None
        self.emit(
            CommandApplied(
                branch=self.branch,
                step=step,
                command=command,
                settings=self._settings(),
                until_epoch=end,
            )
        )

    def _settings(self) -> Settings:
        """Those in force. Speed is this session's: it changes no number of the training."""
        return self.trainer.settings.values.model_copy(update={"speed": self.speed})

    def _go(self, command: Play | Step) -> None:
        cursor = self.trainer.cursor
        if self.trainer.finished:
            raise AtTheEnd(epochs=self.trainer.settings.epochs)
        if isinstance(command, Play) and command.until is not None and command.until <= cursor.step:
            raise NotLater(pointer="/until", step=command.until, here=cursor.step)
        self._until_step = self._until_epoch = None
        self._stepping = isinstance(command, Step)
        if isinstance(command, Play):
            self._until_step = command.until
        elif command.unit == "batch":
            self._until_step = cursor.step + command.count
        else:
            self._until_epoch = cursor.epoch + command.count
        self._applied(command)
        if self.state != "running":
            self.report.restart()
            self.keeper.restart(since=self._replayed)
            self._replayed = 0.0
            self._change("running")

    def _end_moved(self) -> None:
        if self.trainer.finished and self.state != "finished":
            self._stop("finished", "end")
        elif not self.trainer.finished and self.state == "finished":
            self._change("paused")

    def _rewind(self, step: int) -> None:
        trainer, here = self.trainer, self.trainer.cursor.step
        if step > here:
            raise NotEarlier(pointer="/step", step=step, here=here)
        if self.state == "running":
            self.report.metrics(self.branch)
        kept = trainer.settings
        loaded = self.keeper.nearest(self.lineage, step)
        parent, self.branch = self.branch, self.branch + 1
        self._coming = [entry for entry in self.log if entry.step <= step]
        self.log = []
        ended = [(b, step if e is None else min(e, step)) for b, e in self.lineage]
        if loaded is None:
            trainer.reset()
            self.report.resume({})
        else:
            self._restore(loaded)
        self.lineage = [*ended, (self.branch, None)]
        self._replay(step)
        self.report.rewound(step)
        self.emit(
            Rewound(
                branch=self.branch,
                step=step,
                parent=parent,
                epoch=trainer.epoch,
                settings=self._settings(),
            )
        )
        self.report.growing(self.branch)
        if step == 0:
            self._keep_settings(trainer.settings.commands_to(kept))
        self._snapshot("step" if step == 0 else "pause", wait=True)
        self._change("finished" if trainer.finished else "paused")

    def _keep_settings(self, commands: list[AnyCommand]) -> None:
        """After a reset: what was changed meanwhile counts from step 0 of the new branch."""
        for command in commands:
            self.trainer.command(command)
            self.log.append(self._logged(command))
            self._applied(command)

    # --- training --------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def place(self) -> tuple[int, int]:
        """(branch, step)."""
        return self.branch, self.trainer.cursor.step

    @property
    def version(self) -> tuple[int, int, int]:
        """(branch, step, …): changes whenever what the network answers does."""
        return *self.place, self._edits

    def turn(self) -> None:
        """One training step and all that follows from it."""
        trainer = self.trainer
        if self._coming:
            self._apply_log()
        trainer.step()
        now = time.monotonic()
        if self.report.due(now) or self._slow or trainer.finished or self._reached():
            self.report.metrics(self.branch)
        if trainer.epoch_ended:
            self.report.metrics(self.branch)
            self.report.validation(self.branch)
        if self.report.divergence(self.branch, lambda: post_mortem(self)):
            self._stop("paused", "pause")
        elif trainer.finished:
            self._stop("finished", "end")
        elif self._reached():
            self._stop("paused", "step" if self._stepping else "pause")
        elif self.keeper.due(now):
            self._snapshot("timed", wait=False)

    @property
    def _slow(self) -> bool:
        """Whether steps are so far apart that each is news."""
        return self.speed is not None and self.speed <= 20

    def _reached(self) -> bool:
        cursor = self.trainer.cursor
        if self._until_step is not None:
            return cursor.step >= self._until_step
        return self._until_epoch is not None and cursor.epoch >= self._until_epoch

    def _stop(self, state: Literal["paused", "finished"], kind: Kind) -> None:
        self.report.metrics(self.branch)
        self._snapshot(kind, wait=True)
        self._change(state)

    def _change(self, state: Literal["running", "paused", "finished"]) -> None:
        self.state = state
        device = self.trainer.device.type
        step = self.trainer.cursor.step
        self.emit(StateChanged(branch=self.branch, step=step, state=state, device=device))

    # --- snapshots -------------------------------------------------------------------------------

    def snapshot(self) -> Entry | None:
        """Take one now and wait until it is on disk; null where none are kept or the disk refuses."""
        return self._snapshot("pause", wait=True)

    def close(self) -> None:
        """Keep what was done since the last snapshot."""
        self.settle()
        if self.running:
            self._stop("paused", "pause")
        elif self.keeper.last != self.place:
            self._snapshot("pause", wait=True)
        self.keeper.close()

    def _snapshot(self, kind: Kind, *, wait: bool) -> Entry | None:
        if len(self.trainer.meter):
            self.report.metrics(self.branch)
        return self.keeper.take(kind, self.place, self.trainer.state, self._facts, wait=wait)

    def _facts(self) -> dict[str, Any]:
        trainer = self.trainer
        tally = trainer.tally
        return {
            "run": self.start.run,
            "spec": self.start.spec.digest(),
            "epoch": trainer.cursor.epoch,
            "offset": trainer.cursor.offset,
            "tally": {"samples": tally.samples, "loss": tally.loss, "hits": tally.hits},
            **self.report.facts(),
            "memory": trainer.memory.model_dump(),
            "diverged": trainer.diverged.step if trainer.diverged else None,
            "settings": trainer.settings.facts(),
            "log": len(self.log),
            "lineage": self.lineage,
            "data": trainer.data.arrays.digest,
            **describe(trainer.device),
        }

    def _tell_damaged(self) -> None:
        """Say of every snapshot that was set aside; the one that a look met just now, too."""
        store = self.keeper.store
        while store is not None and store.damaged:
            self.emit(self._damaged(store.damaged.pop(0)))

    def _damaged(self, name: str) -> Note:
        return Note(
            branch=self.branch,
            step=self.trainer.cursor.step,
            code="snapshot_damaged",
            message=text(
                f"The snapshot {name} was damaged on disk; it was set aside and an earlier one used.",
                f"快照 {name} 在磁盘上已损坏，已弃置并改用更早的快照。",
            ),
            params={"file": name},
        )
