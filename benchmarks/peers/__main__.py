"""Embedded vector databases side by side in one run: inserts, index, searches with and without filters, opening.

Each does the same in a process of its own, and they take turns, some queries at a time, so that a machine whose
speed drifts treats all alike. Who is not installed takes no part; its line for pip is printed. Those whose recall
depends on one number (ef, nprobes) are asked once more with several values of it, without a filter.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from .. import corpus, data
from ..corpus import Corpus
from ..results import Results
from ..tables import by_columns
from . import player, products
from .player import Player
from .products import PRODUCTS
from .products.product import LIMIT

FILTERS = (None, data.HALF, data.TWENTIETH, data.ONE_TENANT)
IN_TURN = 10
WARM_UP = 5
PATIENCE_MS = 10_000
"""Who has searched for so long is asked no more: the slow answer fewer queries."""
REST = 0.3
"""Seconds between turns: the threads of some wait busily for a while after their last search."""
SETTLING = 10
"""Seconds after the inserts, in which those that index or compact in the background may do so."""


def searched(
    players: dict[str, Player], queries: data.Floats, filter: data.Filter | None, expected: Sequence[set[int]]
) -> dict[str, dict[str, float]]:
    """p50, p95 and recall of each player."""
    times: dict[str, list[float]] = {name: [] for name in players}
    found = dict.fromkeys(players, 0)
    for one in players.values():
        one.ask(player.search, queries[:WARM_UP], filter)
    for first in range(0, len(queries), IN_TURN):
        for name, one in players.items():
            if sum(times[name]) > PATIENCE_MS:
                continue
            time.sleep(REST)
            took, answers = one.ask(player.search, queries[first : first + IN_TURN], filter)
            times[name] += took
            pairs = zip(answers, expected[first:], strict=False)
            found[name] += sum(len(right & set(ids)) for ids, right in pairs)
    return {
        name: {
            "p50_ms": float(np.median(took)),
            "p95_ms": float(np.percentile(took, 95)),
            "recall": found[name] / sum(map(len, expected[: len(took)])),
        }
        for name, took in times.items()
    }


def opened(name: str, folder: Path, query: data.Floats) -> dict[str, float]:
    """Seconds until a fresh process has answered its first search, imports and all; its peak memory in MB."""
    start = time.perf_counter()
    with player.players(name, folder, 1) as (one,):
        one.ask(player.search, [query], None)
        seconds = time.perf_counter() - start
        return {"first_answer_s": seconds, "memory_mb": one.ask(player.peak_memory)}


def size(folder: Path) -> float:
    """MB of all files."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 2**20


def sweep(
    players: dict[str, Player], queries: data.Floats, expected: Sequence[set[int]]
) -> Iterator[tuple[str, int, dict[str, float]]]:
    """The figures of each player for each of its efforts."""
    able = {name: list(PRODUCTS[name].efforts) for name in players if PRODUCTS[name].efforts}
    for step in range(max(map(len, able.values()), default=0)):
        now = {name: efforts[step] for name, efforts in able.items() if step < len(efforts)}
        for name, effort in now.items():
            players[name].ask(player.aim, effort)
        for name, figures in searched({name: players[name] for name in now}, queries, None, expected).items():
            yield name, now[name], figures


def compare(names: Sequence[str], vectors: Corpus, folder: Path, report: Results) -> None:
    file = folder / "vectors.npy"
    np.save(file, vectors.vectors)
    expected = {asked: data.as_sets(vectors.nearest(asked, LIMIT)) for asked in FILTERS}
    titles = {name: PRODUCTS[name].title for name in names}
    with ExitStack() as stack:
        players = {}
        for name in names:
            (folder / name).mkdir()
            (players[name],) = stack.enter_context(player.players(name, folder / name, 1))
        for name, one in players.items():
            inserting, indexing = one.ask(player.fill, file)
            report.add("ingest", titles[name], rows_per_s=len(vectors.vectors) / inserting, index_s=indexing)
            print(f"{titles[name]} filled ({PRODUCTS[name].settings})", flush=True)
        time.sleep(SETTLING)
        for asked in FILTERS:
            for name, figures in searched(players, vectors.queries, asked, expected[asked]).items():
                effort = PRODUCTS[name].effort
                report.add("search", titles[name], filter=data.named(asked), effort=effort, **figures)
        for name, effort, figures in sweep(players, vectors.queries, expected[None]):
            report.add("sweep", titles[name], filter=data.named(None), effort=effort, **figures)
    for name in names:
        figures = opened(name, folder / name, vectors.queries[0])
        report.add("opening", titles[name], **figures, disk_mb=size(folder / name))


def show(report: Results) -> None:
    """A column for each product, and how many times as long as the first each takes."""
    columns: dict[str, dict[str, str]] = {}
    bases: dict[str, float] = {}
    for row in report.rows:
        columns.setdefault(row["product"], {}).update(lines_of(row, bases))
    print(by_columns("", columns))


def lines_of(row: dict[str, Any], bases: dict[str, float]) -> dict[str, str]:
    """What one row of results adds to its product's column; ``bases``: the first product's times, by line."""
    if row["measure"] == "ingest":
        return {"inserts": f"{row['rows_per_s']:,.0f}/s", "index": f"{row['index_s']:.1f} s"}
    if row["measure"] == "opening":
        opening = f"{row['first_answer_s']:.2f} s, {row['memory_mb']:,.0f} MB"
        return {"fresh process": opening, "on disk": f"{row['disk_mb']:,.0f} MB"}
    if row["measure"] == "sweep":
        return {}
    base = bases.setdefault(row["filter"], row["p50_ms"])
    times = "" if base == row["p50_ms"] else f" ({row['p50_ms'] / base:.1f} x)"
    return {row["filter"]: f"{row['p50_ms']:.2f} ms{times}, {row['recall']:.3f}"}


def show_sweep(report: Results) -> None:
    for row in report.of("sweep"):
        print(
            f"{row['product']:18} effort {row['effort']:4}  {row['p50_ms']:7.2f} ms  recall {row['recall']:.4f}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    corpus.add_options(parser, queries=100)
    products.add_option(parser, "all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results to this file too")
    options = parser.parse_args(arguments)
    names = products.installed(options.peers)
    vectors = corpus.chosen(options)
    settings = {**vectors.settings, "products": products.described(names)}
    report = Results("peers", settings, products.versions(names))
    print(f"{vectors}; medians and recall@{LIMIT}", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        compare(names, vectors, Path(folder), report)
    show(report)
    show_sweep(report)
    report.write(options.json)


if __name__ == "__main__":
    main()
