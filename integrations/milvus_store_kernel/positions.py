"""The position in a cell that an error is about.

Errors of the clients name a parameter, a field, a row or a collection. The position is that of the word in the
statement which the message names, the most specific first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from . import statements
from .statements import Row, Several, Statement, Word

_NO_COLLECTION: Final = frozenset({"CollectionNotExistException", "COLLECTION_NOT_EXISTS"})
_ABOUT_A_NAME: Final = re.compile(
    r"\b(unknown|unexpected|did you mean)\b|Invalid \w+ parameter", re.IGNORECASE
)
_SHORT: Final = {"dimension": "dim"}
"""Other names of parameters in messages."""
_ABOUT_VECTORS: Final = re.compile(
    r"\b(vectors?|dimension|dim|records|queries|bits|bytes|numbers)\b", re.IGNORECASE
)
_NUMBERED: Final = re.compile(r"\b(?:row|query|data|vector|record)\w*[ \[]+(\d+)", re.IGNORECASE)


def position_of(statement: Statement, name: str, message: str) -> int:
    """The offset of the word in ``statement`` that the error ``name`` is about, or else of the statement."""
    collection = getattr(statement, "collection", None)
    if name in _NO_COLLECTION:
        named = [collection] if collection is not None else list(getattr(statement, "collections", ()))
        return next((word.at for word in named if _names(message, word)), statement.at)
    return next(_positions(statement, message), statement.at)


def _positions(statement: Statement, message: str) -> Iterator[int]:
    """Offsets of the words that ``message`` names, the most specific first."""
    yield from _of_options(getattr(statement, "options", {}), message)
    if isinstance(statement, statements.InsertRows):
        yield from _of_rows(statement.rows, message)
    for word in _words(statement):
        if _names(message, word):
            yield word.at
    for kind in ("limit", "offset"):
        count = getattr(statement, kind, None)
        if isinstance(count, statements.Count) and _names(message, kind):
            yield count.at
    ids = getattr(statement, "ids", None)
    if isinstance(ids, Several):
        for entity_id, at in zip(ids, ids.offsets, strict=True):
            if _names(message, str(entity_id)):
                yield at
        if _names(message, "ids") or _names(message, "id_array"):
            yield ids.offsets[0]
    nearest = getattr(statement, "nearest", None)
    vectors = getattr(statement, "vectors", None) if nearest is None else nearest.vectors
    if isinstance(vectors, Several) and _ABOUT_VECTORS.search(message):
        yield _numbered(vectors, message)
    if isinstance(statement, statements.Connect):
        yield statement.uri_at
    for word in (getattr(statement, "collection", None), *getattr(statement, "collections", ())):
        if word is not None and _names(message, word):
            yield word.at


def _of_options(options: statements.Options, message: str) -> Iterator[int]:
    values: dict[str, int] = {}
    for option in options.values():
        given = option.value if isinstance(option.value, Several) else (option.value,)
        offsets = option.value.offsets if isinstance(option.value, Several) else (option.value_at,)
        values |= {
            name: at for name, at in zip(given, offsets, strict=True) if isinstance(name, str) and name
        }
    yield from _first_named(values, message)
    about_name = _ABOUT_A_NAME.search(message)
    names = {name: option.at if about_name else option.value_at for name, option in options.items()}
    yield from _first_named(names | {_SHORT[name]: names[name] for name in _SHORT.keys() & names}, message)


def _of_rows(rows: tuple[Row, ...], message: str) -> Iterator[int]:
    number = _NUMBERED.search(message)
    row = rows[int(number[1])] if number and int(number[1]) < len(rows) else rows[0]
    if "missing" not in message:
        yield from _first_named(row.offsets, message)
    if number or len(rows) == 1:
        yield row.at


def _words(statement: Statement) -> Iterator[Word]:
    """Names of fields."""
    if isinstance(statement, statements.SelectRows):
        if statement.nearest is not None and isinstance(statement.nearest.field, Word):
            yield statement.nearest.field
        for name in (*statement.fields, *(term.field for term in statement.order)):
            if isinstance(name, Word):
                yield name


def _numbered(several: Several[object], message: str) -> int:
    """The offset of the value whose number, from 0, the message has, or else of the first."""
    number = _NUMBERED.search(message)
    index = int(number[1]) if number else 0
    return several.offsets[index if index < len(several.offsets) else 0]


def _first_named(offsets: Mapping[str, int], message: str) -> Iterator[int]:
    """The offset of the word that ``message`` names first."""
    found = {word: match.start() for word in offsets if (match := _search(message, word))}
    if found:
        yield offsets[min(found, key=found.__getitem__)]


def _names(message: str, word: str) -> bool:
    return _search(message, word) is not None


def _search(message: str, word: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", message, re.IGNORECASE)
