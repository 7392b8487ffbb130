"""Searches while other searches run: from the main thread, another one, several threads and several processes.

100,000 clustered vectors of 384 dimensions behind AUTOINDEX, k = 10, without a filter and with filters that leave
half and a twentieth of the rows. For each way to ask: searches a second in all, and p50, p95, p99 and the longest
in ms as each caller sees them. ``--beside`` runs so many busy Python loops next to it.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any, Final

import numpy as np

from milvus_store import MilvusClient

from . import data
from .indexes import fill

DIM: Final = 384
LIMIT: Final = 10
WARM_UP: Final = 30
FILTERS: Final = ("", "bucket < 500", "bucket < 50")

Latencies = list[float]


def searched(client: MilvusClient, queries: data.Floats, expression: str, seconds: float) -> Latencies:
    """The milliseconds of each search of ``seconds``."""
    found = []
    end = time.perf_counter() + seconds
    for query in itertools.cycle(queries):
        start = time.perf_counter()
        if start > end:
            break
        client.search("bench", [query], limit=LIMIT, filter=expression)
        found.append((time.perf_counter() - start) * 1e3)
    return found


def in_threads(
    client: MilvusClient, queries: data.Floats, expression: str, seconds: float, count: int
) -> Latencies:
    """The same from ``count`` threads, none of them the main one."""
    answers: list[Latencies] = []

    def work(number: int) -> None:
        answers.append(searched(client, np.roll(queries, number * 37, axis=0), expression, seconds))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [latency for answer in answers for latency in answer]


def process(
    path: str, queries: data.Floats, expression: str, seconds: float, ready: Barrier, answers: Any
) -> None:
    """One of several processes: it warms up, waits for the others, and searches from its main thread."""
    with MilvusClient(path) as client:
        for query in queries[:WARM_UP]:
            client.search("bench", [query], limit=LIMIT, filter=expression)
        ready.wait()
        answers.put(searched(client, queries, expression, seconds))


def in_processes(path: str, queries: data.Floats, expression: str, seconds: float, count: int) -> Latencies:
    context = multiprocessing.get_context("spawn")
    ready, answers = context.Barrier(count), context.Queue()
    processes = [
        context.Process(
            target=process,
            args=(path, np.roll(queries, number * 37, axis=0), expression, seconds, ready, answers),
        )
        for number in range(count)
    ]
    for one in processes:
        one.start()
    found = [latency for _ in processes for latency in answers.get()]
    for one in processes:
        one.join()
    return found


def spin(until: Event) -> None:
    while not until.is_set():
        for _ in range(100_000):
            pass


@contextmanager
def beside(count: int) -> Iterator[None]:
    """``count`` processes that keep a core busy, for the length of the block."""
    context = multiprocessing.get_context("spawn")
    until = context.Event()
    loops = [context.Process(target=spin, args=(until,), daemon=True) for _ in range(count)]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        until.set()
        for loop in loops:
            loop.join()


def show(name: str, latencies: Latencies, seconds: float) -> None:
    cuts = statistics.quantiles(latencies, n=100)
    print(
        f"  {name:22}{len(latencies) / seconds:8,.0f}/s   p50 {cuts[49]:7.2f}  p95 {cuts[94]:7.2f}  "
        f"p99 {cuts[98]:7.2f}  longest {max(latencies):7.1f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--beside", type=int, default=0)
    options = parser.parse_args()
    seconds = options.seconds
    vectors = data.clustered(options.rows, DIM)
    queries = data.clustered(1_000, DIM, part=1)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "busy.db"))
        with MilvusClient(path) as client:
            fill(client, vectors)
            index = client.prepare_index_params("vector", index_type="AUTOINDEX", metric_type="COSINE")
            client.release_collection("bench")
            client.drop_index("bench", "vector")
            client.create_index("bench", index)
        with beside(options.beside), MilvusClient(path) as client:
            client.load_collection("bench")
            for expression in FILTERS:
                print(expression or "no filter")
                for query in queries[:WARM_UP]:
                    client.search("bench", [query], limit=LIMIT, filter=expression)
                ways: dict[str, Callable[[], Latencies]] = {
                    "the main thread": lambda e=expression: searched(client, queries, e, seconds),
                    **{
                        f"{count} other thread(s)": lambda e=expression, n=count: in_threads(
                            client, queries, e, seconds, n
                        )
                        for count in (1, 2, 4)
                    },
                    **{
                        f"{count} processes": lambda e=expression, n=count: in_processes(
                            path, queries, e, seconds, n
                        )
                        for count in (2, 4, 8)
                    },
                }
                for name, way in ways.items():
                    show(name, way(), seconds)


if __name__ == "__main__":
    main()
