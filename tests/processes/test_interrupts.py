"""Exceptions at any instant of any call: Ctrl-C, other threads' exceptions, cancelled tasks.

``MILVUS_STORE_INTERRUPTS``: how many; 200 by default. ``MILVUS_STORE_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import pytest

from .children import run
from .interrupts import KINDS, strike, strike_in_ends_of_iterators, strike_in_finalizers, strike_tasks

COUNT = int(os.environ.get("MILVUS_STORE_INTERRUPTS", "200"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the system has no timer signals")


@pytest.fixture
def seed() -> int:
    found = int(os.environ.get("MILVUS_STORE_SEED") or secrets.randbits(32))
    print(f"MILVUS_STORE_SEED={found}")
    return found


def test_a_call_that_is_broken_off_leaves_nothing_behind(tmp_path: Path, seed: int) -> None:
    done = run(strike, tmp_path / "test.db", COUNT, seed, timeout=60 + COUNT)
    assert sum(done.values()) == COUNT
    if 100 * len(KINDS) < COUNT:
        assert {name.split()[0] for name in done} == {kind.__name__ for kind in KINDS}


def test_tasks_and_loops_that_are_broken_off_leave_nothing_behind(tmp_path: Path, seed: int) -> None:
    assert run(strike_tasks, tmp_path / "test.db", COUNT // 4, seed, timeout=60 + COUNT) >= COUNT // 4


def test_a_file_is_closed_although_the_end_of_its_client_is_broken_off(tmp_path: Path) -> None:
    assert run(strike_in_finalizers, tmp_path) > 20


@pytest.mark.parametrize("in_a_cycle", [False, True])
def test_a_transaction_ends_although_the_end_of_its_iterator_is_broken_off(
    tmp_path: Path, in_a_cycle: bool
) -> None:
    path = tmp_path / "test.db"
    assert run(strike_in_ends_of_iterators, path, in_a_cycle) > 10
