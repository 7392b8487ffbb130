"""``milvus-store compact``, ``backup`` and ``restore``: maintenance of a file."""

from __future__ import annotations

import argparse

from milvus_store_lite import identity_of

from .. import MilvusClient, restore
from .arguments import Commands, add_db, add_file, each_collection, existing
from .output import counted, shown_size, size_on_disk
from .progress import ProgressDisplay, interruptible, of_new


def add_to(commands: Commands) -> None:
    compact = commands.add_parser(
        "compact",
        help="free the space of deleted rows",
        description="Rewrite the rows of collections without the space of deleted ones, and shrink the file.",
    )
    add_file(compact)
    compact.add_argument(
        "collections", nargs="*", metavar="COLLECTION", help="by default all, of every database"
    )
    add_db(compact)
    compact.set_defaults(run=run_compact)

    backup = commands.add_parser(
        "backup",
        help="copy a file that may be in use",
        description="Copy the current state of a database to a new file, while others may read and write it.",
    )
    add_file(backup)
    backup.add_argument("target", metavar="TARGET", help="the copy; must not exist")
    backup.set_defaults(run=run_backup)

    restoring = commands.add_parser(
        "restore",
        help="put a backup in the place of a file",
        description="Check a backup, and put a copy of it in the place of a database file, which others may have "
        "open: their next call says that it was replaced. What the file held is gone, its log included. If the "
        "command fails or is ended, the file is as it was.",
    )
    restoring.add_argument("backup", metavar="BACKUP", help="a database file, which stays as it is")
    restoring.add_argument("file", metavar="FILE", help="the database file to replace; it may be missing")
    restoring.set_defaults(run=run_restore)


def run_compact(arguments: argparse.Namespace) -> int:
    path = existing(arguments.file)
    before = size_on_disk(path)
    with MilvusClient(path, db_name=arguments.db) as client:
        for name in arguments.collections:
            client.describe_collection(name)  # all exist, or the command does nothing
        count, name = 0, ""

        def outcome() -> str:
            done = f"compacted {counted(count, 'collection')}"
            return f"{done}, and not {name}, which has all its rows" if name else done

        with interruptible(outcome):
            for name in each_collection(client, arguments.collections, arguments.db):
                with ProgressDisplay() as progress:
                    client.compact(name, progress=progress)
                count, name = count + 1, ""
    after = size_on_disk(path)
    print(f"compacted {counted(count, 'collection')}: {shown_size(before)} before, {shown_size(after)} now")
    return 0


def run_backup(arguments: argparse.Namespace) -> int:
    path = existing(arguments.file)
    with (
        interruptible(lambda: of_new(arguments.target)),
        MilvusClient(path) as client,
        ProgressDisplay() as progress,
    ):
        client.backup(arguments.target, progress=progress)
    print(f"copied {path} to {arguments.target}: {shown_size(size_on_disk(arguments.target))}")
    return 0


def run_restore(arguments: argparse.Namespace) -> int:
    before = identity_of(arguments.file)

    def outcome() -> str:
        return f"{arguments.file} is {'as it was' if identity_of(arguments.file) == before else 'restored'}"

    with interruptible(outcome), ProgressDisplay() as progress:
        restore(arguments.backup, arguments.file, progress=progress)
    path = existing(arguments.file)
    print(f"restored {path} from {arguments.backup}: {shown_size(size_on_disk(path))}")
    return 0
