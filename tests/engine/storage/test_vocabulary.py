from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from milvus_store_lite.codec.sparse import from_blobs
from milvus_store_lite.storage import vocabulary
from milvus_store_lite.storage.vocabulary import Vocabulary
from milvus_store_lite.text.documents import count_terms


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as found:
        Vocabulary('"terms"', 7).create(found)
        yield found


def words(connection: sqlite3.Connection, blob: memoryview) -> dict[str, float]:
    """A stored document as its terms and their counts."""
    names = dict(connection.execute("SELECT id, term FROM terms"))
    rows = from_blobs([bytes(blob)])
    return dict(zip(map(names.__getitem__, rows.indices.tolist()), rows.values.tolist(), strict=True))


@pytest.mark.parametrize("worth_reading", [0, 10])
@pytest.mark.parametrize("limit", [0, 3, 100])
def test_documents_keep_their_terms_whatever_is_remembered(
    connection: sqlite3.Connection, limit: int, worth_reading: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "_KNOWN_TERMS", limit)
    monkeypatch.setattr(vocabulary, "_WORTH_READING", worth_reading)
    first, second = Vocabulary('"terms"', 7), Vocabulary('"terms"', 7)
    for writer, texts in (
        (first, ["a b a", "c"]),
        (second, ["c a", ""]),
        (first, ["d b", "e"]),
        (second, ["e", "a f"]),
        (first, ["f a d g"]),
    ):
        tokens = [text.split() for text in texts]
        blobs = writer.encode(connection, count_terms(tokens))
        assert [words(connection, blob) for blob in blobs] == [
            {word: one.count(word) for word in one} for one in tokens
        ]
    assert connection.execute("SELECT count(*), max(id) FROM terms").fetchone() == (7, 7)


def test_what_was_rolled_back_is_not_remembered(connection: sqlite3.Connection) -> None:
    writer = Vocabulary('"terms"', 7)
    writer.encode(connection, count_terms([["kept"]]))
    connection.execute("BEGIN")
    writer.encode(connection, count_terms([["kept", "lost", "gone"]]))
    connection.execute("ROLLBACK")
    (other,) = Vocabulary('"terms"', 7).encode(connection, count_terms([["other"]]))
    (again,) = writer.encode(connection, count_terms([["gone", "lost", "kept"]]))
    assert words(connection, other) == {"other": 1}
    assert words(connection, again) == {"gone": 1, "lost": 1, "kept": 1}


def test_queries_leave_out_what_no_document_has(connection: sqlite3.Connection) -> None:
    writer = Vocabulary('"terms"', 7)
    writer.encode(connection, count_terms([["a", "b"]]))
    queries = writer.queries(connection, count_terms([["b", "x", "b"], ["x"], []]))
    assert [queries.row(place)[0].tolist() for place in range(3)] == [[2], [], []]
    assert queries.row(0)[1].tolist() == [2.0]
