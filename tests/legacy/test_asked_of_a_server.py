"""What the legacy client asks a server for, without one."""

from __future__ import annotations

from typing import Any

import pytest

from milvus_store import MilvusException
from milvus_store.legacy import Milvus, connection
from milvus_store.legacy.collections import _drop_on_server


class Server:
    """Notes the calls on it, and refuses to drop a partition that is loaded."""

    def __init__(self, *_: object, can_release: bool = True, can_drop: bool = True, **__: object) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._refused = {"release_partitions": not can_release, "drop_partition": not can_drop}

    def __getattr__(self, name: str) -> Any:
        def ask(*_: object, **options: Any) -> None:
            self.asked.append((name, options))
            is_loaded = "release_partitions" not in [before for before, _ in self.asked]
            if self._refused.get(name) or (name == "drop_partition" and is_loaded):
                raise MilvusException(message=f"{name} refused")

        return ask

    def close(self) -> None:
        pass


def test_reads_see_all_earlier_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MilvusClient", Server)
    with Milvus(uri="tcp://localhost:19530") as client:
        for call in ("query", "get", "search", "insert", "drop_collection"):
            getattr(client.consistent_client, call)("T")
        asked: Any = client.milvus_client
        assert asked.asked == [
            *((read, {"consistency_level": "Strong"}) for read in ("query", "get", "search")),
            ("insert", {}),
            ("drop_collection", {}),
        ]


def test_a_loaded_partition_is_released_and_dropped() -> None:
    server: Any = Server()
    _drop_on_server(server, "T", "a")
    assert [name for name, _ in server.asked] == ["drop_partition", "release_partitions", "drop_partition"]


@pytest.mark.parametrize(("can_release", "last"), [(False, "release_partitions"), (True, "load_partitions")])
def test_a_partition_that_is_not_dropped_is_as_it_was(can_release: bool, last: str) -> None:
    server: Any = Server(can_release=can_release, can_drop=False)
    with pytest.raises(MilvusException, match="drop_partition refused"):
        _drop_on_server(server, "T", "a")
    assert server.asked[-1][0] == last
