"""``milvus-store copy``: collections from a file or server to another one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from ..transfer import CopiedCollection, PlannedCollection, copy
from .arguments import Commands
from .output import counted
from .progress import ProgressDisplay, gone_on, interruptible

_TOKENS = "MILVUS_STORE_SOURCE_TOKEN", "MILVUS_STORE_TARGET_TOKEN"


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "copy",
        help="copy collections between files, servers and data of Milvus Lite",
        description="Copy collections with their rows, indexes, aliases, partitions and properties, and check "
        "the copy. A copy that was broken off goes on where it was when the command is given again. Tokens of "
        f"servers, user:password or an API key, are read from the variables {_TOKENS[0]} and {_TOKENS[1]}.",
    )
    command.add_argument(
        "source", metavar="SOURCE", help="a file, a server's address, or data of Milvus Lite"
    )
    command.add_argument(
        "target", metavar="TARGET", help="a file, which is made if there is none, or a server"
    )
    command.add_argument("--collections", nargs="+", default=[], metavar="NAME", help="by default all")
    command.add_argument("--overwrite", action="store_true", help="replace collections of the target")
    command.add_argument("--dry-run", action="store_true", help="say what would be copied, and write nothing")
    command.add_argument("--source-db", default="", metavar="NAME", help="which database of the source")
    command.add_argument("--target-db", default="", metavar="NAME", help="which database of the target")
    command.add_argument(
        "--journal", metavar="FILE", help="where to note what is done; by default beside TARGET"
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    source_token, target_token = (os.environ.get(name, "") for name in _TOKENS)
    with ProgressDisplay() as progress, interruptible(lambda: gone_on("copied", progress)):
        copied = copy(
            arguments.source,
            arguments.target,
            collections=arguments.collections,
            overwrite=arguments.overwrite,
            dry_run=arguments.dry_run,
            source_db=arguments.source_db,
            target_db=arguments.target_db,
            source_token=source_token,
            target_token=target_token,
            journal=arguments.journal,
            progress=progress,
            planned=_show_plan,
        )
    for one in copied:
        print(_shown(one))
    return 0


def _show_plan(plan: Sequence[PlannedCollection]) -> None:
    for one in plan:
        print(f"{one.name}: {counted(one.rows, 'row')}" + (", begun before" if one.goes_on else ""))
        for change in one.changes:
            print(f"  {change}")
        for refusal in one.refusals:
            print(f"  cannot be copied: {refusal}")


def _shown(one: CopiedCollection) -> str:
    search = " and a search" if one.searched else ""
    return f"copied {one.name}: {counted(one.rows, 'row')}; compared {counted(one.checked, 'row')}{search}"
