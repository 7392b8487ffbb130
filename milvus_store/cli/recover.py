"""``milvus-store recover``: write the sound rows of a damaged file to a new one. Exit code 0: all, 1: not all."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from milvus_store_lite import Lost, Recovery, recover_file

from ..backends.address import is_server, local_path
from ..errors import ParamError
from .arguments import Commands, add_json
from .output import counted, print_json
from .progress import interruptible, of_new


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "recover",
        help="save the sound rows of a damaged file",
        description="Write every row whose checksums match to a new file, and list the "
        "others. The damaged file is only read, and must not be in use. A copy of it is made beside the "
        "new one meanwhile. Exits with 0 if nothing is lost, 1 if something is.",
    )
    command.add_argument("damaged", metavar="DAMAGED", help="the database file; its -wal is read too")
    command.add_argument("new", metavar="NEW", help="the new file; must not exist")
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if is_server(arguments.damaged):
        raise ParamError(
            message=f"{arguments.damaged} is the address of a server; expected the path of a database file"
        )
    losses: list[dict[str, Any]] = []

    def show(lost: Lost) -> None:
        if arguments.json:
            losses.append(asdict(lost))
        else:
            print(lost)

    new = local_path(arguments.new)
    with interruptible(lambda: of_new(new)):
        recovery = recover_file(local_path(arguments.damaged), new, show)
    if arguments.json:
        print_json({"ok": recovery.is_complete, **asdict(recovery), "lost": losses})
    else:
        _print(recovery)
    return 0 if recovery.is_complete else 1


def _print(recovery: Recovery) -> None:
    for note in recovery.notes:
        print(note)
    for collection in recovery.collections:
        rows = _counted(collection.written, collection.expected)
        print(f"{collection.collection}: {rows}{_lost(collection.lost, collection.listed)}")
    expected = None
    if all(collection.expected is not None for collection in recovery.collections):
        expected = sum(collection.expected or 0 for collection in recovery.collections)
    print(
        f"recovered {_counted(recovery.written, expected)} to {recovery.target}"
        f"{_lost(recovery.lost, sum(collection.listed for collection in recovery.collections))}"
    )


def _counted(written: int, expected: int | None) -> str:
    """``199,999 of 200,000 rows``."""
    return counted(written, "row") if expected is None else f"{written:,} of {counted(expected, 'row')}"


def _lost(lost: int, listed: int) -> str:
    if not lost:
        return "" if not listed else f"; {listed:,} left out, listed above"
    return f"; {lost:,} lost" + (", listed above" if listed >= lost else f", {listed:,} of them listed above")
