"""``milvus-store index``: build the indexes of a file, or bring them up to date, in the foreground."""

from __future__ import annotations

import argparse

from .. import MilvusClient
from .arguments import Commands, add_db, add_file, each_collection, existing
from .output import counted
from .progress import ProgressDisplay, interruptible


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "index",
        help="build indexes, or bring them up to date",
        description="Build the vector indexes of collections, or bring them up to date, and keep them in the "
        "file. Programs that use the file do so by themselves when no write is under way; this does it now.",
    )
    add_file(command)
    command.add_argument(
        "collections", nargs="*", metavar="COLLECTION", help="by default all, of every database"
    )
    add_db(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    with MilvusClient(existing(arguments.file), db_name=arguments.db) as client:
        for name in arguments.collections:
            client.describe_collection(name)  # all exist, or the command does nothing
        for name in each_collection(client, arguments.collections, arguments.db):
            for index in client.list_indexes(name):
                _build(client, name, index)
    return 0


def _build(client: MilvusClient, collection: str, index: str) -> None:
    with (
        interruptible(
            lambda: f"{collection}, index {index}, is as it was; those listed above are up to date"
        ),
        ProgressDisplay() as progress,
    ):
        client.build_index(collection, index, progress=progress)
    found = client.describe_index(collection, index)
    if "metric_type" not in found:
        return  # an index on scalars needs no build
    rows = counted(found["total_rows"], "row")
    if progress.latest is not None:
        state = f"{found['indexed_rows']:,} of {rows} indexed"
    else:
        state = f"{rows}, nothing to do"
    print(f"{collection}, index {index} ({found['index_type']}): {state}")
