"""Building an index from the rows in the file, and extending one with rows that came later.

Vectors are streamed: a build holds a training sample in memory, and then the index and a few chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ..codec import dense
from ..process.address_space import HEADROOM, require
from ..schema.fields import Field
from ..storage.positions import Position
from ..storage.store import CollectionReader
from ..storage.vector_reader import VectorReader
from . import list_reading
from .adding import Adder
from .built import BuiltIndex
from .list_reading import Chunk
from .sample_queries import SampleQueries

if TYPE_CHECKING:
    from .ann import AnnIndex

Floats = npt.NDArray[np.float32]

Reading = Callable[[], "AbstractContextManager[CollectionReader | None]"]
"""Begin a read transaction on the collection; None if the index does not exist any more as it was defined."""

_SAMPLE_QUERIES: Final = 64
"""Sample queries that tune an index: rows that it is not trained with, since lists lie closer to those than to the
queries of users."""

_MOST_ASKED: Final = 0.2
"""The largest share of a sample that is kept for queries."""

_LEAST_SAMPLE: Final = 256
"""The fewest vectors to train with: product codes have as many centroids."""

_READ_AT_ONCE: Final = 1_024
"""Vectors read at a time: few enough to be in the processor's cache still when they are verified and prepared."""

_NORMS: Final = (1e-15, 1e15)
"""Beyond these lengths products of float32 overflow or vanish."""


class BuildCancelled(Exception):
    """The database is being closed."""


class IndexDropped(Exception):
    """The index does not exist any more as it was defined."""


class Unindexable(Exception):
    """The data defeats the index: an exact scan answers better."""


class BuildSteps:
    """How a build reports its progress: by ``advance`` after each chunk. ``advance`` may also stop the build."""

    def __init__(self, report: Callable[[int, int], None] | None, is_cancelled: Callable[[], bool]) -> None:
        self._report = report
        self._is_cancelled = is_cancelled

    def advance(self, done: int, total: int) -> None:
        """``done`` of ``total`` vectors, or rows, are in; raises BuildCancelled when the build is to stop."""
        if self._is_cancelled():
            raise BuildCancelled
        if self._report is not None:
            self._report(done, total)


def build(
    family: type[AnnIndex],
    field: Field,
    metric: str,
    parameters: Mapping[str, Any],
    reading: Reading,
    steps: BuildSteps,
) -> BuiltIndex:
    """An index over all vectors that ``field`` has now.

    No transaction lasts for long: it would keep the file's log from beginning anew.

    Raises:
        IndexDropped: the index was dropped meanwhile.
        MemoryError: there is too little memory.
        Unindexable: no setting of the index finds enough, or a vector is out of its range.
        BuildCancelled: ``steps`` cancelled the build.
    """
    with _opened(reading) as reader:
        position = reader.position
        # Read, not taken from the position: that it matches the rows is checked by reading them.
        rows = len(reader.seqs.live())
        count = rows if field.within is None else list_reading.count(field, reader.vectors)
    ann = family.empty(field.vector_dim, metric, parameters, count)
    require(HEADROOM + ann.bytes_of(count))
    steps.advance(0, count)  # learning from a sample takes long, and reports nothing
    sample_queries = None
    if ann.sample_size:
        held_out = _SAMPLE_QUERIES if ann.is_tuned else 0
        queries = _trained(ann, _sample(field, reading, ann.sample_size + held_out), held_out)
        if ann.is_tuned:
            sample_queries = SampleQueries(metric, queries, count)
    ann.reserve(count)  # when the sample is gone
    turns = _Turns(ann, field, reading, position)
    see = None if sample_queries is None else sample_queries.update
    seqs = _add(ann, turns, lambda done, _: steps.advance(done, count), see)
    if not len(seqs):
        raise Unindexable("it has no vectors")
    if sample_queries is not None and not ann.tune(sample_queries.queries, sample_queries.samples()):
        raise Unindexable("no setting finds nine of ten nearest rows")
    return BuiltIndex(ann, seqs, position.last_seq, turns.through_change)


def extend(
    built: BuiltIndex,
    field: Field,
    reading: Reading,
    steps: BuildSteps,
) -> BuiltIndex:
    """``built`` with the vectors that came after it; raises what ``build`` does."""
    with _opened(reading) as reader:
        position = reader.position
    ann, rows = built.ann, position.last_seq - built.through_seq
    turns = _Turns(ann, field, reading, position, built.through_seq)
    chunks = iter(turns)
    first, seqs = next(chunks, None), built.seqs
    if first is not None:
        ann = ann.copy(len(seqs) + (rows if field.within is None else len(first.seqs)))
        added = _add(
            ann,
            chain([first], chunks),
            lambda _, through: steps.advance(through - built.through_seq, rows),
        )
        seqs = np.concatenate([seqs, added])
    return BuiltIndex(ann, seqs, position.last_seq, turns.through_change)


