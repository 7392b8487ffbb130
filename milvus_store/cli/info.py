"""``milvus-store info``: the contents of a file."""

from __future__ import annotations

import argparse
from typing import Any

from milvus_store_lite import DEFAULT_DATABASE, FORMAT_VERSION, SQLITE_VERSION, DataType, reading_processes

from .. import MilvusClient
from .arguments import Commands, add_db, add_file, add_json, existing
from .output import counted, log_size, print_json, shown_size, size_on_disk

_WIDTH = 96


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "info",
        help="show what a file holds",
        description="Show the size and format of a file, and the fields, indexes and rows of its collections.",
    )
    add_file(command)
    add_db(command)
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    path = existing(arguments.file)
    facts: dict[str, Any] = {"path": path, "size": size_on_disk(path), "format": FORMAT_VERSION}
    facts["sqlite"] = ".".join(map(str, SQLITE_VERSION))
    facts["log"] = {"size": log_size(path), "readers": reading_processes(path)}
    with MilvusClient(path, db_name=arguments.db, read_only=True) as client:
        facts["databases"] = [arguments.db] if arguments.db else client.list_databases()
        facts["collections"] = []
        for database in facts["databases"]:
            client.use_database(database)
            facts["collections"] += [_facts(client, database, name) for name in client.list_collections()]
    if arguments.json:
        print_json(facts)
    else:
        _print(facts)
    return 0


def _facts(client: MilvusClient, database: str, name: str) -> dict[str, Any]:
    described = client.describe_collection(name)
    return {
        "name": name,
        "database": database,
        "rows": client.get_collection_stats(name)["row_count"],
        "load_state": client.get_load_state(name)["state"].name,
        "aliases": described["aliases"],
        "fields": [
            {"name": field["name"], "type": DataType(field["type"]).name, **_options(field)}
            for field in described["fields"]
        ],
        "enable_dynamic_field": described["enable_dynamic_field"],
        "indexes": client._stored_indexes(name),
        "snapshots": client.list_snapshots(name),
    }


def _options(field: dict[str, Any]) -> dict[str, Any]:
    marks = {key: True for key in ("is_primary", "auto_id", "is_partition_key", "nullable") if field.get(key)}
    return {**field.get("params", {}), **marks}


def _print(facts: dict[str, Any]) -> None:
    collections = facts["collections"]
    print(
        f"{facts['path']}: {shown_size(facts['size'])}, format {facts['format']}, "
        f"{counted(len(collections), 'collection')}"
        + (f" in {counted(len(facts['databases']), 'database')}" if len(facts["databases"]) > 1 else "")
    )
    print(f"SQLite {facts['sqlite']}{_shown_bug(SQLITE_VERSION)}")
    if facts["log"]["size"]:
        print(_shown_log(**facts["log"]))
    for collection in collections:
        aliases = f" (alias {', '.join(collection['aliases'])})" if collection["aliases"] else ""
        of = "" if collection["database"] == DEFAULT_DATABASE else f" of database {collection['database']}"
        rows = counted(collection["rows"], "row")
        print(f"\n{collection['name']}{of}{aliases}: {rows}, {collection['load_state']}")
        fields = [_shown_field(field) for field in collection["fields"]]
        if collection["enable_dynamic_field"]:
            fields.append(("$meta", "dynamic field"))
        indexes = [(index["name"], _shown_index(index)) for index in collection["indexes"]]
        _print_table("fields", fields)
        _print_table("indexes", indexes or [("none", "")])
        if collection["snapshots"]:
            _print_table("kept as", [(name, "snapshot") for name in collection["snapshots"]])


def _shown_log(size: int, readers: list[int] | None) -> str:
    """The size of the write-ahead log, and the processes that keep it from being folded into the file."""
    shown = f"write-ahead log: {shown_size(size)}"
    if readers is None:
        return f"{shown}; only Linux tells which process reads, and so keeps it"
    if not readers:
        return shown
    names = " and ".join("one of another container" if reader == 0 else str(reader) for reader in readers)
    return f"{shown}; kept by a reader (an open iterator or a call in progress) in process {names}"


def _shown_bug(version: tuple[int, ...]) -> str:
    """Versions of SQLite that may damage a file when one process writes and another folds the log at the same
    time."""
    is_fixed = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return "" if is_fixed else ", which has the WAL-reset bug that 3.51.3 fixes (https://sqlite.org/wal.html)"


def _shown_field(field: dict[str, Any]) -> tuple[str, str]:
    arguments = [f"{key}={field[key]}" for key in ("dim", "max_length") if key in field]
    kind = field["type"] + (f"({', '.join(arguments)})" if arguments else "")
    marks = {
        "is_primary": "primary key",
        "auto_id": "auto_id",
        "is_partition_key": "partition key",
        "nullable": "nullable",
    }
    return field["name"], ", ".join([kind, *(text for key, text in marks.items() if field.get(key))])


def _shown_index(index: dict[str, Any]) -> str:
    kind = f"{index['type']}, {index['metric']}" if "metric" in index else index["type"]
    if index.get("waiting"):
        kind += f", {counted(index['waiting'], 'row')} not indexed in the file yet: milvus-store index"
    return kind if index["name"] == index["field"] else f"{kind}, on {index['field']}"


def _print_table(title: str, lines: list[tuple[str, str]]) -> None:
    width = min(max(len(name) for name, _ in lines), _WIDTH // 2)
    for index, (name, text) in enumerate(lines):
        head = title if index == 0 else ""
        print(f"  {head:<8}  {name:<{width}}  {text}".rstrip())
