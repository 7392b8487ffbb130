"""Fills a builder with stored values, some rows at a time, each checked to be that row's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from .column import BoolArray
from .snapshot import AnyColumn, Key
from .vector_form import VectorBuilder


class Builder(Protocol):
    """The interface of builders for the cache."""

    def append(self, values: Sequence[Any], /) -> None: ...
    def view(self) -> AnyColumn: ...


def fill(
    builder: Builder,
    key: Key,
    reader: CollectionReader,
    after: int,
    seqs: npt.NDArray[np.int64],
    alive: BoolArray | None,
    subset: RowSubset | None,
    rows: int,
) -> Iterator[int]:
    """Append the values of the slots ``seqs``, all rows beyond ``after``; None where one is not alive.

    Args:
        rows: how many to read at a time.

    Yields:
        How many of the slots are filled, after each step.

    Raises:
        DatabaseCorruptError: the file does not hold one good value for each of the rows.
    """
    live = np.arange(len(seqs)) if alive is None else np.flatnonzero(alive)
    filled = start = 0
    try:
        for values in _values(
            isinstance(builder, VectorBuilder), key, reader, after, seqs[live], subset, rows
        ):
            slots = live[start : start + len(values)]
            end = int(slots[-1]) + 1
            builder.append(spread(values, slots - filled, end - filled))
            start, filled = start + len(values), end
            yield filled
        if start != len(live):
            raise ValueError(f"{len(live)} rows have {start} values")
        if filled < len(seqs):
            builder.append([None] * (len(seqs) - filled))
            yield len(seqs)
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise reader.layout.corrupt(f"values of field '{key.field}'", error) from error


def _values(
    is_vector: bool,
    key: Key,
    reader: CollectionReader,
    after: int,
    live: npt.NDArray[np.int64],
    subset: RowSubset | None,
    rows: int,
) -> Iterator[Sequence[Any]]:
    """The stored values of the rows ``live``, at least one at a time."""
    if not is_vector:
        yield from reader.rows.chunks(key.field, live, rows, after, subset)
        return
    start = 0
    for chunk in reader.vectors.chunks(key.field, after, rows, subset):
        yield blobs_of(chunk, live[start : start + len(chunk[0])])
        start += len(chunk[0])


def blobs_of(found: tuple[list[int], list[bytes | None]], seqs: npt.NDArray[np.int64]) -> list[bytes | None]:
    """The vectors of ``found``, (seqs, vectors), which must be those of the rows ``seqs``."""
    if found[0] != seqs.tolist():
        raise ValueError("a row has no vector, or a vector has no row")
    return found[1]


def spread(values: Sequence[Any], places: npt.NDArray[np.int64], count: int) -> Sequence[Any]:
    """``values`` at ``places`` among ``count``, with None elsewhere."""
    if len(values) == count:
        return values
    everything: list[Any] = [None] * count
    for place, value in zip(places.tolist(), values, strict=True):
        everything[place] = value
    return everything
