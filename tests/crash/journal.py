"""The acknowledgement log that a worker keeps outside the database.

One JSON line each: the state it began with, the step it is about to take, and, once the call has returned,
that it has. A worker may die inside a line; what follows the last newline was never said.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .model import State, Step, after


class Journal:
    """The writing side."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def intend(self, step: Step) -> None:
        self._say({"intent": asdict(step)})

    def acknowledge(self, step: Step) -> None:
        self._say({"done": step.number})
        os.fsync(self._file.fileno())

    def confess(self, error: str) -> None:
        """The worker ended by itself, which it never should."""
        self._say({"error": error})

    def _say(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


@dataclass(frozen=True)
class Outcome:
    """What a worker's log lets the file hold: ``before``, or ``after`` the step that was under way."""

    before: State
    after: State
    acknowledged: int
    last_number: int
    errors: list[str]

    def fault(self, found: State) -> str | None:
        """How ``found`` differs from what may be: ``lost``, ``phantom`` or ``half``; None when it may be."""
        if found in (self.before, self.after):
            return None
        rows, old, new = _flat(found), _flat(self.before), _flat(self.after)
        if (old & new) - rows:
            return "lost"
        return "phantom" if rows - (old | new) else "half"


def begin(path: Path, state: State, last_number: int) -> None:
    """Start a log at ``path`` for a worker that will find ``state``."""
    rows = {name: list(kept.items()) for name, kept in state.items()}
    path.write_text(json.dumps({"state": rows, "last_number": last_number}) + "\n", encoding="utf-8")


def read(path: Path) -> Outcome:
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    state: State = {name: dict(rows) for name, rows in lines[0]["state"].items()}
    number, acknowledged = lines[0]["last_number"], 0
    under_way: Step | None = None
    errors = []
    for line in lines[1:]:
        if "intent" in line:
            under_way = Step(**{**line["intent"], "keys": tuple(line["intent"]["keys"])})
            number = under_way.number
        elif "error" in line:
            errors.append(line["error"])
        else:
            assert under_way is not None
            assert under_way.number == line["done"]
            state, under_way, acknowledged = after(state, under_way), None, acknowledged + 1
    perhaps = state if under_way is None else after(state, under_way)
    return Outcome(state, perhaps, acknowledged, number, errors)


def _flat(state: State) -> set[tuple[str, int, int]]:
    """Rows, and for each collection itself a row that no step writes."""
    rows = {(name, key, stamp) for name, kept in state.items() for key, stamp in kept.items()}
    return rows | {(name, -1, -1) for name in state}
