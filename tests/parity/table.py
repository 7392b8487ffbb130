"""The state of everything that pymilvus has, found by running the programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .arguments import IGNORED, is_of_pymilvus
from .features import fields, filters, functions
from .outcomes import OURS, WORKS, Argument, Program, State, try_all, try_with
from .programs import collections, operations, rows
from .surface import arguments, methods

PROGRAMS: Final[Mapping[str, Program]] = {
    **collections.PROGRAMS,
    **rows.PROGRAMS,
    **operations.PROGRAMS,
}

FEATURES: Final[Mapping[str, Mapping[str, Program]]] = {
    "Data types": fields.DATA_TYPES,
    "Index types": fields.INDEX_TYPES,
    "Metrics": fields.METRICS,
    "Functions of a schema": functions.FUNCTION_TYPES,
    "Rankers": functions.RANKERS,
    "Function chains": functions.CHAINS,
    "Highlighters": functions.HIGHLIGHTERS,
    "Filters": filters.FILTERS,
}


@dataclass
class Table:
    """
    Args:
        calls: client → call and argument → state.
        features: kind of feature → name → state.
        missing: calls and arguments that no program uses.
    """

    calls: dict[str, dict[Argument, State]] = field(default_factory=dict)
    features: dict[str, dict[str, State]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def table(folder: Path) -> Table:
    """Run everything on files in ``folder``."""
    found = Table()
    for kind in OURS:
        _calls(found, folder, kind)
    for title, programs in FEATURES.items():
        place = folder / title.replace(" ", "_")
        place.mkdir()
        found.features[title] = try_all(programs, place, one_file=programs is filters.FILTERS).of_programs
    return found


def _calls(found: Table, folder: Path, kind: str) -> None:
    outcomes = try_all(PROGRAMS, folder, kind)
    states = found.calls[kind] = {}
    for call in methods(kind):
        names = ["", *(name for name in arguments(kind, call) if not is_of_pymilvus(call, name))]
        known = {
            name: outcomes.of_arguments[call, name] for name in names if (call, name) in outcomes.of_arguments
        }
        rest = [name for name in names if name not in known]
        if call in outcomes.users:
            program = PROGRAMS[outcomes.users[call][0]]
            known |= _ignored(program, folder, kind, call, [name for name in rest if name in IGNORED])
        elif known:
            known |= dict.fromkeys(rest, known[""])  # the whole call is refused
        found.missing += [f"{kind}.{call}({name})" for name in names if name not in known]
        states.update({(call, name): known[name] for name in names if name in known})


def _ignored(program: Program, folder: Path, kind: str, call: str, names: list[str]) -> dict[str, State]:
    """The states of arguments that change nothing, if that is true: all at once, else each by itself."""
    if not names:
        return {}
    path = folder / f"{kind} {call} {names[0]} {len(names)}.db"
    state = try_with(program, path, kind, call, {name: IGNORED[name].value for name in names})
    if state is WORKS:
        return {name: State("ignored", IGNORED[name].reason) for name in names}
    if len(names) == 1:
        return {names[0]: state}
    return {
        name: state for one in names for name, state in _ignored(program, folder, kind, call, [one]).items()
    }
