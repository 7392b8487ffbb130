"""Built indexes, at the level of the engine: every family over real rows in a file."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store_lite.codec import Columns, NullableArray
from milvus_store_lite.database_file import DatabaseFile
from milvus_store_lite.errors import ParamError
from milvus_store_lite.indexes import codes, field_index
from milvus_store_lite.indexes.families import FAMILIES
from milvus_store_lite.process.progress import Progress
from milvus_store_lite.schema.data_types import DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema
from milvus_store_lite.search.request import SearchRequest
from milvus_store_lite.search.scope import Scope
from milvus_store_lite.storage.catalog import IndexRecord
from milvus_store_lite.storage.vector_reader import VectorReader
from tests import thresholds

DIM = 16
ROWS = 3_000
SCHEMA = Schema(
    (
        Field("id", DataType.INT64, is_primary=True),
        Field("v", DataType.FLOAT_VECTOR, dim=DIM, nullable=True),
        Field("n", DataType.INT64),
    )
)


@pytest.fixture(autouse=True)
def small_thresholds() -> Iterator[None]:
    """Let three thousand rows be enough to be worth an index."""
    with thresholds.lowered():
        yield


@pytest.fixture
def vectors() -> np.ndarray:
    random = np.random.default_rng(3)
    centres = random.standard_normal((30, DIM), dtype=np.float32)
    found: np.ndarray = centres[random.integers(0, 30, ROWS)] + 0.5 * random.standard_normal(
        (ROWS, DIM), dtype=np.float32
    )
    return found.astype(np.float32)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[DatabaseFile]:
    made = DatabaseFile(tmp_path / "index.db", durability="normal")
    yield made
    made.close()


def fill(file: DatabaseFile, vectors: np.ndarray, index: IndexRecord, first: int = 0) -> None:
    if not file.database().has_collection("c"):
        file.database().create_collection("c", SCHEMA, indexes=(index,))
    ids = np.arange(first, first + len(vectors))
    file.database().collection("c").insert(Columns.of({"id": ids, "v": vectors, "n": ids % 10}))


def near(
    file: DatabaseFile, query: np.ndarray, limit: int = 10, expression: str | None = None, **params: Any
) -> list[int]:
    request = SearchRequest(limit=limit, scope=Scope(expression), params=params)
    hits = file.database().collection("c").search(request, [query.tolist()])
    assert hits.distances == sorted(hits.distances, reverse=True) or hits.distances == sorted(hits.distances)
    return hits.pks


def truth(vectors: np.ndarray, metric: str, query: np.ndarray, keep: np.ndarray, limit: int = 10) -> set[int]:
    wide = vectors.astype(np.float64)
    scores = wide @ query
    if metric == "L2":
        scores = -((wide - query) ** 2).sum(axis=1)
    elif metric == "COSINE":
        scores = scores / np.linalg.norm(wide, axis=1)
    return set(np.argsort(-np.where(keep, scores, -np.inf))[:limit].tolist())


def built(file: DatabaseFile) -> field_index.FieldIndex:
    (state,) = file.opener.states.values()
    found = state.indexes.of("v")
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "metric"), list(itertools.product(FAMILIES, ["COSINE", "L2", "IP"])))
def test_every_index_finds_what_is_near_filtered_or_not(
    file: DatabaseFile, vectors: np.ndarray, kind: str, metric: str
) -> None:
    fill(file, vectors, IndexRecord("v", "v", kind, metric, {}))
    file.database().collection("c").build_index("v", wait=True)
    assert built(file).built is not None
    file.database().collection("c").delete_where(Scope("id % 3 == 0"))
    queries = vectors[::150] + 0.01
    found = wanted = 0
    for query in queries:
        for expression, keep in ((None, np.ones(ROWS, bool)), ("n < 3", np.arange(ROWS) % 10 < 3)):
            keep = keep & (np.arange(ROWS) % 3 != 0)
            pks = near(file, query, expression=expression)
            assert len(set(pks)) == 10
            assert keep[pks].all()
            expected = truth(vectors, metric, query, keep)
            found, wanted = found + len(expected & set(pks)), wanted + len(expected)
    assert found >= 0.95 * wanted


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("metric", ["COSINE", "L2", "IP"])
def test_finer_codes_stand_in_for_vectors_that_memory_has_no_room_for(
    tmp_path: Path, vectors: np.ndarray, metric: str, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "RESIDENT_BYTES", 0)
    if bits == 4:
        monkeypatch.setattr(codes, "_FINER_BYTES", DIM * 2000)
    read: list[int] = []
    fetch = VectorReader.fetch
    monkeypatch.setattr(VectorReader, "fetch", lambda *given: (read.append(len(given[1])), fetch(*given))[1])
    index = IndexRecord("v", "v", "AUTOINDEX", metric, {})
    first = DatabaseFile(tmp_path / "finer.db", durability="normal", memory_limit=0)
    fill(first, vectors[:2000], index)
    first.database().collection("c").build_index("v", wait=True)
    fill(first, vectors[2000:], index, first=2000)
    first.database().collection("c").build_index("v", wait=True)
    first.close()
    with closing(DatabaseFile(tmp_path / "finer.db", memory_limit=0)) as file:
        near(file, vectors[0])
        made = built(file).built
        assert made is not None
        assert made.ann.has_finer
        assert made.ann.handle.refine_index.sa_code_size() == DIM * bits // 8
        assert len(made.seqs) == ROWS
        found = wanted = 0
        for query in vectors[::150] + 0.01:
            for expression, share in ((None, 10), ("n < 3", 3), ("n < 1 and id < 1500", 1)):
                keep = np.arange(ROWS) % 10 < share
                keep &= share > 1 or np.arange(ROWS) < 1500
                read.clear()
                pks = near(file, query, expression=expression)
                assert sum(read) < 100
                assert keep[pks].all()
                expected = truth(vectors, metric, query, keep)
                found, wanted = found + len(expected & set(pks)), wanted + len(expected)
        assert found >= 0.95 * wanted
        assert set(near(file, vectors[0], limit=400, expression="n == 3")) == set(range(3, ROWS, 10))


@pytest.mark.parametrize("kind", ["IVF_FLAT", "IVF_RABITQ"])
def test_more_lists_than_there_are_is_every_list(file: DatabaseFile, vectors: np.ndarray, kind: str) -> None:
    """LangChain asks for ten lists of any index that has lists."""
    fill(file, vectors, IndexRecord("v", "v", kind, "L2", {"nlist": 16}))
    file.database().collection("c").build_index("v", wait=True)
    assert built(file).built is not None
    for query in vectors[::500] + 0.3:
        expected = truth(vectors, "L2", query, np.ones(ROWS, bool))
        for nprobe in (16, 17, 65_536):
            assert set(near(file, query, nprobe=nprobe)) == expected
    with pytest.raises(ParamError, match="'nprobe'.*between 1 and 65,536, got 65537"):
        near(file, vectors[0], nprobe=65_537)


def test_rabitq_holds_finer_codes_when_asked_to(file: DatabaseFile, vectors: np.ndarray) -> None:
    for kind, finer in (("SQ6", "SQ6"), ("FP32", "Flat"), (None, "SQ6")):
        given = {"refine": True, "nlist": 16} | ({} if kind is None else {"refine_type": kind})
        fill(file, vectors, IndexRecord("v", "v", "IVF_RABITQ", "L2", given))
        file.database().collection("c").build_index("v", wait=True)
        made = built(file).built
        assert made is not None
        assert isinstance(made.ann, codes.RaBitQ)
        assert codes.RaBitQ.finer(DIM, given, ROWS) == finer
        assert made.ann.has_finer
        assert near(file, vectors[7], limit=1) == [7]
        file.database().drop_collection("c")


def test_an_index_is_outgrown_where_other_finer_codes_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "RESIDENT_BYTES", 4 * DIM * 1_000)
    monkeypatch.setattr(codes, "_FINER_BYTES", DIM * 10_000)
    made = FAMILIES["AUTOINDEX"].empty(DIM, "L2", {}, 900)
    made.tuned = {"rows": 900}
    assert made.grows_until == 1_000
    assert not made.has_finer
    made = FAMILIES["AUTOINDEX"].empty(DIM, "L2", {}, 1_001)
    made.tuned = {"rows": 1_001}
    assert made.grows_until == 4_004
    assert made.has_finer
    for rows, until, has_finer in ((9_000, 10_000, True), (19_000, 20_000, True), (20_001, 80_004, False)):
        made = FAMILIES["AUTOINDEX"].empty(DIM, "L2", {}, rows)
        made.tuned = {"rows": rows}
        assert (made.grows_until, made.has_finer) == (until, has_finer)


def test_an_index_that_has_grown_looks_at_more_candidates() -> None:
    """As many rows are found by the same effort, whatever share of all they are by now."""
    made = FAMILIES["AUTOINDEX"].empty(DIM, "L2", {}, 1_000)
    tuned = {"rows": 1_000, "nprobe": 8, "candidates": 200, "nprobe/2": 9, "candidates/2": 100}
    efforts = {}
    for rows in (500, 1_000, 2_000, 4_000):
        grown = type(made)(made.handle, "L2", {}, tuned)
        grown.rows = rows
        efforts[rows] = [grown.effort(10, share, {}) for share in (1, 0.5, 0.25)]
    assert efforts[500] == efforts[1_000]
    assert [effort.candidates for effort in efforts[1_000]] == [200, 100, 100]
    assert [effort.candidates for effort in efforts[2_000]] == [400, 200, 100]
    assert [effort.candidates for effort in efforts[4_000]] == [800, 400, 200]
    assert efforts[4_000][2] == efforts[1_000][0]
    alone = type(made)(made.handle, "L2", {}, {"rows": 1_000, "nprobe": 8, "candidates": 200})
    alone.rows = 4_000
    assert alone.effort(10, 1, {}).candidates == 400


def test_rows_join_the_index_as_they_arrive_and_are_found_before(
    file: DatabaseFile, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(file, vectors[:1000], IndexRecord("v", "v", "AUTOINDEX", "L2", {}))
    file.database().collection("c").build_index("v", wait=True)
    first = built(file).built
    assert first is not None
    assert len(first.seqs) == 1000
    fill(file, vectors[1000:1900], IndexRecord("v", "v", "AUTOINDEX", "L2", {}), first=1000)
    for row in (5, 999, 1000, 1899):
        assert near(file, vectors[row], limit=1) == [row]
    fill(file, vectors[1900:], IndexRecord("v", "v", "AUTOINDEX", "L2", {}), first=1900)
    file.database().collection("c").build_index("v", wait=True)
    second = built(file).built
    assert second is not None
    assert len(second.seqs) == ROWS
    assert len(first.seqs) == 1000
    for row in (5, 999, 1000, 2999):
        assert near(file, vectors[row], limit=1) == [row]


@pytest.mark.parametrize("kind", ["AUTOINDEX", "HNSW", "IVF_FLAT"])
def test_few_rows_join_the_index_once_searches_have_scanned_them_often(
    file: DatabaseFile, vectors: np.ndarray, kind: str
) -> None:
    """What scanning them again and again has cost is what copying the index costs."""
    fill(file, vectors[:2900], IndexRecord("v", "v", kind, "L2", {}))
    file.database().collection("c").build_index("v", wait=True)
    fill(file, vectors[2900:], IndexRecord("v", "v", kind, "L2", {}), first=2900)
    index = built(file)
    assert index.built is not None
    searches = 0
    position = file.database().collection("c").position()
    while not index.wants_work(position):
        assert near(file, vectors[2950], limit=1) == [2950]
        searches += 1
        assert searches < 1_000
    assert searches > 2
    deadline = time.monotonic() + 30
    while len(index.built.seqs) < ROWS:
        assert near(file, vectors[2950], limit=1) == [2950]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not index.wants_work(position)
    assert near(file, vectors[2950], limit=1) == [2950]


def test_another_process_uses_what_was_stored(file: DatabaseFile, vectors: np.ndarray) -> None:
    fill(file, vectors, IndexRecord("v", "v", "IVF_FLAT", "L2", {"nlist": 16}))
    file.database().collection("c").build_index("v", wait=True)
    file.database().collection("c").delete_ids([0, 1, 2])
    with_index = DatabaseFile(file.path)
    try:
        assert near(with_index, vectors[7], limit=1) == [7]
        assert built(with_index).built is not None
        assert set(near(with_index, vectors[0], limit=100)).isdisjoint({0, 1, 2})
    finally:
        with_index.close()


def test_what_was_waited_for_is_stored_however_little_it_grew(
    file: DatabaseFile, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field_index, "TAIL_ROWS", 100)
    index = IndexRecord("v", "v", "AUTOINDEX", "L2", {})
    for first, last in ((0, 2000), (2000, 2200)):
        fill(file, vectors[first:last], index, first=first)
        file.database().collection("c").build_index("v", wait=True)
    another = DatabaseFile(file.path)
    try:
        near(another, vectors[7])
        made = built(another).built
        assert made is not None
        assert len(made.seqs) == 2200
    finally:
        another.close()


def test_a_damaged_stored_index_is_built_anew_with_a_warning(file: DatabaseFile, vectors: np.ndarray) -> None:
    fill(file, vectors, IndexRecord("v", "v", "AUTOINDEX", "L2", {}))
    file.database().collection("c").build_index("v", wait=True)
    path = file.path
    file.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE index_parts SET value = zeroblob(length(value))")
    connection.close()
    again = DatabaseFile(path)
    try:
        with pytest.warns(RuntimeWarning, match="damaged.*checksum of part 0.*built anew"):
            again.database().collection("c").build_index("v", wait=True)
        assert built(again).built is not None
        assert near(again, vectors[7], limit=1) == [7]
    finally:
        again.close()
    third = DatabaseFile(path)
    try:
        assert near(third, vectors[7], limit=1) == [7]
        assert built(third).built is not None
    finally:
        third.close()


def test_null_vectors_are_not_in_the_index(file: DatabaseFile, vectors: np.ndarray) -> None:
    file.database().create_collection("c", SCHEMA, indexes=(IndexRecord("v", "v", "HNSW", "L2", {"M": 8}),))
    ids = np.arange(1200)
    some = NullableArray(vectors[:1200], ids % 4 != 0)
    file.database().collection("c").insert(Columns.of({"id": ids, "v": some, "n": ids % 10}))
    file.database().collection("c").build_index("v", wait=True)
    made = built(file).built
    assert made is not None
    assert len(made.seqs) == 900
    assert near(file, vectors[5], limit=1) == [5]
    assert len(near(file, vectors[5], limit=1000)) == 900


def test_vectors_that_defeat_an_index_are_scanned(file: DatabaseFile, vectors: np.ndarray) -> None:
    vectors[17] *= 1e30
    fill(file, vectors, IndexRecord("v", "v", "AUTOINDEX", "L2", {}))
    file.database().collection("c").build_index("v", wait=True)
    assert built(file).built is None
    assert near(file, vectors[16], limit=1) == [16]
    assert near(file, vectors[17], limit=1) == [17]


@pytest.mark.parametrize("kind", ["AUTOINDEX", "HNSW"])
def test_a_field_that_is_null_almost_everywhere_is_scanned(
    file: DatabaseFile, vectors: np.ndarray, kind: str
) -> None:
    file.database().create_collection("c", SCHEMA, indexes=(IndexRecord("v", "v", kind, "L2", {}),))
    ids = range(600)
    file.database().collection("c").insert(Columns.of({"id": ids, "v": [None] * 600, "n": [0] * 600}))
    file.database().collection("c").build_index("v", wait=True)
    assert built(file).built is None
    assert near(file, vectors[7]) == []


@pytest.mark.parametrize("kind", ["AUTOINDEX", "IVF_PQ", "IVF_SQ8", "SCANN", "HNSW_PQ"])
def test_an_index_learns_from_the_fewest_vectors_that_there_may_be(
    file: DatabaseFile, vectors: np.ndarray, kind: str
) -> None:
    """Product codes need them all: none may be kept for sample queries."""
    file.database().create_collection("c", SCHEMA, indexes=(IndexRecord("v", "v", kind, "L2", {}),))
    few: list[Any] = [*vectors[:256], *[None] * 344]
    file.database().collection("c").insert(Columns.of({"id": range(600), "v": few, "n": [0] * 600}))
    file.database().collection("c").build_index("v", wait=True)
    made = built(file).built
    assert made is not None
    assert made.ann.rows == 256
    assert near(file, vectors[7], limit=1) == [7]


def test_few_matching_rows_come_back_all_of_them(file: DatabaseFile, vectors: np.ndarray) -> None:
    fill(file, vectors, IndexRecord("v", "v", "HNSW", "L2", {"M": 4, "efConstruction": 20}))
    file.database().collection("c").build_index("v", wait=True)
    for expression, expected in (("n == 3", 300), ("n == 3 and id < 500", 50), ("id in [5, 7]", 2)):
        assert len(near(file, vectors[0], limit=400, expression=expression)) == expected


def test_the_background_builds_once_writers_are_quiet(file: DatabaseFile, vectors: np.ndarray) -> None:
    fill(file, vectors, IndexRecord("v", "v", "AUTOINDEX", "COSINE", {}))
    rows, pending, is_due = file.database().collection("c").index_progress("v")
    done = threading.Event()
    for _ in range(200):
        rows, pending, is_due = file.database().collection("c").index_progress("v")
        if not is_due:
            break
        done.wait(0.05)
    assert (rows, pending, is_due) == (ROWS, 0, False)


def test_closing_in_the_middle_of_a_build_leaves_it(file: DatabaseFile, vectors: np.ndarray) -> None:
    fill(file, vectors, IndexRecord("v", "v", "HNSW", "L2", {"M": 48, "efConstruction": 500}))
    file.database().collection("c").build_index("v", wait=False)
    path = file.path
    file.close()
    again = DatabaseFile(path)
    try:
        assert near(again, vectors[7], limit=1) == [7]
    finally:
        again.close()


def chunks_of(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let an AUTOINDEX take so many rows at a time."""
    monkeypatch.setattr(codes.Codes, "chunk", property(lambda _: rows))


