"""``python -m benchmarks.busy`` with ours alone: what it reports, and whom it can ask how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import busy, data, results
from benchmarks.busy import Way
from benchmarks.peers.load import Searches, Task, search, summary
from benchmarks.peers.products import PRODUCTS
from benchmarks.peers.products.product import Product, Sharing


def test_every_way_is_measured_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "busy.json"
    busy.main(
        [
            *("--rows", "1500", "--dim", "16", "--queries", "40", "--seconds", "0.2"),
            *("--workers", "2", "--json", str(file)),
        ]
    )
    report = results.read(file)
    found = {(row["filter"], row["kind"], row["workers"], row["writer"]): row for row in report.of("busy")}
    assert found.keys() == {
        (asked, kind, 2, writer)
        for asked in ("no filter", "bucket < 500", "bucket < 50")
        for kind in ("threads", "processes")
        for writer in (False, True)
    }
    for (_, _, _, writer), row in found.items():
        assert row["product"] == "milvus-store"
        assert row["recall"] > 0.9
        assert row["qps"] > 0
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= row["longest_ms"]
        assert ("written_per_s" in row) == writer
    assert report.settings["products"] == {"milvus-store": PRODUCTS["ours"].settings}
    shown = capsys.readouterr().out
    assert "| 2 processes and a writer |" in shown


def test_searches_of_all_workers_are_counted_together() -> None:
    found = summary([Searches([1.0] * 9, 85, 90, 0.5), Searches([1.0] * 10 + [8.0], 100, 110, 1.0)])
    assert found["qps"] == 9 / 0.5 + 11
    assert (found["p50_ms"], found["longest_ms"]) == (1.0, 8.0)
    assert found["recall"] == 185 / 200


class Answering(Product):
    """Answers every search with the same ids."""

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def search(self, query: data.Floats, filter: data.Filter | None) -> list[int]:
        return self._ids


@pytest.mark.parametrize(
    ("ids", "right", "expected"),
    [
        (list(range(10)), 10, 10),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 99], 9, 10),  # one that is not among the nearest
        ([0, 1, 2, 3], 4, 10),  # fewer than there are
        ([0, 1, 2, 3, 4, 5, 6, 7, 100, 101], 8, 8),  # the writer's are nearer than two of them
        ([0, 1, 2, 3, 4, 5, 6, 8, 100, 101], 7, 8),
    ],
)
def test_recall_is_that_of_the_rows_which_were_there_before(
    ids: list[int], right: int, expected: int
) -> None:
    task = Task(np.zeros((1, 2), dtype=np.float32), [list(range(10))], 100, None, 0.001)
    found = search(Answering(ids), task)
    assert found.right == right * len(found.latencies)
    assert found.expected == expected * len(found.latencies)


@pytest.mark.parametrize(
    ("sharing", "refused"),
    [
        (Sharing.ALL, set()),
        (Sharing.READERS, {("processes", 1, True), ("processes", 2, True)}),
        (Sharing.ALONE, {("processes", 1, True), ("processes", 2, True), ("processes", 2, False)}),
    ],
)
def test_nobody_is_opened_by_more_processes_than_it_allows(
    sharing: Sharing, refused: set[tuple[str, int, bool]]
) -> None:
    ways = [
        Way(kind, n, writer) for kind in ("threads", "processes") for n in (1, 2) for writer in (False, True)
    ]
    assert {tuple(way) for way in ways if not way.suits(sharing)} == refused
