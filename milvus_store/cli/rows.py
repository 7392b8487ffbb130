"""``milvus-store query`` and ``search``: rows as JSON, one on each line.

Vectors are left out unless ``--fields`` names them: few people read them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from typing import Any

from milvus_store_lite.schema import DYNAMIC_FIELD

from .. import DataType, MilvusClient
from ..errors import ParamError
from .arguments import Commands, add_db, add_file, add_json, existing
from .output import print_json


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
        help="print the rows nearest to a vector",
        description="Print the rows nearest to a vector, nearest first, one JSON object on each line.",
        epilog="example: milvus-store search demo.db docs '[0.1, 0.7, 0.2]' --filter 'year > 1990'",
    )
    _add_common(search, 10)
    search.add_argument(
        "vector", metavar="VECTOR", help="a JSON list of numbers; - reads it from standard input"
    )
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
    vector = _vector(arguments.vector)
    with MilvusClient(existing(arguments.file), db_name=arguments.db, read_only=True) as client:
        (hits,) = client.search(
            arguments.collection,
            [vector],
            filter=arguments.filter,
            limit=arguments.limit,
            output_fields=_fields(client, arguments),
            anns_field=arguments.anns_field or None,
        )
    _print(hits, arguments)
    return 0


def _fields(client: MilvusClient, arguments: argparse.Namespace) -> list[str]:
    if arguments.fields is not None:
        return [name.strip() for name in arguments.fields.split(",") if name.strip()]
    described = client.describe_collection(arguments.collection)
    names = [one["name"] for one in described["fields"] if not DataType(one["type"]).is_vector]
    return names + ([DYNAMIC_FIELD] if described["enable_dynamic_field"] else [])


def _vector(text: str) -> list[Any]:
    if text == "-":
        text = sys.stdin.read()
    try:
        vector = json.loads(text)
    except ValueError as error:
        raise ParamError(
            message=f"VECTOR must be a JSON list of numbers: {error}, got {text!r:.80}"
        ) from None
    if not isinstance(vector, list):
        raise ParamError(message=f"VECTOR must be a JSON list of numbers, got {text!r:.80}")
    return vector


def _print(rows: Iterable[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json(list(rows))
        return
    for row in rows:
        print_json(row, on_one_line=True)
