"""Building an index from the rows in the file, and extending one with rows that came later.

Vectors are streamed: a build holds a training sample in memory, and then the index and a few chunks.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ..codec import dense
from ..process.address_space import HEADROOM, require
from ..process.threads import started
from ..schema.fields import Field
from ..storage.store import CollectionReader
from ..storage.vector_reader import VectorReader
from . import list_reading
from .built import BuiltIndex
from .sample_queries import SampleQueries

if TYPE_CHECKING:
    from .ann import AnnIndex

Floats = npt.NDArray[np.float32]
Chunk = tuple[npt.NDArray[np.int64], Floats]

_SAMPLE_QUERIES: Final = 64
"""Sample queries that tune an index: rows that it is not trained with, since lists lie closer to those than to the
queries of users."""

_MOST_ASKED: Final = 0.2
"""The largest share of a sample that is kept for queries."""

_LEAST_SAMPLE: Final = 256
"""The fewest vectors to train with: product codes have as many centroids."""

_READ_AT_ONCE: Final = 1_024
"""Vectors read at a time: few enough to be in the processor's cache still when they are verified and prepared."""

_ADDER_CHECK_SECONDS: Final = 1.0
"""How often a waiting build checks that the adding thread lives: a lack of memory may end that thread."""

_NORMS: Final = (1e-15, 1e15)
"""Beyond these lengths products of float32 overflow or vanish."""


class BuildCancelled(Exception):
    """The database is being closed, or the index was dropped."""


class Unindexable(Exception):
    """The data defeats the index: an exact scan answers better."""


class BuildSteps:
    """How a build reports its progress: by ``advance`` after each chunk. ``advance`` may also stop the build."""

    def __init__(self, report: Callable[[int, int], None], is_cancelled: Callable[[], bool]) -> None:
        self._report = report
        self._is_cancelled = is_cancelled

    def advance(self, done: int, total: int) -> None:
        """``done`` of ``total`` vectors are in; raises BuildCancelled when the build is to stop."""
        if self._is_cancelled():
            raise BuildCancelled
        self._report(done, total)


def build(
    family: type[AnnIndex],
    field: Field,
    metric: str,
    parameters: Mapping[str, Any],
    reader: CollectionReader,
    steps: BuildSteps,
) -> BuiltIndex:
    """An index over all vectors of ``field``, as ``reader`` sees them.

    Raises:
        MemoryError: there is too little memory.
        Unindexable: no setting of the index finds enough, or a vector is out of its range.
        BuildCancelled: ``steps`` cancelled the build.
    """
    seqs = reader.seqs.live()
    count = len(seqs) if field.within is None else list_reading.count(field, reader.vectors)
    ann = family.empty(field.vector_dim, metric, parameters, count)
    require(HEADROOM + ann.bytes_of(count))
    steps.advance(0, count)  # learning from a sample takes long, and reports nothing
    sample_queries = None
    if ann.sample_size:
        held_out = _SAMPLE_QUERIES if ann.is_tuned else 0
        queries = _trained(ann, _sample(field, reader.vectors, seqs, ann.sample_size + held_out), held_out)
        if ann.is_tuned:
            sample_queries = SampleQueries(metric, queries, count)
    ann.reserve(count)  # when the sample is gone
    indexed: list[npt.NDArray[np.int64]] = []
    done = 0
    with _Adder(ann) as adder:
        for chunk_seqs, vectors in _chunks(ann, field, reader.vectors, 0):
            adder.add(vectors)
            if sample_queries is not None:
                sample_queries.update(vectors, first_label=done)
            indexed.append(chunk_seqs)
            done += len(chunk_seqs)
            steps.advance(done, count)
    if done == 0:
        raise Unindexable("it has no vectors")
    if sample_queries is not None and not ann.tune(sample_queries.queries, sample_queries.samples()):
        raise Unindexable("no setting finds nine of ten nearest rows")
    return BuiltIndex(ann, _joined(indexed), reader.position.last_seq, reader.position.last_change)


