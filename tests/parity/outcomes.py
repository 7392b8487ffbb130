"""Programs, run on a file, and what that shows of the calls and arguments that they use."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pymilvus

from milvus_store import AsyncMilvusClient, MilvusClient, UnknownOptionWarning
from milvus_store.errors import MilvusException

from .arguments import COMMON
from .surface import CLIENTS, arguments

Program = Callable[[Any], object]
"""Uses a client as pymilvus's users do, and asserts what comes of it."""

OURS: Final[Mapping[str, Callable[..., Any]]] = {
    "MilvusClient": MilvusClient,
    "AsyncMilvusClient": AsyncMilvusClient,
}


class State(NamedTuple):
    """What a file does with something of pymilvus: it works, is ignored or refused, and why."""

    is_: str
    reason: str = ""


WORKS: Final = State("works")
IGNORED: Final = State("ignored", "with a warning")

Argument = tuple[str, str]
"""The name of a call and of one of its arguments; an empty one is for the call itself."""


@dataclass
class Outcomes:
    """What was found.

    Args:
        of_arguments: each → its state: it works if a program that used it came to its end.
        of_programs: each by its name → the state that ended it.
        users: each call → the names of programs that make it with success.
    """

    of_arguments: dict[Argument, State] = field(default_factory=dict)
    of_programs: dict[str, State] = field(default_factory=dict)
    users: dict[str, list[str]] = field(default_factory=dict)


class Recorder:
    """A client that notes which calls are made with which arguments. It takes its calls without ``await``.

    Args:
        kind: the name of the class.
        more: the arguments that every call of ``to`` gets as well.
    """

    def __init__(self, kind: str, path: Path, to: str, more: Mapping[str, Any]) -> None:
        self._kind, self._to, self._more = kind, to, more
        self._loop = asyncio.new_event_loop()
        self._client = OURS[kind](str(path), durability="normal")
        self.used: set[Argument] = set()
        self.last: list[Argument] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        described = getattr(CLIENTS[self._kind], name, None)
        if described is None:
            raise MilvusException(message=f"pymilvus's {self._kind} has no {name}()")
        signature = inspect.signature(described)
        known = arguments(self._kind, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            kwargs = {**{key: value for key, value in COMMON.items() if key in known}, **kwargs}
            if name == self._to:
                kwargs |= self._more
            given = signature.bind(
                *([] if inspect.ismethod(described) else [None]), *args, **kwargs
            ).arguments
            names = [*given, *given.get("kwargs", {})]
            self.last = [(name, ""), *((name, one) for one in names if one not in ("self", "kwargs"))]
            result = self.run(getattr(self._client, name)(*args, **kwargs))
            self.used.update(self.last)
            return Pages(result, self) if name.endswith("_iterator") else result

        return call

    def run(self, result: Any) -> Any:
        return self._loop.run_until_complete(result) if inspect.isawaitable(result) else result

    def end(self) -> None:
        self.run(self._client.close())
        self._loop.close()


class Pages:
    """Pages of rows, of which an asynchronous client's are awaited."""

    def __init__(self, pages: Any, client: Recorder) -> None:
        self._pages, self._client = pages, client

    def all(self) -> list[Any]:
        rows: list[Any] = []
        while page := self._client.run(self._pages.next()):
            rows += page
        self._client.run(self._pages.close())
        return rows


def try_all(
    programs: Mapping[str, Program], folder: Path, kind: str = "MilvusClient", *, one_file: bool = False
) -> Outcomes:
    """Run ``programs``, each on a file of its own, or all on one that keeps what they share."""
    found = Outcomes()
    refusals: dict[Argument, State] = {}
    for number, (name, program) in enumerate(programs.items()):
        recorder, state = _run(program, folder / f"{kind}{0 if one_file else number}.db", kind)
        found.of_programs[name] = state
        found.of_arguments.update(dict.fromkeys(recorder.used, WORKS))
        for call in {call for call, _ in recorder.used}:
            found.users.setdefault(call, []).append(name)
        if state is not WORKS:
            refusals.update(dict.fromkeys(recorder.last, state))
    for argument, state in refusals.items():
        found.of_arguments.setdefault(argument, state)
    return found


def try_with(program: Program, path: Path, kind: str, call: str, more: Mapping[str, Any]) -> State:
    """Whether ``program`` comes to the same when each ``call`` gets the arguments ``more``."""
    recorder, state = _run(program, path, kind, call, more)
    if state is WORKS:
        assert {(call, name) for name in more} <= recorder.used, f"the program does not call {call}()"
    return state


def _run(
    program: Program, path: Path, kind: str, to: str = "", more: Mapping[str, Any] = {}
) -> tuple[Recorder, State]:
    recorder = Recorder(kind, path, to, more)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", UnknownOptionWarning)  # nobody knows what it does
            program(recorder)
    except (MilvusException, pymilvus.MilvusException) as error:
        return recorder, State("refused", error.message)
    except UnknownOptionWarning as warning:
        is_of_call = "ignores the argument" in str(warning)
        return recorder, IGNORED if is_of_call else State("refused", str(warning))
    finally:
        recorder.end()
    return recorder, WORKS
