"""Embedded vector databases side by side in one run: inserts, index, searches with and without filters, opening.

Each does the same in a process of its own, and they take turns, some queries at a time, so that a machine whose
speed drifts treats all alike. What takes part is what is installed:
``pip install pymilvus milvus-lite chromadb lancedb qdrant-client zvec``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import data
from . import player
from .player import Player
from .products import LIMIT, PRODUCTS, Filter

FILTERS = (None, Filter("bucket", "<", 500), Filter("bucket", "<", 50), Filter("tenant", "==", "t1"))
IN_TURN = 10
WARM_UP = 5
PATIENCE_MS = 10_000
"""Who has searched for so long is asked no more: the slow answer fewer queries."""
REST = 0.3
"""Seconds between turns: the threads of some wait busily for a while after their last search."""
SETTLING = 10
"""Seconds after the inserts, in which those that index or compact in the background may do so."""


def truth(vectors: data.Floats, queries: data.Floats, filter: Filter | None) -> list[set[int]]:
    """The ids of the nearest rows that ``filter`` keeps, for each of ``queries``."""
    rows = np.arange(len(vectors))
    kept: npt.NDArray[np.int64] = rows
    if filter is not None and filter.field == "bucket":
        kept = rows[data.bucket_of(rows) < filter.value]
    elif filter is not None:
        kept = rows[rows % (len(vectors) // 1000) == int(str(filter.value)[1:])]
    scores = queries @ vectors[kept].T
    return [set(kept[np.argpartition(-one, LIMIT)[:LIMIT]].tolist()) for one in scores]


def searched(
    players: dict[str, Player], queries: data.Floats, filter: Filter | None, expected: Sequence[set[int]]
) -> dict[str, tuple[float, float]]:
    """The median milliseconds and the recall of each player."""
    asked = queries.tolist()
    times: dict[str, list[float]] = {name: [] for name in players}
    found = dict.fromkeys(players, 0)
    for one in players.values():
        one.ask(player.search, asked[:WARM_UP], filter)
    for first in range(0, len(asked), IN_TURN):
        for name, one in players.items():
            if sum(times[name]) > PATIENCE_MS:
                continue
            time.sleep(REST)
            took, answers = one.ask(player.search, asked[first : first + IN_TURN], filter)
            times[name] += took
            pairs = zip(answers, expected[first:], strict=False)
            found[name] += sum(len(right & set(ids)) for ids, right in pairs)
    return {
        name: (statistics.median(took), found[name] / (LIMIT * len(took))) for name, took in times.items()
    }


def opened(name: str, folder: Path, query: list[float]) -> tuple[float, float]:
    """Seconds until a fresh process has answered its first search, imports and all; its peak memory in MB."""
    start = time.perf_counter()
    one = Player(name, folder)
    one.ask(player.search, [query], None)
    seconds = time.perf_counter() - start
    memory = one.ask(player.peak_memory)
    one.end()
    return seconds, memory


def size(folder: Path) -> float:
    """MB of all files."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 2**20


def compare(names: Sequence[str], vectors: data.Floats, queries: data.Floats, folder: Path) -> None:
    np.save(folder / "vectors.npy", vectors)
    folders = {name: folder / name.replace(" ", "-") for name in names}
    for one in folders.values():
        one.mkdir()
    players = {name: Player(name, folders[name]) for name in names}
    lines: dict[str, dict[str, str]] = {name: {} for name in names}
    for name, one in players.items():
        inserting, indexing = one.ask(player.fill, folder / "vectors.npy")
        lines[name]["inserts"] = f"{len(vectors) / inserting:,.0f}/s"
        lines[name]["index"] = f"{indexing:.1f} s"
        print(f"{name} filled ({PRODUCTS[name].settings})", flush=True)
    time.sleep(SETTLING)
    for chosen in FILTERS:
        results = searched(players, queries, chosen, truth(vectors, queries, chosen))
        base = results[names[0]][0]
        for name, (ms, recall) in results.items():
            times = "" if name == names[0] else f" ({ms / base:.0f} x)"
            lines[name][str(chosen or "unfiltered")] = f"{ms:.2f} ms{times}, {recall:.3f}"
    for one in players.values():
        one.end()
    for name in names:
        seconds, memory = opened(name, folders[name], queries[0].tolist())
        lines[name]["fresh process"] = f"{seconds:.2f} s, {memory:,.0f} MB"
        lines[name]["on disk"] = f"{size(folders[name]):,.0f} MB"
    show(lines)


def show(lines: dict[str, dict[str, Any]]) -> None:
    heads = ["", *lines]
    rows = [[head, *(lines[name][head] for name in lines)] for head in next(iter(lines.values()))]
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    for row in [heads, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--without", nargs="*", default=[], help="products to leave out", choices=PRODUCTS)
    chosen = parser.parse_args()
    names = []
    for name, product in PRODUCTS.items():
        missing = [module for module in product.needs if find_spec(module) is None]
        if missing:
            print(f"{name} takes no part: {', '.join(missing)} not installed")
        elif name not in chosen.without:
            names.append(name)
    vectors = data.clustered(chosen.rows + chosen.queries, chosen.dim)
    queries, vectors = vectors[chosen.rows :], vectors[: chosen.rows]
    print(f"{chosen.rows:,} x {chosen.dim}; recall@{LIMIT}, medians of up to {chosen.queries} queries")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        compare(names, vectors, queries, Path(folder))


if __name__ == "__main__":
    main()
