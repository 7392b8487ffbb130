"""What a call costs beyond its arithmetic: searches of 100 rows x 8, where nothing else takes any time.

Beside each metric stands numpy doing the same arithmetic on arrays, and pymilvus on Milvus Lite where that is
installed. ``--stages`` takes a search apart, in place: code and caches are as cold there as in the whole call.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np

import milvus_store.results
from milvus_store import DataType, MilvusClient
from milvus_store.client.memoized_arguments import MemoizedArguments
from milvus_store_lite.collection.opener import CollectionOpener
from milvus_store_lite.search import dense
from milvus_store_lite.search.prepared import PreparedSearch

from . import timing

ROWS: Final = 100
DIM: Final = 8
LIMIT: Final = 10
METRICS: Final = ("COSINE", "L2")
OUTPUT: Final = ["color", "n", "x"]

STAGES: Final = (
    (MemoizedArguments, "__call__", "request from arguments"),
    (CollectionOpener, "begin_lazily", "look whether anything changed"),
    (PreparedSearch, "select", "selection"),
    (PreparedSearch, "vectors", "query vectors"),
    (dense, "score", "scores"),
    (dense, "leading", "the nearest of them"),
    (PreparedSearch, "shown", "keys and distances"),
    (milvus_store.results, "Hits", "hits"),
)


def fill(client: Any, metric: str, vectors: np.ndarray[Any, Any]) -> None:
    """``client``: ours or pymilvus's, which share their calls."""
    schema = client.create_schema(enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    schema.add_field("color", DataType.VARCHAR, max_length=20)
    schema.add_field("n", DataType.INT64)
    schema.add_field("x", DataType.DOUBLE)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type=metric)
    client.create_collection(metric, schema=schema, index_params=index)
    rows = [
        {"id": row, "vector": vectors[row].tolist(), "color": f"c{row % 5}", "n": row, "x": row / 2}
        for row in range(ROWS)
    ]
    client.insert(metric, rows)
    client.load_collection(metric)


def calls(client: Any, query: list[float]) -> dict[str, Callable[[], object]]:
    """The calls to time, by name."""
    search = functools.partial(client.search, "L2", [query], limit=LIMIT)
    return {
        **{f"search {metric}": lambda metric=metric: client.search(metric, [query]) for metric in METRICS},
        "search with a filter": lambda: search(filter="n < 50"),
        "search, 3 output fields": lambda: search(output_fields=OUTPUT),
        "get by key": lambda: client.get("L2", ids=[5], output_fields=OUTPUT),
        "query by key": lambda: client.query("L2", filter="id == 5", output_fields=OUTPUT),
    }


def arithmetic(metric: str, vectors: np.ndarray[Any, Any], query: list[float]) -> Callable[[], object]:
    """What numpy alone takes from a list to ranked keys and distances, in float64 as ours."""
    wide, keys = vectors.astype(np.float64), np.arange(len(vectors))
    lengths = np.linalg.norm(wide, axis=1)

    def nearest() -> object:
        asked = np.array(query, dtype=np.float64)
        if metric == "L2":
            apart = wide - asked
            values = np.einsum("ij,ij->i", apart, apart)
        else:
            values = -(wide @ asked) / (lengths * np.linalg.norm(asked))
        best = values.argsort(kind="stable")[:LIMIT]
        return keys[best].tolist(), values[best].astype(np.float32).tolist()

    return nearest


def compare(rounds: int) -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((ROWS, DIM)).astype(np.float32)
    query = random.standard_normal(DIM).tolist()
    print(f"{ROWS} x {DIM}, k={LIMIT}, µs: lowest tenth and median of {rounds:,}")
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "ours.db")) as client:
        for metric in METRICS:
            fill(client, metric, vectors)
        ours = calls(client, query)
        for name, call in ours.items():
            others = {"numpy": arithmetic(name.split()[-1], vectors, query)} if name[7:] in METRICS else {}
            times = timing.in_turn(call, *others.values(), rounds=rounds)
            shown = "   ".join(
                f"{other} {_shown(found)}" for other, found in zip(others, times[1:], strict=True)
            )
            print(f"  {name:26}{_shown(times[0])}   {shown}")
    if find_spec("pymilvus") and find_spec("milvus_lite"):
        import pymilvus

        with tempfile.TemporaryDirectory() as folder:
            peer = pymilvus.MilvusClient(str(Path(folder, "lite.db")))
            for metric in METRICS:
                fill(peer, metric, vectors)
            for name, call in calls(peer, query).items():
                (found,) = timing.in_turn(call, rounds=max(30, rounds // 50))
                print(f"  pymilvus, Milvus Lite: {name:26}{_shown(found)}")
            peer.close()


def stages(rounds: int) -> None:
    """Where the time of a search goes. Each measurement adds 0.3 µs to what it is part of."""
    random = np.random.default_rng(0)
    vectors = random.standard_normal((ROWS, DIM)).astype(np.float32)
    query = random.standard_normal(DIM).tolist()
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "ours.db")) as client:
        for metric in METRICS:
            fill(client, metric, vectors)
            times: dict[str, list[float]] = defaultdict(list)
            with ExitStack() as patches:
                for owner, name, stage in STAGES:
                    timed = _timed(getattr(owner, name), times[stage])
                    patches.enter_context(mock.patch.object(owner, name, timed))
                (whole,) = timing.in_turn(lambda metric=metric: client.search(metric, [query]), rounds=rounds)
            print(f"{metric}: {_shown(whole)} in all")
            for stage, found in times.items():
                print(f"  {stage:32}{_shown(found)}")


def _timed(call: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        answer = call(*arguments, **options)
        times.append((time.perf_counter() - start) * 1e3)
        return answer

    return timed


def _shown(times: list[float]) -> str:
    """µs of ``times``, ms each: the lowest tenth and the median."""
    return f"{1e3 * statistics.quantiles(times, n=10)[0]:7.1f} {1e3 * statistics.median(times):7.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5_000)
    parser.add_argument("--stages", action="store_true")
    options = parser.parse_args()
    (stages if options.stages else compare)(options.rounds)


if __name__ == "__main__":
    main()