def _add(
    ann: AnnIndex,
    chunks: Iterable[Chunk],
    advance: Callable[[int, int], None],
    see: Callable[[Floats, int], None] | None = None,
) -> npt.NDArray[np.int64]:
    """Add the vectors of ``chunks`` to ``ann``; returns their seqs.

    Args:
        advance: called after each chunk with how many vectors are in, and the seq up to which rows were read.
        see: called with the vectors of each chunk and the label of the first.
    """
    seqs: list[npt.NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    done = 0
    with Adder(ann) as adder:
        for chunk in chunks:
            adder.add(chunk.vectors)
            if see is not None:
                see(chunk.vectors, done)
            seqs.append(chunk.seqs)
            done += len(chunk.seqs)
            advance(done, chunk.through)
    return np.concatenate(seqs)


@contextmanager
def _opened(reading: Reading) -> Iterator[CollectionReader]:
    """A read transaction; raises IndexDropped."""
    with reading() as reader:
        if reader is None:
            raise IndexDropped
        yield reader


class _Turns:
    """The vectors of the rows that there were at ``position``, from beyond the row ``after``, chunk by chunk, each
    in a transaction of its own.

    Rows that are removed meanwhile may be missing, as far as the change ``through_change`` tells.
    """

    def __init__(
        self, ann: AnnIndex, field: Field, reading: Reading, position: Position, after: int = 0
    ) -> None:
        self._ann = ann
        self._field = field
        self._reading = reading
        self._after = after
        self._through = position.last_seq
        self.through_change = position.last_change

    def __iter__(self) -> Iterator[Chunk]:
        after = self._after
        while after < self._through:
            chunk = self._next(after)
            if chunk is None:
                return
            yield chunk
            after = chunk.through

    def _next(self, after: int) -> Chunk | None:
        with _opened(self._reading) as reader:
            self.through_change = reader.position.last_change
            with closing(_chunks(self._ann, self._field, reader.vectors, after, self._through)) as chunks:
                return next(chunks, None)


def _trained(ann: AnnIndex, sample: Floats, held_out: int) -> Floats:
    """Train ``ann`` with all but ``held_out`` of ``sample`` (m, dim), or fewer; returns those, prepared.

    Raises:
        Unindexable: the sample is too small.
    """
    sample = _checked(ann, sample)
    if len(sample) < _LEAST_SAMPLE:
        raise Unindexable(f"it has {len(sample)} vectors, and an index learns from {_LEAST_SAMPLE}")
    count = min(held_out, int(_MOST_ASKED * len(sample)))
    places = np.arange(count) * (len(sample) // max(1, count))
    queries: Floats = sample[places]
    ann.train(np.delete(sample, places, axis=0))
    return queries


def _sample(field: Field, reading: Reading, size: int) -> Floats:
    """``size`` vectors drawn from all, or all if there are fewer."""
    with _opened(reading) as reader:
        seqs = reader.seqs.live()
        if field.within is not None:
            return list_reading.sample(field, reader.vectors, seqs, size)
        if size < len(seqs):
            seqs = np.sort(np.random.default_rng(len(seqs)).choice(seqs, size, replace=False))
        found = reader.vectors.fetch(seqs.tolist(), field.name)
    return dense.from_blobs(field, [blob for blob in found.values() if blob is not None])


def _chunks(
    ann: AnnIndex, field: Field, stored: VectorReader, after: int, through: int
) -> Generator[Chunk, None, None]:
    """The vectors of the rows beyond ``after`` up to ``through`` that have one, prepared for ``ann``, in its
    chunks.

    Of a field of lists, a row comes once for each of its vectors.
    """
    if field.within is not None:
        for found in list_reading.chunks(field, stored, after, through, ann.chunk):
            yield found._replace(vectors=_checked(ann, found.vectors))
        return
    chunk = ann.chunk  # asked once: it may depend on how many cores there are
    size = min(chunk, _READ_AT_ONCE)
    seqs: list[int] = []
    vectors = np.empty((chunk, field.vector_dim), dtype=np.float32)
    for read, blobs in stored.every_chunk(field.name, after, through, size):
        present = [blob for blob in blobs if blob is not None]
        vectors[len(seqs) : len(seqs) + len(present)] = _checked(ann, dense.from_blobs(field, present))
        seqs += read if len(present) == len(read) else _of_present(read, blobs)
        if len(seqs) > chunk - size:
            yield Chunk(np.array(seqs, dtype=np.int64), vectors[: len(seqs)], read[-1])
            seqs, vectors = [], np.empty_like(vectors)
    if seqs:
        yield Chunk(np.array(seqs, dtype=np.int64), vectors[: len(seqs)], through)


def prepared_vectors(
    ann: AnnIndex,
    field: Field,
    seqs: npt.NDArray[np.int64],
    stored: VectorReader,
) -> Callable[[npt.NDArray[np.int64]], tuple[npt.NDArray[np.int64], Floats]]:
    """A function that fetches the vectors of labels of ``ann``, as far as their rows, ``seqs``, still exist."""

    def fetch(labels: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Floats]:
        if field.within is not None:
            labels, vectors = list_reading.fetched(field, stored, seqs, labels)
            return labels, ann.prepare(vectors)
        asked = seqs[labels].tolist()
        found = stored.present(asked, field.name)
        blobs = [found.get(seq) for seq in asked]
        present = np.array([blob is not None for blob in blobs], dtype=np.bool_)
        vectors = dense.from_blobs(field, [blob for blob in blobs if blob is not None])
        return labels[present], ann.prepare(vectors)

    return fetch


def _of_present(seqs: list[int], blobs: list[bytes | None]) -> list[int]:
    """The seqs of the rows that have a vector."""
    return [seq for seq, blob in zip(seqs, blobs, strict=True) if blob is not None]


def _checked(ann: AnnIndex, vectors: Floats) -> Floats:
    """``vectors`` (m, dim), prepared for ``ann``; raises Unindexable where one is out of its range."""
    low, high = _NORMS
    squares = np.einsum("ij,ij->i", vectors, vectors)
    short = vectors[squares < low**2]
    if not (squares <= high**2).all() or short.any():
        raise Unindexable("a vector is too long or too short for float32 products")
    return ann.prepare(vectors, squares)
