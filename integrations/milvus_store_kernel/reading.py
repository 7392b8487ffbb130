"""Transforms a parse tree into statements, and their values into Python's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from lark import Token, Transformer, Tree, v_args
from lark.exceptions import VisitError

from . import statements
from .errors import CellError
from .statements import (
    Count,
    Filter,
    Nearest,
    Option,
    Options,
    Ordering,
    Row,
    Several,
    Statement,
    Vector,
    Word,
)

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
    return int(_count(token)) if token.lstrip("+-").isdecimal() else float(token)


def _count(token: Token) -> Count:
    if len(token) > _MOST_DIGITS:
        raise CellError(
            "SyntaxError",
            f"a whole number has {_MOST_DIGITS} digits at most, got {len(token)}",
            token.start_pos,
        )
    count = Count(token)
    count.at = token.start_pos or 0
    return count


def _word(token: Token) -> Word:
    word = Word(token)
    word.at = token.start_pos or 0
    return word


def _several(values: Iterable[T], offsets: Iterable[int]) -> Several[T]:
    several = Several(values)
    several.offsets = tuple(offsets)
    return several


def _json_text(token: Token) -> str:
    try:
        text: str = json.loads(token, strict=False)
    except ValueError as error:
        at = (token.start_pos or 0) + getattr(error, "pos", 0)
        raise CellError("SyntaxError", f"the text cannot be read as JSON: {error}", at) from None
    if _LONE_SURROGATE.search(text):
        raise CellError("SyntaxError", "the text has a lone surrogate, which is not text", token.start_pos)
    return text


_MOST_DIGITS: Final = 400
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@v_args(meta=True)
class _Reading(Transformer[Token, Any]):
    def connect(self, meta: Any, parts: list[Token]) -> Statement:
        (given,) = parts
        uri = _unquoted(given) if given.type == "QUOTED" else str(given)
        return statements.Connect(meta.start_pos, uri, given.start_pos or 0)

    def create_table(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.CreateTable(meta.start_pos, _word(parts[0]), parts[1])

    def create_collection(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.CreateCollection(meta.start_pos, _word(parts[0]), parts[1])

    def drop_table(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.DropTable(meta.start_pos, _word(parts[0]))

    def list_tables(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.ListTables(meta.start_pos)

    def create_partition(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.CreatePartition(meta.start_pos, _word(parts[0]), parts[1])

    def drop_partition(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.DropPartition(meta.start_pos, _word(parts[0]), parts[1])

    def list_partitions(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.ListPartitions(meta.start_pos, _word(parts[0]))

    def create_index(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.CreateIndex(meta.start_pos, _word(parts[0]), parts[1])

    def drop_index(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.DropIndex(meta.start_pos, _word(parts[0]))

    def flush(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.Flush(meta.start_pos, tuple(map(_word, _without_none(parts))))

    def compact(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.Compact(meta.start_pos, _word(parts[0]))

    def insert(self, meta: Any, parts: list[Any]) -> Statement:
        vectors, collection, options, ids = parts
        return statements.Insert(meta.start_pos, _word(collection), vectors, options or {}, ids)

    def insert_by_id(self, meta: Any, parts: list[Any]) -> Statement:
        vectors, collection, ids, options = parts
        return statements.Insert(meta.start_pos, _word(collection), vectors, options, ids)

    def insert_rows(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.InsertRows(meta.start_pos, _word(parts[0]), tuple(parts[1:]))

    def search(self, meta: Any, parts: list[Any]) -> Statement:
        vectors, collection, options = parts
        return statements.Search(meta.start_pos, _word(collection), vectors, options or {})

    def select_ids(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.SelectIds(meta.start_pos, _word(parts[0]), parts[1])

    def select_rows(self, meta: Any, parts: list[Any]) -> Statement:
        fields, collection, nearest, text, order, limit = parts
        return statements.SelectRows(
            meta.start_pos,
            _word(collection),
            fields,
            nearest,
            None if text is None else _filter(text),
            order or (),
            *(limit or (None, 0)),
        )

    def fields(self, _: Any, parts: list[Token]) -> tuple[str, ...]:
        return ("count(*)",) if parts[0].type == "COUNT" else tuple(map(_word, parts))

    def nearest(self, _: Any, parts: list[Any]) -> Nearest:
        vectors, field = parts
        return Nearest(vectors, None if field is None else _word(field))

    def order(self, _: Any, parts: list[Any]) -> tuple[Ordering, ...]:
        return tuple(parts)

    def ordering(self, _: Any, parts: list[Any]) -> Ordering:
        field, direction = parts
        return Ordering(_word(field), direction is not None and direction.type == "DESCENDING")

    def limit(self, _: Any, parts: list[Any]) -> tuple[int, int]:
        limit, offset = parts
        return _count(limit), 0 if offset is None else _count(offset)

    def delete_ids(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.DeleteIds(meta.start_pos, _word(parts[0]), parts[1])

    def delete_rows(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.DeleteRows(meta.start_pos, _word(parts[0]), _filter(parts[1]))

    def describe(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.Describe(meta.start_pos, _word(parts[0]))

    def statistics(self, meta: Any, parts: list[Any]) -> Statement:
        return statements.Statistics(meta.start_pos, _word(parts[0]))

    def help(self, meta: Any, parts: list[Any]) -> Statement:
        (topic,) = parts
        return statements.Help(meta.start_pos, None if topic is None else str(topic).lstrip("- \t").lower())

    def by_id(self, _: Any, parts: list[Token]) -> Several[int]:
        return _several((int(_count(part)) for part in parts), [token.start_pos or 0 for token in parts])

    def options(self, _: Any, parts: list[tuple[str, Option]]) -> Options:
        options: dict[str, Option] = {}
        for name, option in parts:
            if name in options:
                raise CellError("SyntaxError", f"{name} is given twice", option.at)
            options[name] = option
        return options

    def option(self, _: Any, parts: list[Any]) -> tuple[str, Option]:
        name, *values = parts
        several = _several((value for value, _ in values), [at for _, at in values])
        return str(name), Option(several if len(values) > 1 else several[0], name.start_pos, values[0][1])

    def option_value(self, meta: Any, parts: list[Any]) -> tuple[Any, int]:
        return parts[0], meta.start_pos

    def vectors(self, _: Any, parts: list[Any]) -> Several[Vector]:
        values = (bytes.fromhex(part[2:-1]) if isinstance(part, Token) else part[0] for part in parts)
        return _several(
            values, [(part.start_pos or 0) if isinstance(part, Token) else part[1] for part in parts]
        )

    def bracketed(self, meta: Any, parts: list[Any]) -> tuple[tuple[float, ...], int]:
        return parts[0][0], meta.start_pos

    def numbers(self, meta: Any, parts: list[Token]) -> tuple[tuple[float, ...], int]:
        return tuple(map(float, parts)), meta.start_pos

    def object(self, meta: Any, parts: list[Any]) -> Row:
        row = Row((name, value) for name, value, _ in parts)
        row.at, row.offsets = meta.start_pos, {name: at for name, _, at in parts}
        return row

    def pair(self, meta: Any, parts: list[Any]) -> tuple[str, Any, int]:
        return _json_text(parts[0]), parts[1], meta.start_pos

    def array(self, _: Any, parts: list[Any]) -> list[Any]:
        return parts

    def number(self, _: Any, parts: list[Token]) -> int | float:
        return _number(parts[0])

    def quoted(self, _: Any, parts: list[Token]) -> str:
        return _unquoted(parts[0])

    def json_text(self, _: Any, parts: list[Token]) -> str:
        return _json_text(parts[0])

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
