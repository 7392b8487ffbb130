"""``milvus-store import`` and ``export``: rows from and to files of other formats."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ..errors import ParamError
from ..transfer import Embedding, PlannedImport, export_rows, import_rows
from ..transfer.exporting import FORMATS as EXPORTS
from ..transfer.inferring import shown_schema
from ..transfer.record_files import FORMATS as IMPORTS
from .arguments import Commands, add_db
from .output import counted
from .progress import ProgressDisplay, gone_on, interruptible

_TOKEN = "MILVUS_STORE_TOKEN"


def add_to(commands: Commands) -> None:
    importing = commands.add_parser(
        "import",
        help="import rows from files, databases and other vector stores",
        description="Import rows of Parquet, Arrow, JSON, CSV, numpy, SQLite or DuckDB, of Chroma, LanceDB, "
        "Qdrant's local mode, LangChain's FAISS store or a dump with pgvector into a collection, which is "
        "made if there is none; the types of its fields are "
        "told from the file and shown. Rows that are not taken go to a file, with line number and reason. An "
        "import that was broken off goes on where it was. The token of a server is read from the variable "
        f"{_TOKEN}.",
    )
    importing.add_argument("source", metavar="SOURCE", help="a file, or a folder of .npy files or of a store")
    importing.add_argument(
        "target", metavar="TARGET", help="a database file, made if there is none, or a server"
    )
    importing.add_argument("collection", metavar="COLLECTION")
    add_db(importing)
    importing.add_argument("--format", choices=IMPORTS, help="by default what the file looks like")
    importing.add_argument("--table", metavar="NAME", help="of a database: a table, or a query")
    importing.add_argument(
        "--from-collection", metavar="NAME", help="of another vector store: a collection, table or index"
    )
    importing.add_argument(
        "--key", metavar="COLUMN", help="the primary key; by default a column called id or pk"
    )
    importing.add_argument(
        "--type", action="append", default=[], metavar="COLUMN=TYPE", help="such as text=VARCHAR(200)"
    )
    importing.add_argument(
        "--metric", metavar="METRIC", help="of dense vectors; by default the source's, else COSINE"
    )
    importing.add_argument(
        "--embed", metavar="MODULE:FUNCTION", help="takes a list of texts, and gives vectors"
    )
    importing.add_argument("--embed-from", default="text", metavar="COLUMN", help="by default text")
    importing.add_argument("--embed-to", default="vector", metavar="FIELD", help="by default vector")
    importing.add_argument(
        "--refused", metavar="FILE", help="for rows that are not taken; by default beside SOURCE"
    )
    importing.add_argument("--dry-run", action="store_true", help="show the fields, and write nothing")
    importing.set_defaults(run=run_import)

    exporting = commands.add_parser(
        "export",
        help="export rows to Parquet, Arrow, JSON, CSV or numpy",
        description="Write the rows of a collection to a file. Parquet has the layout of Milvus's bulk import. "
        f"The token of a server is read from the variable {_TOKEN}.",
    )
    exporting.add_argument("source", metavar="SOURCE", help="a database file, or a server")
    exporting.add_argument("collection", metavar="COLLECTION")
    exporting.add_argument("target", metavar="TARGET", help="the file, or a new folder for numpy")
    add_db(exporting)
    exporting.add_argument("--format", choices=EXPORTS, help="by default as TARGET ends")
    exporting.add_argument("--fields", nargs="+", default=[], metavar="FIELD", help="by default all")
    exporting.add_argument(
        "--filter", default="", metavar="FILTER", help="rows that match; by default every one"
    )
    exporting.add_argument(
        "--param", action="append", default=[], metavar="NAME=JSON", help="the value of {NAME} in the filter"
    )
    exporting.add_argument(
        "--partition", nargs="+", default=[], metavar="NAME", help="rows of these; by default all"
    )
    exporting.add_argument("--overwrite", action="store_true", help="replace TARGET")
    exporting.set_defaults(run=run_export)


def run_import(arguments: argparse.Namespace) -> int:
    with ProgressDisplay() as progress, interruptible(lambda: gone_on("imported", progress)):
        imported = import_rows(
            arguments.source,
            arguments.target,
            arguments.collection,
            format=arguments.format,
            table=arguments.table,
            from_collection=arguments.from_collection,
            types=dict(map(_column_and_type, arguments.type)),
            primary_key=arguments.key,
            metric_type=arguments.metric,
            embedding=_embedding(arguments),
            target_db=arguments.db,
            target_token=os.environ.get(_TOKEN, ""),
            refused_file=arguments.refused,
            dry_run=arguments.dry_run,
            progress=progress,
            planned=_show_plan,
        )
    if not arguments.dry_run:
        print(f"imported {counted(imported.rows, 'row')}")
    if imported.refused:
        print(f"{counted(imported.refused, 'row')} not taken: see {imported.refused_file}")
    return 1 if imported.refused else 0


def run_export(arguments: argparse.Namespace) -> int:
    with (
        interruptible(lambda: f"nothing is exported to {arguments.target}"),
        ProgressDisplay() as progress,
    ):
        rows = export_rows(
            arguments.source,
            arguments.collection,
            arguments.target,
            format=arguments.format,
            fields=arguments.fields,
            filter=arguments.filter,
            filter_params=dict(map(_name_and_value, arguments.param)),
            partitions=arguments.partition,
            source_db=arguments.db,
            source_token=os.environ.get(_TOKEN, ""),
            overwrite=arguments.overwrite,
            progress=progress,
        )
    print(f"exported {counted(rows, 'row')} to {arguments.target}")
    return 0


def _show_plan(plan: PlannedImport) -> None:
    begun = ", begun before" if plan.goes_on else ""
    rows = "" if plan.rows is None else f", {counted(plan.rows, 'row')} to read"
    print(f"{plan.collection}: {'a new collection' if plan.is_new else 'there already'}{rows}{begun}")
    for line in shown_schema(plan.schema):
        print(f"  {line}")


def _column_and_type(given: str) -> tuple[str, str]:
    column, is_one, kind = given.partition("=")
    if not is_one:
        raise ParamError(message=f"--type must be COLUMN=TYPE, got {given!r}")
    return column, kind


def _name_and_value(given: str) -> tuple[str, Any]:
    name, _, text = given.partition("=")
    try:
        return name, json.loads(text)
    except ValueError:
        raise ParamError(message=f"--param must be NAME=JSON, such as 'year=1990', got {given!r}") from None


def _embedding(arguments: argparse.Namespace) -> Embedding | None:
    if arguments.embed is None:
        return None
    return Embedding(_function(arguments.embed), arguments.embed_from, arguments.embed_to)


def _function(named: str) -> Callable[[list[str]], Any]:
    """The function ``MODULE:FUNCTION``; modules are looked for in the working directory, too."""
    module, is_one, name = named.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")
    found = getattr(import_module(module), name, None) if is_one else None
    if not callable(found):
        raise ParamError(message=f"--embed must be MODULE:FUNCTION, got {named!r}")
    return found  # type: ignore[no-any-return]  # what it takes and gives is seen when it is called
