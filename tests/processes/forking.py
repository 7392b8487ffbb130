"""Forks by hand: a client to take along, and children that end for certain."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from milvus_store import MilvusClient

from .batches import create, rows, seen, seen_by_search

PATIENCE = 30
"""Seconds after which a child that hangs is ended."""


def opened(path: str) -> MilvusClient:
    """A client that has written and searched, so that it has connections and snapshots to inherit."""
    create(Path(path))
    client = MilvusClient(path)
    client.insert("c", rows(1, 50, 0))
    assert seen(client) == seen_by_search(client) == {1: (50, 0)}
    return client


def forked(task: Callable[[], object]) -> int:
    """A child that does ``task``, prints what it raises and ends without any ceremony; its pid."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(PATIENCE)
    try:
        task()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
