"""Lives and deaths of workers on one file after another, and the reckoning after each death."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from pathlib import Path

from . import journal
from .contents import indexed_rows, reopened
from .model import State


@dataclass
class Totals:
    """What came of all deaths together."""

    deaths: int = 0
    acknowledged: int = 0
    under_way: int = 0
    """Deaths inside a call."""
    kept: int = 0
    """Deaths inside a call whose effect was there all the same."""
    indexed: int = 0
    """Deaths on a file that held a built index."""
    faults: dict[str, list[str]] = field(
        default_factory=lambda: {"lost": [], "phantom": [], "half": [], "unopenable": []}
    )

    def __str__(self) -> str:
        counts = ", ".join(f"{kind} {len(cases)}" for kind, cases in self.faults.items())
        return (
            f"{self.deaths} deaths, {self.under_way} of them inside a call of which {self.kept} took effect, "
            f"{self.acknowledged} acknowledged calls, {self.indexed} with a built index: {counts}"
        )

    def check(self, seed: int) -> None:
        print(self)
        cases = [f"{kind}: {case}" for kind, found in self.faults.items() for case in found]
        assert not cases, "\n".join([f"seed {seed}: {self}", *cases[:5]])


class Trial:
    """One file on which worker after worker dies."""

    def __init__(self, folder: Path, totals: Totals) -> None:
        folder.mkdir()
        self.path = folder / "test.db"
        self.log = folder / "log.jsonl"
        self.is_over = False
        self._totals = totals
        journal.begin(self.log, {}, 0)

    def reckon(self) -> None:
        """Compare the file with the log of the worker that has just died on it."""
        totals = self._totals
        outcome = journal.read(self.log)
        assert not outcome.errors, f"a worker ended by itself on {self.path}:\n{outcome.errors[0]}"
        totals.deaths += 1
        totals.acknowledged += outcome.acknowledged
        try:
            found = reopened(self.path)
            totals.indexed += indexed_rows(self.path) > 0
        except Exception:
            self._fail("unopenable", traceback.format_exc(limit=-2))
            return
        fault = outcome.fault(found)
        if fault is not None:
            self._fail(
                fault, f"expected {_sizes(outcome.before)} or {_sizes(outcome.after)}: {_sizes(found)}"
            )
            return
        if outcome.before != outcome.after:
            totals.under_way += 1
            totals.kept += found == outcome.after
        journal.begin(self.log, found, outcome.last_number)

    def _fail(self, kind: str, what: str) -> None:
        """Keep the files as they are; the next worker gets others."""
        self._totals.faults[kind].append(f"death {self._totals.deaths} on {self.path}: {what}")
        self.is_over = True


def _sizes(state: State) -> dict[str, int]:
    return {name: len(rows) for name, rows in state.items()}
