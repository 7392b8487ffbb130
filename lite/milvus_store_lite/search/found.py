"""The answers of reading calls: the rows found, and a projection that shows a part of them.

The rows stay in their stored form until the caller reads them: column by column, as a protocol sends them, or row
by row, as most Python programs want them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from ..codec import float_matrix
from ..errors import DatabaseCorruptError
from ..process.stack import with_room
from ..storage.store import CollectionReader
from .highlights import Fragments
from .output import Projection

_DOCUMENTS_AT_ONCE: Final = 1_000
"""Documents parsed as one text: ten take 14 µs so, and 38 µs one after the other."""

Shown = list[Any] | npt.NDArray[np.float32]
"""Values of a field as users see them; vectors of floats, if none is null, as (n, dim)."""

OFFSET: Final = "offset"
"""The key under which a row that stands for one element has its place in the array."""

T = TypeVar("T")


class FoundElements(NamedTuple):
    """Elements of arrays that were found, row by row.

    ``starts``: where those of each row begin in ``offsets``, the places of the elements in the row's array, and
    where the last ones end.
    """

    starts: list[int]
    offsets: list[int]

    def of_rows(self) -> list[list[int]]:
        """The offsets of each row."""
        return [self.offsets[start:end] for start, end in pairwise(self.starts)]


class FoundRows(NamedTuple):
    """Rows in the order of the answer.

    ``stored``: (seq, pk, \\*scalars, dynamic keys if they are shown, what else was read, …) of each. ``vectors``:
    field → seq → bytes.
    ``corrupt``: the error for a row that cannot be shown. ``elements``: the elements that were found, if they are
    what the query is about; else None.
    """

    projection: Projection
    stored: Sequence[tuple[Any, ...]]
    vectors: dict[str, dict[int, bytes | None]]
    corrupt: Callable[[str, Exception], DatabaseCorruptError]
    elements: FoundElements | None = None

    @property
    def pks(self) -> list[Any]:
        """The primary keys of the rows."""
        return [row[1] for row in self.stored]

    def columns(self) -> dict[str, Shown]:
        """The values of each field that is shown, in the order of the schema."""
        return self._shown(self._columns)

    def dynamic(self) -> list[dict[str, Any]] | None:
        """The dynamic keys of each row; None where none are shown."""
        wanted = self.projection.dynamic
        return None if wanted is None else self._shown(lambda: list(self._documents()))

    def dicts(self) -> list[dict[str, Any]]:
        """The rows one by one: field or dynamic key → value; one for each element, if elements were found."""
        rows = self._shown(self._dicts) if self.projection.has_columns else [{} for _ in self.stored]
        if self.elements is None:
            return rows
        return [
            _with_offset(row, offset)
            for row, offsets in zip(rows, self.elements.of_rows(), strict=True)
            for offset in offsets
        ]

    def _shown(self, decode: Callable[[], T]) -> T:
        try:
            return with_room(decode)
        except (KeyError, ValueError, TypeError) as error:
            raise self.corrupt("values of a found row", error) from error

    def _columns(self) -> dict[str, Shown]:
        columns: dict[str, Shown] = {}
        for name, offset, decode in self.projection.plan:
            if offset < 0:
                assert decode is not None, "no user sees a stored vector"
                blobs = [self.vectors[name][row[0]] for row in self.stored]
                matrix = float_matrix(self.projection.schema.by_name[name], blobs)
                columns[name] = list(map(decode, blobs)) if matrix is None else matrix
            else:
                values = [row[offset] for row in self.stored]
                columns[name] = values if decode is None else list(map(decode, values))
        for name, vectors in self.projection.lists.items():
            columns[name] = [
                vectors.added(structs, row[0], self.vectors)
                for structs, row in zip(columns[name], self.stored, strict=True)
            ]
        return columns

    def _dicts(self) -> list[dict[str, Any]]:
        rows = list(map(self._dict, self.stored))
        if self.projection.dynamic is not None:
            for row, document in zip(rows, self._documents(), strict=True):
                row.update(document)
        return rows

    def _dict(self, stored: tuple[Any, ...]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, offset, decode in self.projection.plan:
            if decode is None:
                row[name] = stored[offset]
            elif offset < 0:
                row[name] = decode(self.vectors[name][stored[0]])
            else:
                row[name] = decode(stored[offset])
        for name, vectors in self.projection.lists.items():
            row[name] = vectors.added(row[name], stored[0], self.vectors)
        return row

    def _documents(self) -> Iterator[dict[str, Any]]:
        """The dynamic keys to show of each row."""
        offset = 2 + len(self.projection.scalars)
        return documents(self.projection, [row[offset] for row in self.stored])


class FoundHits(NamedTuple):
    """The answers to some queries, one after another, each of them nearest first.

    ``primary``: the name of the primary key. ``starts``: (q + 1,) where the hits of each query begin in ``pks``
    and ``distances``; these follow Milvus: squared distance for L2, similarity for IP and COSINE. ``rows``: the
    rows that were hit, each once; ``row_of_hit``: the index of each hit's row, None where the hits are the
    rows in their order. Without ``rows``, no fields are shown. ``highlights``: for each field that was looked
    through, the marked fragments of every hit; None if nothing was to be marked. ``offsets``: the place of every
    hit in the array of its row, if single structs were searched for; else None.
    """

    primary: str
    starts: list[int]
    pks: list[Any]
    distances: list[float]
    rows: FoundRows | None = None
    row_of_hit: list[int] | None = None
    highlights: dict[str, list[Fragments]] | None = None
    offsets: list[int] | None = None

    def columns(self) -> dict[str, Shown]:
        """The values of each field that is shown, of every hit."""
        found, rows = {} if self.rows is None else self.rows.columns(), self.row_of_hit
        if rows is None:
            return found
        return {
            name: values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]
            for name, values in found.items()
        }

    def dynamic(self) -> list[dict[str, Any]] | None:
        """The dynamic keys of every hit; None where none are shown."""
        found, rows = None if self.rows is None else self.rows.dynamic(), self.row_of_hit
        return found if found is None or rows is None else [found[row] for row in rows]

    def entities(self) -> list[dict[str, Any]]:
        """What is shown of every hit, a dictionary of its own for each."""
        if self.rows is None:
            return [{} for _ in self.pks]
        found = self.rows.dicts()
        return found if self.row_of_hit is None else [dict(found[row]) for row in self.row_of_hit]


def fetched(
    reader: CollectionReader, projection: Projection, seqs: Sequence[int], further: Sequence[str] = ()
) -> FoundRows:
    """The rows ``seqs``, which all exist, in their order, with what ``projection`` shows.

    ``further``: columns to read after those.
    """
    stored = reader.rows.fetch(seqs, (*projection.columns, *further) if further else projection.columns)
    vectors = {field.name: reader.vectors.fetch(seqs, field.name) for field in projection.vectors}
    return FoundRows(projection, [stored[seq] for seq in seqs], vectors, reader.layout.corrupt)


def _with_offset(row: dict[str, Any], offset: int) -> dict[str, Any]:
    """``row`` with an offset behind the first key, where pymilvus has it; it hides a field of its name."""
    (name, value), *others = row.items()
    return {name: value, OFFSET: offset, **{key: value for key, value in others if key != OFFSET}}


def documents(projection: Projection, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The dynamic keys to show of rows that have these ``texts`` in the dynamic field."""
    wanted = projection.dynamic
    # A field that was added later hides the dynamic key of its name in older rows.
    fields = projection.schema.by_name
    for start in range(0, len(texts), _DOCUMENTS_AT_ONCE):
        for document in json.loads(f"[{','.join(texts[start : start + _DOCUMENTS_AT_ONCE])}]"):
            yield {
                key: value
                for key, value in document.items()
                if key not in fields and (not wanted or key in wanted)
            }
