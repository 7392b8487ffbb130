"""Completion and inspection: what the grammar allows at the cursor, and what the word there means."""

from __future__ import annotations

import re
from typing import Final

from milvus_store.legacy import IndexType, MetricType

from .help_texts import about
from .parse import ANY_NAME, expected_after, keywords
from .session import Session

_WORD_BEFORE: Final = re.compile(r"[\w-]*\Z")
_WORD_AFTER: Final = re.compile(r"\w*")
_FROM: Final = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_OPTION_VALUE: Final = re.compile(r"\b(index_type|metric_type)\s*=\s*'\Z", re.IGNORECASE)
_VALUES: Final = {"index_type": IndexType, "metric_type": MetricType}
_OPTIONS: Final = {
    "create table": ("dimension", "index_file_size", "metric_type"),
    "create collection": ("dimension", "metric_type", "auto_id", "id_type", "max_length"),
    "create partition": ("partition_tag",),
    "drop partition": ("partition_tag",),
    "create index": (
        *("index_type", "nlist", "m", "M", "efConstruction", "n_trees"),
        *("search_length", "out_degree", "candidate_pool_size", "knng"),
    ),
    "insert": ("partition_tag",),
    "select": ("top_k", "partition_tags", "nprobe", "ef", "search_k", "search_length"),
}
_FILTER_WORDS: Final = ("and", "or", "not", "in", "like", "is", "null")


def complete(cell: str, cursor: int, session: Session) -> tuple[list[str], int]:
    """(completions of the word before the cursor, the offset where that word begins)."""
    match = _WORD_BEFORE.search(cell, 0, cursor)
    start = match.start() if match else cursor
    word, before = cell[start:cursor], cell[:start]
    statement = before[before.rfind(";") + 1 :]
    quoted = _OPTION_VALUE.search(before)
    if quoted:
        found = [name for name in _VALUES[quoted[1].lower()].__members__ if name != "INVALID"]
    else:
        found = _possible(before, statement, cell[start:], session)
    matching = [name for name in dict.fromkeys(found) if name.lower().startswith(word.lower())]
    return matching, start


def _possible(before: str, statement: str, after: str, session: Session) -> list[str]:
    expected = expected_after(before)
    words = keywords()
    found = sorted(words[name] for name in expected if name in words)
    if "COLLECTION" in expected:
        found = session.collections() + found
    if "OPTION" in expected:
        found += _options(statement)
    if "FIELD" in expected or "FILTER" in expected:
        found = [*session.fields(_collection(statement, after)), *found]
        if statement.split() == ["select"]:  # a collection may follow as well: select T by id=1
            found += session.collections()
    if "FILTER" in expected:
        found += _FILTER_WORDS
    if "COUNT" in expected:
        found.append("count(*)")
    return found


def _collection(statement: str, after: str) -> str | None:
    """The collection that the statement around the cursor names, if any."""
    match = _FROM.search(statement) or _FROM.search(after.split(";", 1)[0])
    return match[1] if match else None


def _options(statement: str) -> list[str]:
    begun = " ".join(statement.lower().split())
    return [name for beginning, names in _OPTIONS.items() if begun.startswith(beginning) for name in names]


def inspect(cell: str, cursor: int, session: Session) -> str | None:
    """A description of the word at the cursor: a statement's keyword, a collection or a field."""
    match = _WORD_BEFORE.search(cell, 0, cursor)
    start = match.start() if match else cursor
    rest = _WORD_AFTER.match(cell, cursor)
    word = cell[start : rest.end() if rest else cursor]
    if not word:
        return None
    if expected_after(cell[:start]) & ANY_NAME or word not in keywords().values():
        if word in session.collections():
            fields = session.fields(word)
            return "\n".join([f"collection {word}", *(f"  {name}: {kind}" for name, kind in fields.items())])
        kind = session.fields(_collection(cell[:start], cell[start:])).get(word)
        if kind is not None:
            return f"field {word}: {kind}"
    return about(word)
