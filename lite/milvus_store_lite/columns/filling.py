"""Fills a builder with stored values, some rows at a time, each checked to be that row's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..storage.row_reader import RowSubset
from ..storage.store import CollectionReader
from ..storage.vector_reader import SeqsAndVectors
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
    *,
    is_beside: bool = False,
) -> Iterator[int]:
    """Append the values of the slots ``seqs``, all rows beyond ``after``; None where one is not alive.

    Args:
        rows: how many to read at a time. is_beside: whether calls go on, and want Python's lock.

    Yields:
        How many of the slots are filled, after each step.

    Raises:
        DatabaseCorruptError: the file does not hold one good value for each of the rows.
    """
    live = np.arange(len(seqs)) if alive is None else np.flatnonzero(alive)
    filled = start = 0
    try:
        if isinstance(builder, VectorBuilder):
            read = reader.vectors.blocks if is_beside else reader.vectors.chunks
            chunks: Iterator[Sequence[Any]] = _of_rows(seqs[live], read(key.field, after, rows, subset))
        else:
            chunks = reader.rows.chunks(key.field, seqs[live], rows, after, subset)
        for values in chunks:
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


def _of_rows(
    seqs: npt.NDArray[np.int64], chunks: Iterator[SeqsAndVectors]
) -> Iterator[Sequence[bytes | None]]:
    """The vectors of ``chunks``, which must be those of the rows ``seqs``."""
    start = 0
    for chunk in chunks:
        yield blobs_of(chunk, seqs[start : start + len(chunk[0])])
        start += len(chunk[0])


def blobs_of(found: SeqsAndVectors, seqs: npt.NDArray[np.int64]) -> list[bytes | None]:
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
