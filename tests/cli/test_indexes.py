from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from tests import thresholds

from .conftest import Run

ROWS = 3000


@pytest.fixture
def unindexed(path: Path) -> Iterator[Path]:
    """A file whose collection ``docs`` is worth an index that it does not have yet, ``small`` not worth one."""
    with MilvusClient(path) as client:
        for name, rows in (("docs", ROWS), ("small", 20)):
            schema = client.create_schema()
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
            schema.add_field("n", DataType.INT64)
            params = client.prepare_index_params("n")
            params.add_index(
                "vector", index_type="HNSW", metric_type="L2", params={"M": 4, "efConstruction": 16}
            )
            client.create_collection(name, schema=schema, index_params=params)
            vectors = np.random.default_rng(1).standard_normal((rows, 8))
            client.insert(name, [{"id": i, "vector": vector, "n": i} for i, vector in enumerate(vectors)])
    with thresholds.lowered():
        yield path


def stored(path: Path) -> int:
    """Rows in stored indexes."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT total(rows) FROM built_indexes").fetchone()[0])


@pytest.mark.usefixtures("shown_at_once")
def test_index_builds_what_is_due_and_keeps_it(
    run: Run, unindexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert stored(unindexed) == 0
    outcome = run("index", unindexed)
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "docs, index vector (HNSW): 3,000 of 3,000 rows indexed",
        "small, index vector (HNSW): 20 rows, nothing to do",
    ]
    percents = [
        int(line.removeprefix("docs, vector: ").partition(" %")[0]) for line in outcome.err.splitlines()
    ]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    assert stored(unindexed) == ROWS
    assert run("check", unindexed).code == 0
    again = run("index", unindexed, "docs")
    assert (again.out, again.err) == ("docs, index vector (HNSW): 3,000 rows, nothing to do\n", "")


@pytest.mark.usefixtures("shown_at_once")
def test_index_shows_a_bar_where_tqdm_is_installed(run: Run, unindexed: Path) -> None:
    pytest.importorskip("tqdm")
    outcome = run("index", unindexed, "docs")
    assert "docs, vector: " in outcome.err
    assert "vectors/s" in outcome.err
    assert stored(unindexed) == ROWS


def test_index_of_a_collection_that_does_not_exist_does_nothing(run: Run, unindexed: Path) -> None:
    outcome = run("index", unindexed, "docs", "dogs")
    assert outcome.code == 2
    assert "'dogs'" in outcome.err
    assert stored(unindexed) == 0
