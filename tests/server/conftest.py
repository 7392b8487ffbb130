"""A server over a file, in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pymilvus")

from milvus_store.server.endpoint import MilvusServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MilvusServer]:
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs whatever it raises
    with MilvusServer(tmp_path / "served.db", "127.0.0.1:0") as running:
        yield running
