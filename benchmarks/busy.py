"""Searches while other searches run: from threads, from processes, and beside a writer; ours, or peers too.

For each way to ask and each filter: searches a second in all; p50, p95, p99 and the longest in ms, as each caller
sees them; and how many of the ten nearest are found. Threads are those of one process, none of them its main one;
processes search from their main threads. ``--peers all`` lets every product that is installed take
part, in turns. ``--beside`` runs so many busy Python loops next to it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from . import corpus, data
from .corpus import Corpus
from .peers import load, player, products
from .peers.products.product import LIMIT, Sharing
from .results import Results
from .tables import by_columns

FILTERS: Final = (None, data.HALF, data.TWENTIETH)


class Way(NamedTuple):
    """How searches come."""

    kind: str
    """``threads`` or ``processes``."""
    workers: int
    writer: bool

    def __str__(self) -> str:
        name = self.kind if self.workers > 1 else {"threads": "thread", "processes": "process"}[self.kind]
        return f"{self.workers} {name}{' and a writer' if self.writer else ''}"

    def suits(self, sharing: Sharing) -> bool:
        """Whether a product that is shared like that can be asked so."""
        if self.kind == "threads":
            return True
        if self.writer:  # a process of its own
            return sharing is Sharing.ALL
        return self.workers == 1 or sharing is not Sharing.ALONE


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


class Bench:
    """One product, filled, in ``folder``."""

    def __init__(self, name: str, folder: Path, file: Path, rows: int) -> None:
        self._name = name
        self._folder = folder
        self._next_id = rows
        folder.mkdir()
        with player.players(name, folder, 1) as (one,):
            one.ask(player.fill, file)

    def measured(self, way: Way, tasks: Sequence[load.Task]) -> Iterator[dict[str, float]]:
        """The figures of each of ``tasks``, asked in the same processes."""
        with ExitStack() as stack:
            count = way.workers if way.kind == "processes" else 1
            read_only = way.kind == "processes" or not way.writer
            crew = stack.enter_context(player.players(self._name, self._folder, count, read_only=read_only))
            writer = None
            if way.writer and way.kind == "processes":
                (writer,) = stack.enter_context(player.players(self._name, self._folder, 1))
            for task in tasks:
                for one in crew:
                    one.begin(load.warm_up, task)
                for one in crew:
                    one.result()
                if way.kind == "threads":
                    searches, written = self._by_threads(crew[0], way, task)
                else:
                    searches, written = self._by_processes(crew, writer, task)
                figures = load.summary(searches)
                if written is not None:
                    self._next_id += written.rows
                    figures["written_per_s"] = written.rows / written.seconds
                yield figures

    def _by_threads(
        self, one: player.Player, way: Way, task: load.Task
    ) -> tuple[list[load.Searches], load.Written | None]:
        first_id = self._next_id if way.writer else None
        answer: tuple[list[load.Searches], load.Written | None] = one.ask(
            load.in_threads, task, way.workers, first_id
        )
        return answer

    def _by_processes(
        self, crew: Sequence[player.Player], writer: player.Player | None, task: load.Task
    ) -> tuple[list[load.Searches], load.Written | None]:
        for worker, one in enumerate(crew):
            one.begin(load.search, task, worker)
        written = None
        if writer is not None:
            written = writer.ask(load.write, task.queries.shape[1], self._next_id, task.seconds)
        return [one.result() for one in crew], written


def line(figures: dict[str, float]) -> str:
    """One cell of the table."""
    return (
        f"{figures['qps']:,.0f}/s · {figures['p50_ms']:.2f} / {figures['p95_ms']:.2f} / {figures['p99_ms']:.2f} · "
        f"{figures['recall']:.3f}"
    )


def compare(
    names: Sequence[str], vectors: Corpus, ways: Sequence[Way], seconds: float, folder: Path, report: Results
) -> None:
    """Let the products called ``names`` take turns at each of ``ways``, and report."""
    file = folder / "vectors.npy"
    np.save(file, vectors.vectors)
    benches = {}
    for name in names:
        benches[name] = Bench(name, folder / name, file, len(vectors.vectors))
        print(f"{products.PRODUCTS[name].title}: {products.PRODUCTS[name].settings}", flush=True)
    tasks = [
        load.Task(
            vectors.queries, vectors.nearest(asked, LIMIT).tolist(), len(vectors.vectors), asked, seconds
        )
        for asked in FILTERS
    ]
    for way in ways:
        for name, bench in benches.items():
            product = products.PRODUCTS[name]
            if not way.suits(product.sharing):
                print(f"{way}: {product.title} takes no part: {product.sharing.value}", flush=True)
                continue
            for task, figures in zip(tasks, bench.measured(way, tasks), strict=True):
                report.add("busy", product.title, filter=data.named(task.filter), **way._asdict(), **figures)
                print(f"{way}, {data.named(task.filter)}: {product.title} {line(figures)}", flush=True)


def show(report: Results) -> None:
    """A table for each filter: a line for each way, a column for each product."""
    rows = report.of("busy")
    for shown in dict.fromkeys(row["filter"] for row in rows):
        columns: dict[str, dict[str, str]] = {}
        for row in rows:
            if row["filter"] == shown:
                way = str(Way(row["kind"], row["workers"], row["writer"]))
                columns.setdefault(row["product"], {})[way] = line(row)
        print(f"\n{shown}: searches a second, p50 / p95 / p99 in ms, recall@{LIMIT}\n")
        print(by_columns("", columns))


def counts(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    corpus.add_options(parser, queries=1_000)
    products.add_option(parser, "ours")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="of searching for each figure (default: 5)"
    )
    parser.add_argument("--workers", type=counts, default=[1, 2, 4, 8], help="how many (default: 1,2,4,8)")
    parser.add_argument("--beside", type=int, default=0, help="busy Python loops next to it (default: 0)")
    parser.add_argument("--no-writer", action="store_true", help="leave out the lines with a writer")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results to this file too")
    options = parser.parse_args(arguments)
    names = products.installed(options.peers)
    vectors = corpus.chosen(options)
    settings: dict[str, Any] = {**vectors.settings, "seconds": options.seconds, "beside": options.beside}
    settings["products"] = products.described(names)
    report = Results("busy", settings, products.versions(names))
    ways = [
        Way(kind, workers, writer)
        for writer in ([False] if options.no_writer else [False, True])
        for kind in ("threads", "processes")
        for workers in options.workers
    ]
    print(f"{vectors}; {options.seconds:g} s each", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, beside(options.beside):
        compare(names, vectors, ways, options.seconds, Path(folder), report)
    show(report)
    report.write(options.json)


if __name__ == "__main__":
    main()
