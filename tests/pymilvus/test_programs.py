"""Whole programs of unmodified pymilvus. ``tests/compatibility`` runs the same with other versions of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from milvus_store import MilvusClient

from .running import PROGRAMS, run_served


@pytest.mark.parametrize("program", ["synchronous", "asynchronous", "orm"])
def test_the_program_finds_all_that_it_asks_for_and_leaves_one_file(program: str, path: Path) -> None:
    assert run_served("-W", "ignore", str(PROGRAMS / f"{program}.py"), str(path)).endswith("done\n")
    assert os.listdir(path.parent) == [path.name]
    with MilvusClient(path, read_only=True) as client:
        client.list_databases()
