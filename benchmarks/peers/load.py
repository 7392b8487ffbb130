"""What a player is asked to do while others do the same: search for some seconds, from one thread or several."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from .. import data
from .products.product import LIMIT, Product

WARM_UP: Final = 6.0
"""Seconds of searching before that which counts. What a product reads into memory beside its first searches is
there by then, at a hundred thousand rows and for four processes that begin together on two cores."""
STRIDE: Final = 37
"""Each worker begins its round of the queries so far after the last one, so that no two ask the same at once."""
WRITTEN_AT_ONCE: Final = 100
PAUSE: Final = 0.2
"""The writer inserts 500 rows a second, if it can: a load that all of them can bear, so that all bear the same."""


class Task(NamedTuple):
    """What to search for."""

    queries: data.Floats
    expected: Sequence[Sequence[int]]
    """The ids that each query should find among those below ``rows``, the nearest first."""
    rows: int
    """How many there were before the writer began."""
    filter: data.Filter | None
    seconds: float


class Searches(NamedTuple):
    """What came of one worker's searches."""

    latencies: Sequence[float]
    """In milliseconds."""
    right: int
    """How many of the expected ids were found, in all."""
    expected: int
    """Of how many: where rows of the writer are among the ten, one less for each."""
    seconds: float
    """From the first to the end of the last, which may end late."""


class Written(NamedTuple):
    """What came of the writer's inserts."""

    rows: int
    seconds: float


def warm_up(product: Product, task: Task) -> None:
    search(product, task._replace(seconds=WARM_UP))


def search(product: Product, task: Task, worker: int = 0) -> Searches:
    """Search from the calling thread, one query after the other."""
    latencies, right, expected = [], 0, 0
    place = worker * STRIDE
    began = now = time.perf_counter()
    while now < began + task.seconds:
        place = (place + 1) % len(task.queries)
        start = time.perf_counter()
        ids = product.search(task.queries[place], task.filter)
        now = time.perf_counter()
        latencies.append((now - start) * 1e3)
        there = [row for row in ids if row < task.rows]
        best = task.expected[place][: LIMIT - len(ids) + len(there)]
        right += len(set(best).intersection(there))
        expected += len(best)
    return Searches(latencies, right, expected, now - began)


def write(product: Product, dim: int, first_id: int, seconds: float) -> Written:
    """Insert rows at a steady rate, around centres of their own, as a new subject's embeddings would lie."""
    vectors = data.clustered(WRITTEN_AT_ONCE, dim, seed=8)
    count = 0
    began = time.perf_counter()
    while (due := began + count / WRITTEN_AT_ONCE * PAUSE) < began + seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        if time.perf_counter() > began + seconds:
            break
        product.insert(data.filtered_rows(vectors, first_id + count, tenants=100))
        count += WRITTEN_AT_ONCE
    return Written(count, time.perf_counter() - began)


def in_threads(
    product: Product, task: Task, threads: int, writes_from: int | None
) -> tuple[list[Searches], Written | None]:
    """Search from ``threads`` threads, none the main one, and insert ids from ``writes_from`` on from another."""
    calls: list[Callable[[], Any]] = [
        lambda worker=worker: search(product, task, worker)  # type: ignore[misc]
        for worker in range(threads)
    ]
    if writes_from is not None:
        calls.append(lambda: write(product, task.queries.shape[1], writes_from, task.seconds))
    answers = _together(calls)
    return answers[:threads], None if writes_from is None else answers[threads]


def _together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of ``calls`` returns from a thread of its own."""
    answers: dict[int, Any] = {}

    def work(place: int) -> None:
        try:
            answers[place] = calls[place]()
        except Exception as error:
            answers[place] = error

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers.values():
        if isinstance(answer, Exception):
            raise answer
    return [answers[place] for place in range(len(calls))]


def summary(searches: Sequence[Searches]) -> dict[str, float]:
    """Searches a second in all, what each caller waited for an answer in ms, and recall."""
    latencies = np.concatenate([one.latencies for one in searches])
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99])
    return {
        "qps": sum(len(one.latencies) / one.seconds for one in searches),
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "p99_ms": float(p99),
        "longest_ms": float(latencies.max()),
        "recall": sum(one.right for one in searches) / sum(one.expected for one in searches),
    }
