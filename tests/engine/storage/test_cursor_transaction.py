"""Transactions that outlive the call which began them."""

from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store_lite.process.calls import THIS_THREAD
from milvus_store_lite.storage.connections import Connections
from milvus_store_lite.storage.cursor_transaction import CursorTransaction


def test_a_use_that_is_broken_off_leaves_the_transaction_as_it_was(path: Path) -> None:
    """A fork would wait for a use that never ends."""
    connections = Connections(str(path))
    inside = THIS_THREAD.calls.inside
    lease = connections.reading()
    connection = lease.__enter__()
    held = CursorTransaction(lease)

    def be_interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        held.read(be_interrupted)
    assert THIS_THREAD.calls.inside == inside
    assert held.read(lambda: connection.in_transaction)
    held.close()
    assert THIS_THREAD.calls.inside == inside
    connections.close()
    assert not connections.is_open
