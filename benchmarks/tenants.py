"""Many tenants, collections and small writes in one process: the last must cost what the first did.

Times are of the processor, in the calling thread, so that other work on the machine hardly shows: the lowest
tenth, the median and the 99th percentile.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from milvus_store import DataType, MilvusClient

from . import data, timing

STEPS = 5
"""Parts of a run, each of which has a line: all should say the same."""


def build(client: MilvusClient, tenants: int, rows: int, dim: int) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("tenant", DataType.VARCHAR, max_length=64, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="COSINE")
    client.create_collection("bench", schema=schema, index_params=index)
    count = tenants * rows
    for part, start in enumerate(range(0, count, 10_000), start=1):
        vectors = data.clustered(min(10_000, count - start), dim, part=part)
        client.insert(
            "bench",
            [
                {"id": start + place, "vector": vector, "tenant": f"t{(start + place) % tenants}"}
                for place, vector in enumerate(vectors)
            ],
        )


def steps(what: str, numbers: Iterable[int], call: Callable[[int], object], step: int) -> None:
    """Time ``call`` of each of ``numbers``, and print a line for each ``step`` of them."""
    times: list[float] = []
    for number in numbers:
        start = time.thread_time()
        call(number)
        times.append((time.thread_time() - start) * 1e3)
        if len(times) == step:
            low, middle, high = np.percentile(times, (10, 50, 99))
            print(
                f"  {what:28} to {number + 1:>7,}: {low:6.2f} {middle:6.2f} {high:6.2f} ms"
                f"   {timing.peak_memory():5.0f} MB at most"
            )
            times.clear()


def searches(folder: Path, tenants: int, rows: int, dim: int, rounds: int) -> None:
    """Each tenant is searched, and then each of them again."""
    query = data.clustered(1, dim)[0].tolist()
    with MilvusClient(folder / "tenants.db", durability="normal") as client:
        build(client, tenants, rows, dim)

        def search(tenant: int) -> object:
            return client.search("bench", [query], filter=f'tenant == "t{tenant}"', limit=10)

        for turn in range(1, rounds + 1):
            steps(f"search {turn} of a tenant", range(tenants), search, tenants // STEPS)


def collections(folder: Path, count: int) -> None:
    """Collections are made, each is searched, and the file is opened anew."""
    path = folder / "collections.db"
    with MilvusClient(path, durability="normal") as client:
        steps(
            "create a collection",
            range(count),
            lambda number: client.create_collection(f"c{number}", dimension=8),
            count // STEPS,
        )
        steps(
            "first search of one",
            range(count),
            lambda number: client.search(f"c{number}", [[0.0] * 8]),
            count // STEPS,
        )

    def open_and_search(_: int) -> None:
        with MilvusClient(path) as client:
            client.search("c0", [[0.0] * 8])

    steps("open and first search", range(STEPS), open_and_search, STEPS)


def single_writes(folder: Path, count: int) -> None:
    """Rows are inserted one a call, with a search after each hundredth, and deleted in the same way."""
    with MilvusClient(folder / "rows.db", durability="normal") as client:
        client.create_collection("rows", dimension=8)
        vectors = data.clustered(count, 8)

        def write(number: int, call: Callable[[int], object]) -> None:
            call(number)
            if number % 100 == 0:
                client.search("rows", [vectors[0]])

        def insert(number: int) -> object:
            return client.insert("rows", {"id": number, "vector": vectors[number]})

        def delete(number: int) -> object:
            return client.delete("rows", ids=[number])

        steps("insert a row", range(count), lambda number: write(number, insert), count // STEPS)
        steps("delete a row", range(count), lambda number: write(number, delete), count // STEPS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=5, help="of each tenant")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--collections", type=int, default=1_000)
    parser.add_argument("--writes", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{options.tenants:,} tenants of {options.rows} rows x {options.dim}; p10, p50, p99")
        searches(folder, options.tenants, options.rows, options.dim, options.rounds)
        collections(folder, options.collections)
        single_writes(folder, options.writes)


if __name__ == "__main__":
    main()
