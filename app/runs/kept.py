"""Commands that a run is to follow as soon as it has a worker. They wait in the order they were given."""

from __future__ import annotations

from collections.abc import Iterable

from app.core.errors import Conflict
from app.core.text import text
from app.protocol.commands import AnyCommand, Rewind
from app.protocol.events import AnyEvent, CommandApplied, Note, Rewound

MOST = 16
_FULL = text("{limit} commands wait for this run already.", "已有 {limit} 条命令在等待该运行。")


class Kept:
    """``commands`` leave one by one, as the worker says that it has followed or refused them."""

    def __init__(self, commands: Iterable[AnyCommand] = ()) -> None:
        self.commands = tuple(commands)

    def __bool__(self) -> bool:
        return bool(self.commands)

    def add(self, command: AnyCommand) -> None:
        """Raises Conflict if too many wait."""
        if len(self.commands) >= MOST:
            raise Conflict(reason=_FULL.format(limit=MOST))
        self.commands = (*self.commands, command)

    def first(self, command: AnyCommand | None) -> None:
        """What has to be done before all others."""
        if command is not None:
            self.commands = (command, *self.commands)

    def heard(self, event: AnyEvent) -> None:
        """The worker's word on the first of them, if it is that."""
        if self.commands and _answers(event, self.commands[0]):
            self.commands = self.commands[1:]


def _answers(event: AnyEvent, command: AnyCommand) -> bool:
    match event:
        case CommandApplied():
            return event.command == command
        case Rewound():
            return isinstance(command, Rewind)
        case Note():
            return event.code == "command_refused"
        case _:
            return False
