"""Transactions that outlive the call which began them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from milvus_store_lite.storage.connections import Connections
from milvus_store_lite.storage.forks import GATE
from milvus_store_lite.storage.held import HeldTransaction


def test_a_use_that_is_broken_off_leaves_the_transaction_as_it_was(path: Path) -> None:
    """A fork would wait for a use that never ends."""
    connections = Connections(str(path))
    inside = GATE._inside
    opened = ExitStack()
    connection = opened.enter_context(connections.reading())
    held = HeldTransaction(opened, connections.look)
    with pytest.raises(KeyboardInterrupt), held.using():
        raise KeyboardInterrupt
    assert GATE._inside == inside
    with held.using():
        assert connection.in_transaction
    held.close()
    assert GATE._inside == inside
    connections.close()
    assert not connections.is_open
