"""``milvus-store check``: whether a file is sound. The exit code says it as well: 0 yes, 1 no."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from milvus_store_lite import Report, check_file

from .arguments import Commands, add_file, add_json, existing
from .output import counted, print_json
from .progress import ProgressDisplay, interruptible


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "check",
        help="check that a file is sound",
        description="Check every page, index and invariant of a file, which may be in use. The file stays "
        "unchanged. Exits with 0 if the file is sound, 1 if not.",
    )
    add_file(command)
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    path = existing(arguments.file)
    with interruptible(lambda: f"{path} is not checked"), ProgressDisplay() as progress:
        report = check_file(path, progress)
    if arguments.json:
        print_json({"ok": report.is_sound, **asdict(report)})
    else:
        _print(report)
    return 0 if report.is_sound else 1


def _print(report: Report) -> None:
    holds = f"{counted(report.collections, 'collection')}, {counted(report.rows, 'row')}"
    if report.is_sound:
        print(f"ok: {holds}")
        return
    for problem in report.problems:
        print(problem)
    print(f"{counted(len(report.problems), 'problem')} in {report.path} ({holds})")
    print("'milvus-store recover FILE NEW' writes every sound row to a new file")
