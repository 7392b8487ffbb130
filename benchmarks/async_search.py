"""Searches awaited one after another beside the same ones awaited together, through ``AsyncMilvusClient``.

``equal``: they differ in their query vectors only, and so run as one. ``different``: each has a filter of its own,
and so runs in a thread of its own: what ``milvus_store.client.workers.READERS`` is set by.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from milvus_store import AsyncMilvusClient, MilvusClient

from . import data, timing

SEARCHES = 32


async def compare(name: str, search: Callable[[int], Awaitable[object]], rounds: int) -> None:
    """Print the times of both ways, round by round in turn."""
    in_a_row, together = [], []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        for place in range(SEARCHES):
            await search(place)
        middle = time.perf_counter()
        await asyncio.gather(*(search(place) for place in range(SEARCHES)))
        in_a_row.append((middle - start) * 1e3)
        together.append((time.perf_counter() - middle) * 1e3)
    in_a_row, together = in_a_row[1:], together[1:]
    print(
        f"  {name:10} in a row {statistics.median(in_a_row):7.1f} ms   together "
        f"{statistics.median(together):7.1f} ms   ratio {timing.ratio(together, in_a_row):5.2f}"
    )


async def measure(count: int, dim: int, rounds: int) -> None:
    vectors = data.clustered(count, dim)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        with MilvusClient(path, durability="normal") as client:
            client.create_collection("c", dimension=dim)
            for start in range(0, count, 10_000):
                client.insert("c", data.rows(vectors[start : start + 10_000], first_id=start))
        print(f"{count:,} x {dim}, {SEARCHES} searches, p50 of {rounds}")
        async with AsyncMilvusClient(path) as client:

            def equal(place: int) -> Awaitable[object]:
                return client.search("c", [vectors[place]], output_fields=["title"])

            def different(place: int) -> Awaitable[object]:
                return client.search("c", [vectors[place]], filter=f"id >= {place}", output_fields=["title"])

            await compare("equal", equal, rounds)
            await compare("different", different, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    for count in arguments.rows:
        asyncio.run(measure(count, arguments.dim, arguments.rounds))


if __name__ == "__main__":
    main()
