"""``milvus-store query`` and ``search``: rows as JSON, one on each line.

Vectors are left out unless ``--fields`` names them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from milvus_store_lite import DYNAMIC_FIELD

from .. import DataType, MilvusClient
from ..errors import ParamError
from .arguments import Commands, add_db, add_file, add_json, existing
from .output import print_json
from .queries import fitting, primary_key, read_query


def add_to(commands: Commands) -> None:
    query = commands.add_parser(
        "query",
        help="print rows that match a filter",
        description="Print the rows that match a filter, one JSON object on each line.",
        epilog="example: milvus-store query demo.db docs 'year >= 1990 and color == \"red\"' --limit 5",
    )
    _add_common(query, 100)
    query.add_argument("filter", metavar="FILTER", help="a filter expression; '' for every row")
    query.set_defaults(run=run_query)

    search = commands.add_parser(
        "search",
        help="print the rows nearest to a vector or text",
        description="Print the rows nearest to a vector, a text or a row, nearest first, one JSON object on each "
        "line.",
        epilog="examples: milvus-store search demo.db docs '[0.1, 0.7, 0.2]' --filter 'year > 1990'; "
        "milvus-store search demo.db docs 'red shoes'; milvus-store search demo.db docs --id 7",
    )
    _add_common(search, 10)
    search.add_argument(
        "query",
        nargs="?",
        metavar="QUERY",
        help='a JSON list of numbers; an object such as {"3": 0.5} for a sparse vector; any other text for a full '
        "text field; @FILE reads it from a file (JSON, text or .npy), - from standard input",
    )
    search.add_argument("--id", metavar="ID", help="search by the vector of the row with this primary key")
    search.add_argument("--filter", default="", metavar="FILTER", help="search among matching rows only")
    search.add_argument(
        "--anns-field", default="", metavar="NAME", help="the vector field, if there are several"
    )
    search.set_defaults(run=run_search)


def _add_common(command: argparse.ArgumentParser, limit: int) -> None:
    add_file(command)
    command.add_argument("collection", metavar="COLLECTION")
    command.add_argument(
        "--fields",
        metavar="A,B",
        help="fields to print (default: all but vectors; * for all, count(*) to count)",
    )
    command.add_argument(
        "--limit", type=int, default=limit, metavar="N", help="rows at most (default: %(default)s)"
    )
    add_db(command)
    add_json(command, "print one JSON list instead of lines")


def run_query(arguments: argparse.Namespace) -> int:
    with MilvusClient(existing(arguments.file), db_name=arguments.db, read_only=True) as client:
        fields = _fields(client, arguments)
        limit = None if fields == ["count(*)"] else arguments.limit
        found = client.query(arguments.collection, arguments.filter, fields, limit=limit)
    _print(found, arguments)
    return 0


def run_search(arguments: argparse.Namespace) -> int:
    given = None if arguments.query is None else read_query(arguments.query)
    if (given is None) == (arguments.id is None):
        raise ParamError(message="search takes either QUERY or --id ID")
    with MilvusClient(existing(arguments.file), db_name=arguments.db, read_only=True) as client:
        described = client.describe_collection(arguments.collection)
        if given is None:
            query: dict[str, Any] = {"ids": [primary_key(described, arguments.id)]}
            field = arguments.anns_field or None
        else:
            field, value = fitting(described, given, arguments.anns_field)
            query = {"data": [value]}
        (hits,) = client.search(
            arguments.collection,
            filter=arguments.filter,
            limit=arguments.limit,
            output_fields=_fields(client, arguments),
            anns_field=field,
            **query,
        )
    _print(hits, arguments)
    return 0


def _fields(client: MilvusClient, arguments: argparse.Namespace) -> list[str]:
    if arguments.fields is not None:
        return [name.strip() for name in arguments.fields.split(",") if name.strip()]
    described = client.describe_collection(arguments.collection)
    names = [field["name"] for field in described["fields"] if not DataType(field["type"]).is_vector]
    return names + ([DYNAMIC_FIELD] if described["enable_dynamic_field"] else [])


def _print(rows: Iterable[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(list(rows))
        return
    for row in rows:
        print_json(row, on_one_line=True)
