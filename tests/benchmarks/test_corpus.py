"""Vectors of benchmarks: made ones, and a user's embeddings from a file."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from benchmarks import corpus, data


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    corpus.add_options(parser, queries=20)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_embeddings_come_from_a_file_the_last_of_them_as_queries(tmp_path: Path, dtype: type) -> None:
    stored = np.random.default_rng(1).standard_normal((100, 8)).astype(dtype) * 3
    path = tmp_path / "mine.npy"
    np.save(path, stored)
    chosen = corpus.chosen(options("--embeddings", str(path)))
    unit = stored.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    np.testing.assert_allclose(chosen.vectors, unit[:80], rtol=1e-5)
    np.testing.assert_allclose(chosen.queries, unit[80:], rtol=1e-5)
    assert chosen.settings == {"data": "mine.npy", "rows": 80, "dim": 8, "queries": 20}
    fewer = corpus.chosen(options("--embeddings", str(path), "--rows", "30", "--queries", "5"))
    np.testing.assert_allclose(fewer.vectors, unit[:30], rtol=1e-5)
    np.testing.assert_allclose(fewer.queries, unit[95:], rtol=1e-5)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (np.zeros((100, 8)), "float64"),
        (np.zeros(100, dtype=np.float32), "shape"),
        (np.zeros((20, 8), dtype=np.float32), "20 rows"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, stored: object, message: str) -> None:
    np.save(tmp_path / "mine.npy", stored)  # type: ignore[arg-type]
    with pytest.raises(SystemExit, match=message):
        corpus.chosen(options("--embeddings", str(tmp_path / "mine.npy")))


@pytest.mark.parametrize("filter", [None, data.HALF, data.TWENTIETH, data.ONE_TENANT])
def test_the_nearest_are_those_that_rows_of_the_same_filter_hold(
    filter: data.Filter | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "QUERIES_AT_ONCE", 7)
    chosen = corpus.chosen(options("--rows", "1500", "--dim", "16"))
    rows = data.filtered_rows(chosen.vectors, 0, data.tenants_of(1500))
    shown = data.named(filter)
    kept = [row for row in rows if filter is None or eval(shown, {}, row)]
    assert (len(kept) == len(rows)) is (filter is None)
    for query, found in zip(chosen.queries, chosen.nearest(filter, 10), strict=True):
        best = sorted(kept, key=lambda row: -float(row["vector"] @ query))[:10]
        assert found.tolist() == [row["id"] for row in best]


def test_a_filter_that_keeps_few_rows_leaves_few_to_be_found() -> None:
    vectors = np.eye(4, dtype=np.float32)
    found = data.nearest(vectors, vectors, np.array([True, False, True, False]), 10)
    assert [set(rows) for rows in found.tolist()] == [{0, 2}] * 4
    assert found[0, 0] == 0
    assert found[2, 0] == 2
