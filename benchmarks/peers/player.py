"""Processes for each product, so that none has the threads, memory or imports of another."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from .. import data
from .products import PRODUCTS
from .products.product import Product

BATCH = 1_000


class Player:
    """A running process that opens the product called ``name`` in ``folder`` and does what it is asked to."""

    def __init__(self, name: str, folder: Path, *, read_only: bool = False) -> None:
        context = multiprocessing.get_context("spawn")
        self._talk, theirs = context.Pipe()
        self._process = context.Process(target=_play, args=(name, folder, read_only, theirs))
        self._process.start()
        theirs.close()

    def ready(self) -> None:
        """Wait until it is open: what it imports disturbs nobody any more."""
        self.result()

    def begin(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Let it call ``call(product, *arguments)``; ``result`` waits for what that returns."""
        self._talk.send((call, arguments))

    def result(self) -> Any:
        answer = self._talk.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        self.begin(call, *arguments)
        return self.result()

    def end(self) -> None:
        self._talk.close()
        self._process.join()


@contextmanager
def players(name: str, folder: Path, count: int, *, read_only: bool = False) -> Iterator[Sequence[Player]]:
    """``count`` of them, open at the start of the block."""
    found = [Player(name, folder, read_only=read_only) for _ in range(count)]
    try:
        for one in found:
            one.ready()
        yield found
    finally:
        for one in found:
            one.end()


def _play(name: str, folder: Path, read_only: bool, talk: Connection) -> None:
    try:
        product = PRODUCTS[name](folder, read_only)
    except Exception as error:
        talk.send(RuntimeError(f"{name}: {error!r}"))
        return
    talk.send(None)
    while True:
        try:
            call, arguments = talk.recv()
        except EOFError:
            break
        try:
            talk.send(call(product, *arguments))
        except Exception as error:
            talk.send(RuntimeError(f"{name}: {error!r}"))
    product.close()


# What a player may be asked.


def fill(product: Product, file: Path) -> tuple[float, float]:
    """Insert the vectors of the .npy ``file``, ``BATCH`` a call, and index them: seconds of both."""
    vectors = np.load(file)
    product.create(vectors.shape[1])
    tenants = data.tenants_of(len(vectors))
    inserting = 0.0
    for first in range(0, len(vectors), BATCH):
        rows = data.filtered_rows(vectors[first : first + BATCH], first, tenants)
        start = time.perf_counter()
        product.insert(rows)
        inserting += time.perf_counter() - start
    start = time.perf_counter()
    product.index()
    return inserting, time.perf_counter() - start


def aim(product: Product, effort: int) -> None:
    """Let the next searches use ``effort``."""
    product.effort = effort


def search(
    product: Product, queries: data.Floats, filter: data.Filter | None
) -> tuple[list[float], list[list[int]]]:
    """Milliseconds and ids of each of ``queries``."""
    times, found = [], []
    for query in queries:
        start = time.perf_counter()
        found.append(product.search(query, filter))
        times.append((time.perf_counter() - start) * 1e3)
    return times, found


def peak_memory(product: Product) -> float:
    """MB that this process and those it started had resident at most; nan where Linux's /proc is not there."""
    return sum(map(_peak, _family(os.getpid()))) if Path("/proc/self/status").exists() else float("nan")


def _family(pid: int) -> list[int]:
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [pid, *(one for child in children for one in _family(child))]


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
