"""Our server beside Milvus Lite's, both through pymilvus on this machine: inserts, searches, counts, many clients.

Each server is a process of its own and has the same rows. Calls take turns, so that a machine whose speed drifts
treats both alike. Then ``--clients`` threads of one process search ours for ``--seconds``.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pymilvus

from . import data
from .tables import by_columns

LIMIT: Final = 10
_BATCH: Final = 2_000
_SERVERS: Final = {
    "milvus-store": ("-m", "milvus_store", "serve", "{folder}/served.db", "--port", "{port}", "--no-metrics"),
    "Milvus Lite": (
        *("-m", "milvus_lite", "server", "--host", "127.0.0.1", "--port", "{port}"),
        *("--data-dir", "{folder}"),
    ),
}
_FORMS: Final[dict[str, Callable[[data.Floats], Iterable[Any]]]] = {
    "lists": np.ndarray.tolist,
    "arrays": list,
}
_FILTERS: Final = {"search": "", "bucket < 500": "bucket < 500", "bucket < 50": "bucket < 50"}


@contextmanager
def serving(arguments: Sequence[str], folder: Path) -> Iterator[str]:
    """The address of a server that runs for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    filled = [argument.format(folder=folder, port=port) for argument in arguments]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, *filled], stdout=log, stderr=log)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError((folder / "log").read_text(encoding="utf-8")) from None
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def fill(client: Any, vectors: data.Floats) -> dict[str, float]:
    """Rows a second that are inserted, by the form of their vectors. The last ones are indexed and loaded.

    Embedding services answer with lists; models in the same process give arrays, which take pymilvus longer to
    pack.
    """
    rates = {form: insert_rate(client, vectors, batch_of) for form, batch_of in _FORMS.items()}
    client.flush("bench")
    indexes = client.prepare_index_params()
    indexes.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
    client.create_index("bench", indexes)
    client.load_collection("bench")
    return rates


def insert_rate(client: Any, vectors: data.Floats, batch_of: Callable[[data.Floats], Iterable[Any]]) -> float:
    """Rows a second that are inserted into a new collection."""
    client.drop_collection("bench")
    schema = client.create_schema()
    schema.add_field("id", pymilvus.DataType.INT64, is_primary=True)
    schema.add_field("vector", pymilvus.DataType.FLOAT_VECTOR, dim=vectors.shape[1])
    schema.add_field("bucket", pymilvus.DataType.INT64)
    schema.add_field("color", pymilvus.DataType.VARCHAR, max_length=8)
    client.create_collection("bench", schema=schema)
    took = 0.0
    for start in range(0, len(vectors), _BATCH):
        rows = [
            {"id": number, "vector": vector, "bucket": data.bucket_of(number), "color": f"c{number % 3}"}
            for number, vector in enumerate(batch_of(vectors[start : start + _BATCH]), start)
        ]
        began = time.perf_counter()
        client.insert("bench", rows)
        took += time.perf_counter() - began
    return len(vectors) / took


def found(client: Any, query: data.Floats, filter: str) -> set[int]:
    (hits,) = client.search("bench", [query], filter=filter, limit=LIMIT)
    return {hit["id"] for hit in hits}


def in_turns(
    clients: dict[str, Any], queries: data.Floats, filter: str, truth: list[set[int]]
) -> dict[str, tuple[float, float, float]]:
    """p50 and p95 in milliseconds and recall of each client's searches."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    hits = dict.fromkeys(clients, 0)
    for query, expected in zip(queries, truth, strict=True):
        for name, client in clients.items():
            began = time.perf_counter()
            answer = found(client, query, filter)
            times[name].append(1e3 * (time.perf_counter() - began))
            hits[name] += len(answer & expected)
    return {
        name: (float(np.median(took)), float(np.percentile(took, 95)), hits[name] / LIMIT / len(queries))
        for name, took in times.items()
    }


def nearest(vectors: data.Floats, queries: data.Floats, filter: str) -> list[set[int]]:
    """The ids of the true neighbours."""
    ids = np.arange(len(vectors))
    if filter:
        buckets = np.array([data.bucket_of(number) for number in range(len(vectors))])
        ids = ids[buckets < int(filter.rpartition(" ")[2])]
    scores = queries @ vectors[ids].T
    return [set(ids[np.argsort(-row)[:LIMIT]].tolist()) for row in scores]


def counted(clients: dict[str, Any], rounds: int) -> dict[str, float]:
    """Milliseconds of ``count(*)`` with a filter."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(rounds):
        for name, client in clients.items():
            began = time.perf_counter()
            client.query("bench", filter="bucket < 500", output_fields=["count(*)"])
            times[name].append(1e3 * (time.perf_counter() - began))
    return {name: float(np.median(took)) for name, took in times.items()}


def many(uri: str, queries: data.Floats, clients: int, seconds: float) -> tuple[float, float, float, int]:
    """Searches a second of so many clients at once, their p50 and p99 in ms, and how many failed."""
    took: list[float] = []
    failed: list[Exception] = []
    until = time.perf_counter() + seconds

    def work(number: int) -> None:
        client = pymilvus.MilvusClient(uri)
        place = number
        while (began := time.perf_counter()) < until:
            try:
                found(client, queries[place % len(queries)], "")
            except Exception as error:
                failed.append(error)
            took.append(time.perf_counter() - began)
            place += 1
        client.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (
        len(took) / seconds,
        1e3 * float(np.median(took)),
        1e3 * float(np.percentile(took, 99)),
        len(failed),
    )


def compare(rows: int, dim: int, count: int, clients: int, seconds: float, folder: Path) -> None:
    vectors, queries = data.clustered(rows, dim), data.clustered(count, dim, part=1)
    columns: dict[str, dict[str, str]] = {name: {} for name in _SERVERS}
    with ExitStack() as stack:
        uris = {}
        for name, arguments in _SERVERS.items():
            (folder / name).mkdir()
            uris[name] = stack.enter_context(serving(arguments, folder / name))
        peers = {name: pymilvus.MilvusClient(uri) for name, uri in uris.items()}
        for name, client in peers.items():
            for form, rate in fill(client, vectors).items():
                columns[name][f"inserts of {form}"] = f"{rate:,.0f}/s"
        for client in peers.values():
            for query in queries[:30]:
                found(client, query, "")
        for label, asked in _FILTERS.items():
            results = in_turns(peers, queries, asked, nearest(vectors, queries, asked))
            for name, (p50, p95, recall) in results.items():
                columns[name][label] = f"{p50:.2f} ms, p95 {p95:.2f}, recall {recall:.3f}"
        for name, took in counted(peers, 30).items():
            columns[name]["count"] = f"{took:.2f} ms"
        print(by_columns(f"{rows:,} x {dim}", columns))
        if clients:
            rate, p50, p99, failures = many(uris["milvus-store"], queries, clients, seconds)
            print(
                f"{clients} clients for {seconds:g} s: {rate:,.0f} searches/s, p50 {p50:.1f} ms, "
                f"p99 {p99:.1f} ms, {failures} failed"
            )
        for client in peers.values():
            client.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="vectors to store (default: 100,000)")
    parser.add_argument("--dim", type=int, default=384, help="their dimensions (default: 384)")
    parser.add_argument("--queries", type=int, default=60, help="searches of each kind (default: 60)")
    parser.add_argument("--clients", type=int, default=32, help="clients at once at the end (default: 32)")
    parser.add_argument("--seconds", type=float, default=60, help="for how long they ask (default: 60)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        compare(given.rows, given.dim, given.queries, given.clients, given.seconds, Path(scratch))
