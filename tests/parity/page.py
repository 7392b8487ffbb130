"""The page of the table: ``python -m tests.parity`` writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .outcomes import OURS, State
from .surface import methods
from .table import Table

PAGE: Final = Path(__file__).parents[2] / "docs" / "parity.md"

PYMILVUS: Final = "3.0.2"

HEAD: Final = f"""\
# What of pymilvus a file has

Everything that pymilvus {PYMILVUS} offers, and what becomes of it on a file. `python -m tests.parity` writes
this page: it reads from pymilvus's source which calls there are and which arguments they take, keywords
included, and then tries each on a file with a small program that checks the result. So an entry works because
a program worked.

`timeout` and `client_request_id`, which every call takes, are accepted and change nothing: no network is
waited for. Arguments that pymilvus's own code gives to itself are left out.
"""

_REASON: Final = 170
"""Characters that a reason may have; a line of the page."""


def page(table: Table) -> str:
    """The whole page."""
    parts = [HEAD, _summary(table), _calls(table)]
    parts += [_features(title, states) for title, states in table.features.items()]
    return "\n".join(parts)


def _summary(table: Table) -> str:
    refused: dict[str, list[str]] = {}
    for kind, states in table.calls.items():
        for (call, argument), state in states.items():
            if state.is_ == "refused" and (not argument or states[call, ""].is_ != "refused"):
                named = f"`{call}({argument})`" if argument else f"`{call}`"
                if kind == "MilvusClient" or table.calls["MilvusClient"].get((call, argument)) != state:
                    refused.setdefault(_reason(state), []).append(named)
    for title, features in table.features.items():
        for name, state in features.items():
            if state.is_ == "refused":
                refused.setdefault(_reason(state), []).append(f"{title.lower()}: `{name}`")
    lines = ["## What is refused", "", "| what | why |", "|---|---|"]
    lines += [f"| {', '.join(dict.fromkeys(names))} | {reason} |" for reason, names in refused.items()]
    return "\n".join(lines) + "\n"


def _calls(table: Table) -> str:
    lines = [
        "## Calls",
        "",
        "Calls of `MilvusClient`. `AsyncMilvusClient` has the same, to be awaited, unless its column differs.",
        "",
        "| call | on a file | `AsyncMilvusClient` | arguments that work | ignored arguments, refused arguments |",
        "|---|---|---|---|---|",
    ]
    calls = dict.fromkeys(call for kind in OURS for call in methods(kind))
    for call in calls:
        kind = "MilvusClient" if (call, "") in table.calls["MilvusClient"] else "AsyncMilvusClient"
        states = {name: state for (one, name), state in table.calls[kind].items() if one == call}
        lines.append(
            f"| `{call}` | {states[''].is_} | {_awaited(table, call, states)} | {_arguments(states)} |"
        )
    return "\n".join(lines) + "\n"


def _awaited(table: Table, call: str, states: Mapping[str, State]) -> str:
    awaited = {name: state for (one, name), state in table.calls["AsyncMilvusClient"].items() if one == call}
    if not awaited:
        return "pymilvus has none"
    differing = [name for name in awaited if awaited[name].is_ != states.get(name, awaited[name]).is_]
    if not differing:
        return "the same"
    return ", ".join(f"`{name or call}`: {awaited[name].is_}" for name in differing)


def _arguments(states: Mapping[str, State]) -> str:
    named = {name: state for name, state in states.items() if name}
    if states[""].is_ == "refused":
        return " | "
    works = ", ".join(f"`{name}`" for name, state in named.items() if state.is_ == "works")
    others = [
        f"`{name}` {state.is_}: {_reason(state)}" for name, state in named.items() if state.is_ != "works"
    ]
    return f"{works} | {'; '.join(others)}"


def _features(title: str, states: Mapping[str, State]) -> str:
    lines = [f"## {title}", "", "| | on a file |", "|---|---|"]
    lines += [f"| {_code(name)} | {_told(state)} |" for name, state in states.items()]
    return "\n".join(lines) + "\n"


def _code(name: str) -> str:
    return f"`{name}`".replace("|", "\\|")


def _told(state: State) -> str:
    return f"{state.is_}: {_reason(state)}" if state.reason else state.is_


def _reason(state: State) -> str:
    """The reason in one line, without what the entry says itself."""
    text = " ".join(state.reason.split()).replace("|", "\\|")
    text = re.sub(r"^\w+\(\) (is not supported on a file|got an unexpected argument '\w+')[:;]? ?", "", text)
    return text if len(text) <= _REASON else text[: _REASON - 1].rsplit(" ", 1)[0] + " …"