@pytest.mark.parametrize("before", [0, 1000])
def test_rows_may_come_and_go_while_an_index_is_built_or_extended(
    file: DatabaseFile, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """``before``: the rows that an index already has."""
    chunks_of(monkeypatch, 200)
    index = IndexRecord("v", "v", "AUTOINDEX", "L2", {})
    if before:
        fill(file, vectors[:before], index)
        file.database().collection("c").build_index("v", wait=True)
    fill(file, vectors[before:], index, before)
    collection = file.database().collection("c")
    random = np.random.default_rng(0)
    kept, added = np.ones(ROWS, dtype=bool), []

    def change(progress: Progress) -> None:
        gone = random.choice(np.flatnonzero(kept), 40, replace=False)
        collection.delete_ids(gone.tolist())
        kept[gone] = False
        new = random.standard_normal((30, DIM), dtype=np.float32)
        fill(file, new, index, ROWS + 30 * len(added))
        added.append(new)
        assert not any(pooled.connection.in_transaction for pooled in file.connections.pool._all)

    collection.build_index("v", wait=True, progress=change)
    assert len(added) >= (ROWS - before) // 200
    everything = np.concatenate([vectors, *added])
    keep = np.concatenate([kept, np.ones(30 * len(added), dtype=bool)])
    ann = built(file).built
    assert ann is not None
    assert ann.through_seq == ROWS
    assert collection.count_where(Scope()) == np.count_nonzero(keep)
    found = wanted = 0
    for query in everything[::70] + 0.01:
        pks = near(file, query)
        assert keep[pks].all()
        expected = truth(everything, "L2", query, keep)
        found, wanted = found + len(expected & set(pks)), wanted + len(expected)
    assert found >= 0.95 * wanted
    assert near(file, everything[keep.nonzero()[0][-1]], limit=1) == [keep.nonzero()[0][-1]]


@pytest.mark.parametrize("dropped", ["the index", "the collection"])
def test_an_index_that_is_dropped_while_it_is_built_is_not_built(
    file: DatabaseFile, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch, dropped: str
) -> None:
    chunks_of(monkeypatch, 200)
    fill(file, vectors, IndexRecord("v", "v", "AUTOINDEX", "L2", {}))
    collection, reports = file.database().collection("c"), []
    index = built(file)

    def drop(progress: Progress) -> None:
        reports.append(progress)
        if len(reports) == 3:
            if dropped == "the index":
                collection.release()
                collection.drop_index("v")
            else:
                file.database().drop_collection("c")

    collection.build_index("v", wait=True, progress=drop)
    assert len(reports) == 3
    assert index.built is None


@pytest.mark.parametrize("how", ["built anew", "extended", "loaded"])
def test_an_iterator_finds_the_rows_that_are_gone_from_a_newer_index(
    file: DatabaseFile, vectors: np.ndarray, how: str
) -> None:
    index = IndexRecord("v", "v", "AUTOINDEX", "L2", {})
    kept = ROWS // 2
    fill(file, vectors[:kept] if how == "extended" else vectors, index)
    collection = file.database().collection("c")
    if how != "loaded":
        collection.build_index("v", wait=True)
    if how == "extended":
        fill(file, vectors[kept:], index, kept)
    query = vectors[5].tolist()
    with closing(collection.iterate_search(SearchRequest(limit=50), [query])) as pages:
        found = list(pages.next(50).pks)
        with closing(DatabaseFile(file.path)) if how == "loaded" else nullcontext(file) as other:
            changed = other.database().collection("c")
            changed.delete_where(Scope("n > 5"))
            changed.build_index("v", wait=True)
        collection.build_index("v", wait=True)
        assert built(file).built is not None
        while hits := pages.next(50).pks:
            found += hits
    nearest = np.argsort(((vectors - vectors[5]) ** 2).sum(axis=1), kind="stable")
    assert len(found) == len(set(found)) == ROWS
    assert len(set(found[:200]) & set(nearest[:200].tolist())) > 180
    assert set(near(file, vectors[5], limit=100)) <= set(np.flatnonzero(np.arange(ROWS) % 10 <= 5).tolist())


_ENDS_WHILE_BUILDING = """
import sys, threading, time
import numpy as np
from milvus_store import MilvusClient
from milvus_store_lite.indexes.codes import Codes
from tests import thresholds

begun, add = threading.Event(), Codes.add

def slow_add(self, vectors):
    begun.set()
    time.sleep(0.05)
    add(self, vectors)

thresholds.lower()
Codes.chunk, Codes.add = property(lambda self: 100), slow_add
client = MilvusClient(sys.argv[1])
client.create_collection("c", dimension=8)
vectors = np.random.default_rng(1).random((2_000, 8), dtype=np.float32)
client.insert("c", [{"id": row, "vector": vector} for row, vector in enumerate(vectors)])
assert begun.wait(30)
"""


def test_a_process_that_ends_while_it_builds_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "ends.db"
    ended = subprocess.run(
        [sys.executable, "-c", _ENDS_WHILE_BUILDING, str(path)], capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [one.name for one in tmp_path.iterdir()] == ["ends.db"]
