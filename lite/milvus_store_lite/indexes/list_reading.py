"""Lists of vectors as a build reads them from the file: vector by vector, each with the row that has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..codec import vector_lists
from ..schema.fields import Field
from ..storage.index_parts import DamagedIndex
from ..storage.vector_reader import VectorReader

Floats = npt.NDArray[np.float32]
Seqs = npt.NDArray[np.int64]


class Chunk(NamedTuple):
    """The vectors (m, dim) of the rows ``seqs`` (m,) of a field. All rows up to ``through`` have been read."""

    seqs: Seqs
    vectors: Floats
    through: int


_ROWS_AT_ONCE: Final = 64
"""Lists read at a time, some MB of them."""

_SPREAD: Final = 2
"""How many times the vectors that a sample keeps are read for it: more of them would come from more rows."""


def count(field: Field, stored: VectorReader) -> int:
    """How many vectors the lists of ``field`` have together."""
    return stored.bytes_of(field.name) // vector_lists.width_of(field)


def sample(field: Field, stored: VectorReader, seqs: Seqs, size: int) -> Floats:
    """``size`` vectors of the rows ``seqs``, or all if there are fewer."""
    total = count(field, stored)
    rows = min(len(seqs), _SPREAD * size * len(seqs) // max(1, total) + 1)
    chosen = np.sort(np.random.default_rng(len(seqs)).choice(seqs, rows, replace=False))
    found = stored.fetch(chosen.tolist(), field.name)
    vectors = vector_lists.from_blobs(field, list(found.values())).vectors
    return vectors if len(vectors) <= size else vectors[np.arange(size) * len(vectors) // size]


def chunks(field: Field, stored: VectorReader, after: int, through: int, size: int) -> Iterator[Chunk]:
    """The vectors of the rows beyond ``after`` up to ``through``, about ``size`` at a time."""
    seqs: list[Seqs] = []
    vectors: list[Floats] = []
    collected = 0
    for read, blobs in stored.every_chunk(field.name, after, through, _ROWS_AT_ONCE):
        lists = vector_lists.from_blobs(field, blobs)
        seqs.append(np.repeat(np.array(read, dtype=np.int64), np.diff(lists.starts)))
        vectors.append(lists.vectors)
        collected += len(lists.vectors)
        if collected >= size:
            yield Chunk(np.concatenate(seqs), np.concatenate(vectors), read[-1])
            seqs, vectors, collected = [], [], 0
    if collected:
        yield Chunk(np.concatenate(seqs), np.concatenate(vectors), through)


def fetched(field: Field, stored: VectorReader, seqs: Seqs, labels: Seqs) -> tuple[Seqs, Floats]:
    """Those of ``labels`` whose rows still exist, and their vectors; label i is one of row ``seqs[i]``.

    Raises:
        DamagedIndex: a row has fewer vectors than labels.
    """
    rows = seqs[labels]
    found = stored.present(list(dict.fromkeys(rows.tolist())), field.name)
    places = labels - np.searchsorted(seqs, rows)
    kept, vectors = [], []
    for label, row, place in zip(labels.tolist(), rows.tolist(), places.tolist(), strict=True):
        if row in found:
            of_row = vector_lists.from_blobs(field, [found[row]]).vectors
            if place >= len(of_row):
                raise DamagedIndex(f"row {row} has {len(of_row)} vectors")
            kept.append(label)
            vectors.append(of_row[place])
    width = field.vector_dim
    return np.array(kept, dtype=np.int64), np.array(vectors, dtype=np.float32).reshape(-1, width)
