"""Parse tree to statements. Values are turned into Python's here, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from lark import Token, Transformer, Tree, v_args
from lark.exceptions import VisitError

from . import statements as said
from .errors import CellError
from .statements import Filter, Nearest, Option, Options, Ordering, Statement, Vector

T = TypeVar("T")


def read_script(script: Tree[Token]) -> Iterator[Statement]:
    """The statements of a parse tree, one after the other.

    Raises:
        CellError: a parameter is given twice.
    """
    for part in script.children:
        if isinstance(part, Tree):
            try:
                yield _Reading().transform(part)
            except VisitError as error:
                if isinstance(error.orig_exc, CellError):
                    raise error.orig_exc from None
                raise


def _without_none(values: list[T | None]) -> tuple[T, ...]:
    return tuple(value for value in values if value is not None)


def _number(token: Token) -> int | float:
    text = str(token)
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


@v_args(meta=True)
class _Reading(Transformer[Token, Any]):
    def connect(self, meta: Any, parts: list[Token]) -> Statement:
        (given,) = parts
        uri = _unquoted(given) if given.type == "QUOTED" else str(given)
        return said.Connect(meta.start_pos, uri)

    def create_table(self, meta: Any, parts: list[Any]) -> Statement:
        return said.CreateTable(meta.start_pos, str(parts[0]), parts[1])

    def create_collection(self, meta: Any, parts: list[Any]) -> Statement:
        return said.CreateCollection(meta.start_pos, str(parts[0]), parts[1])

    def drop_table(self, meta: Any, parts: list[Any]) -> Statement:
        return said.DropTable(meta.start_pos, str(parts[0]))

    def list_tables(self, meta: Any, parts: list[Any]) -> Statement:
        return said.ListTables(meta.start_pos)

    def create_partition(self, meta: Any, parts: list[Any]) -> Statement:
        return said.CreatePartition(meta.start_pos, str(parts[0]), parts[1])

    def drop_partition(self, meta: Any, parts: list[Any]) -> Statement:
        return said.DropPartition(meta.start_pos, str(parts[0]), parts[1])

    def list_partitions(self, meta: Any, parts: list[Any]) -> Statement:
        return said.ListPartitions(meta.start_pos, str(parts[0]))

    def create_index(self, meta: Any, parts: list[Any]) -> Statement:
        return said.CreateIndex(meta.start_pos, str(parts[0]), parts[1])

    def drop_index(self, meta: Any, parts: list[Any]) -> Statement:
        return said.DropIndex(meta.start_pos, str(parts[0]))

    def flush(self, meta: Any, parts: list[Any]) -> Statement:
        return said.Flush(meta.start_pos, tuple(map(str, _without_none(parts))))

    def compact(self, meta: Any, parts: list[Any]) -> Statement:
        return said.Compact(meta.start_pos, str(parts[0]))

    def insert(self, meta: Any, parts: list[Any]) -> Statement:
        vectors, collection, options, ids = parts
        return said.Insert(meta.start_pos, str(collection), vectors, options or {}, ids)

    def insert_rows(self, meta: Any, parts: list[Any]) -> Statement:
        return said.InsertRows(meta.start_pos, str(parts[0]), tuple(parts[1:]))

    def search(self, meta: Any, parts: list[Any]) -> Statement:
        vectors, collection, options = parts
        return said.Search(meta.start_pos, str(collection), vectors, options or {})

    def select_ids(self, meta: Any, parts: list[Any]) -> Statement:
        return said.SelectIds(meta.start_pos, str(parts[0]), parts[1])

    def select_rows(self, meta: Any, parts: list[Any]) -> Statement:
        fields, collection, nearest, text, order, limit = parts
        return said.SelectRows(
            meta.start_pos,
            str(collection),
            fields,
            nearest,
            None if text is None else _filter(text),
            order or (),
            *(limit or (None, 0)),
        )

    def fields(self, _: Any, parts: list[Token]) -> tuple[str, ...]:
        return ("count(*)",) if parts[0].type == "COUNT" else tuple(map(str, parts))

    def nearest(self, _: Any, parts: list[Any]) -> Nearest:
        vectors, field = parts
        return Nearest(vectors, None if field is None else str(field))

    def order(self, _: Any, parts: list[Any]) -> tuple[Ordering, ...]:
        return tuple(parts)

    def ordering(self, _: Any, parts: list[Any]) -> Ordering:
        field, direction = parts
        return Ordering(str(field), direction is not None and direction.type == "DESCENDING")

    def limit(self, _: Any, parts: list[Any]) -> tuple[int, int]:
        limit, offset = parts
        return int(limit), int(offset or 0)

    def delete_ids(self, meta: Any, parts: list[Any]) -> Statement:
        return said.DeleteIds(meta.start_pos, str(parts[0]), parts[1])

    def delete_rows(self, meta: Any, parts: list[Any]) -> Statement:
        return said.DeleteRows(meta.start_pos, str(parts[0]), _filter(parts[1]))

    def describe(self, meta: Any, parts: list[Any]) -> Statement:
        return said.Describe(meta.start_pos, str(parts[0]))

    def statistics(self, meta: Any, parts: list[Any]) -> Statement:
        return said.Statistics(meta.start_pos, str(parts[0]))

    def help(self, meta: Any, parts: list[Any]) -> Statement:
        (topic,) = parts
        return said.Help(meta.start_pos, None if topic is None else str(topic).lstrip("- \t").lower())

    def by_id(self, _: Any, parts: list[Token]) -> tuple[int, ...]:
        return tuple(map(int, parts))

    def options(self, _: Any, parts: list[tuple[str, Option]]) -> Options:
        options: dict[str, Option] = {}
        for name, option in parts:
            if name in options:
                raise CellError("SyntaxError", f"{name} is given twice", option.at)
            options[name] = option
        return options

    def option(self, _: Any, parts: list[Any]) -> tuple[str, Option]:
        name, *values = parts
        return str(name), Option(values[0] if len(values) == 1 else tuple(values), name.start_pos)

    def vectors(self, _: Any, parts: list[Any]) -> tuple[Vector, ...]:
        return tuple(bytes.fromhex(part[2:-1]) if isinstance(part, Token) else part for part in parts)

    def numbers(self, _: Any, parts: list[Token]) -> tuple[float, ...]:
        return tuple(map(float, parts))

    def object(self, _: Any, parts: list[Any]) -> dict[str, Any]:
        return dict(parts)

    def pair(self, _: Any, parts: list[Any]) -> tuple[str, Any]:
        return json.loads(parts[0]), parts[1]

    def array(self, _: Any, parts: list[Any]) -> list[Any]:
        return parts

    def number(self, _: Any, parts: list[Token]) -> int | float:
        return _number(parts[0])

    def quoted(self, _: Any, parts: list[Token]) -> str:
        return _unquoted(parts[0])

    def json_text(self, _: Any, parts: list[Token]) -> str:
        text: str = json.loads(parts[0], strict=False)
        return text

    def true(self, *_: Any) -> bool:
        return True

    def false(self, *_: Any) -> bool:
        return False

    def null(self, *_: Any) -> None:
        return None


def _unquoted(token: Token) -> str:
    return str(token)[1:-1].replace("''", "'")


def _filter(token: Token) -> Filter:
    return Filter(str(token).rstrip(), token.start_pos or 0)
