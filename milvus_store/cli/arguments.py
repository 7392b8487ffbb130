"""Arguments that several commands share, and the files that they name.

A client creates a missing file. A command never does: the file must exist.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TypeAlias

from milvus_store_lite import require_database

from .. import MilvusClient
from ..backends.address import is_server, local_path
from ..errors import ParamError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""The parsers to which a module adds its commands."""


def add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="the database file")


def add_db(command: argparse.ArgumentParser) -> None:
    command.add_argument("--db", default="", metavar="NAME", help="which of the databases inside the file")


def add_json(command: argparse.ArgumentParser, help: str = "print one JSON document") -> None:
    command.add_argument("--json", action="store_true", help=help)


def each_collection(client: MilvusClient, names: list[str], db: str) -> Iterator[str]:
    """The collections ``names``, by default all; the client is in the database of each when it is yielded.

    Args:
        db: the database; by default, without ``names``, all databases.
    """
    if names or db:
        yield from dict.fromkeys(names) if names else client.list_collections()
        return
    for database in client.list_databases():
        client.use_database(database)
        yield from client.list_collections()


def existing(file: str) -> str:
    """``file``, which holds a database.

    Raises:
        NotADatabaseError, DatabaseFormatError, DatabaseCorruptError: it holds none, or one that cannot be read.
        ParamError: it is the address of a server.
    """
    if is_server(file):
        raise ParamError(message=f"{file} is the address of a server; expected the path of a database file")
    path = local_path(file)
    require_database(path)
    return path