def extend(
    built: BuiltIndex,
    field: Field,
    reader: CollectionReader,
    steps: BuildSteps,
) -> BuiltIndex:
    """``built`` with the vectors that came after it, as ``reader`` sees them."""
    position = reader.position
    through = position.last_seq, position.last_change
    found = list(_chunks(built.ann, field, reader.vectors, built.through_seq))
    if not found:
        return BuiltIndex(built.ann, built.seqs, *through)
    vectors = np.concatenate([vectors for _, vectors in found])
    ann = built.ann.extended(vectors)
    steps.advance(len(vectors), len(vectors))
    return BuiltIndex(ann, np.concatenate([built.seqs, *(seqs for seqs, _ in found)]), *through)


class _Adder:
    """Adds chunks to an index in their order, in a thread of its own, while the caller reads the next ones.

    All are in at the end of the ``with`` block. Unlike the threads of an executor, this one may begin work while
    the interpreter shuts down: only then is a build told to stop. Where no thread can be started, the caller's
    adds.
    """

    def __init__(self, ann: AnnIndex) -> None:
        self._ann = ann
        self._waiting: SimpleQueue[Floats | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()  # one for each chunk that may be queued
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._work,
            args=(ann, self._waiting, self._room, self._errors),
            name="milvus-store-adder",
            daemon=True,
        )
        self._has_thread = False
        weakref.finalize(
            self, self._waiting.put, None
        ).atexit = False  # where an exception skips ``__exit__``

    def add(self, vectors: Floats) -> None:
        """Add ``vectors`` (m, dim), prepared. Raises the error of an earlier chunk, if there was one."""
        if not self._has_thread:
            self._ann.add(vectors)
            return
        self._wait_for_room()
        self._waiting.put(vectors)
        if self._errors:
            raise self._errors[0]

    def _wait_for_room(self) -> None:
        while True:
            try:
                self._room.get(timeout=_ADDER_CHECK_SECONDS)
                return
            except Empty:
                if not self._thread.is_alive():
                    raise MemoryError("the thread that adds vectors has ended") from None

    def __enter__(self) -> _Adder:
        self._room.put(None)
        self._has_thread = started(self._thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._waiting.put(None)
        if self._has_thread:
            self._thread.join()
            if kind is None and self._errors:
                raise self._errors[0]
            if kind is None and not self._waiting.empty():
                raise MemoryError("the thread that adds vectors has ended")

    @staticmethod
    def _work(
        ann: AnnIndex,
        waiting: SimpleQueue[Floats | None],
        room: SimpleQueue[None],
        errors: list[BaseException],
    ) -> None:
        while (vectors := waiting.get()) is not None:
            room.put(None)
            if not errors:
                try:
                    ann.add(vectors)
                except BaseException as error:
                    errors.append(error)


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


def _sample(field: Field, stored: VectorReader, seqs: npt.NDArray[np.int64], size: int) -> Floats:
    """``size`` vectors drawn from all, or all if there are fewer."""
    if field.within is not None:
        return list_reading.sample(field, stored, seqs, size)
    if size < len(seqs):
        seqs = np.sort(np.random.default_rng(len(seqs)).choice(seqs, size, replace=False))
    found = stored.fetch(seqs.tolist(), field.name)
    return dense.from_blobs(field, [blob for blob in found.values() if blob is not None])


def _chunks(ann: AnnIndex, field: Field, stored: VectorReader, after: int) -> Iterator[Chunk]:
    """(seqs, vectors) of the rows beyond ``after`` that have a vector, prepared for ``ann``, in its chunks.

    Of a field of lists, a row comes once for each of its vectors.
    """
    if field.within is not None:
        for read_seqs, found in list_reading.chunks(field, stored, after, ann.chunk):
            yield read_seqs, _checked(ann, found)
        return
    chunk = ann.chunk  # asked once: it may depend on how many cores there are
    size = min(chunk, _READ_AT_ONCE)
    seqs: list[int] = []
    vectors = np.empty((chunk, field.vector_dim), dtype=np.float32)
    for read, blobs in stored.every_chunk(field.name, after, size):
        present = [blob for blob in blobs if blob is not None]
        vectors[len(seqs) : len(seqs) + len(present)] = _checked(ann, dense.from_blobs(field, present))
        seqs += read if len(present) == len(read) else _of_present(read, blobs)
        if len(seqs) > chunk - size:
            yield np.array(seqs, dtype=np.int64), vectors[: len(seqs)]
            seqs, vectors = [], np.empty_like(vectors)
    if seqs:
        yield np.array(seqs, dtype=np.int64), vectors[: len(seqs)]


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


def _joined(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
