"""Files with many collections, aliases and databases: what a call costs beside the names that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store_lite.storage.catalog import Catalog
from milvus_store_lite.storage.integrity import names

COLLECTIONS = 60


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    with MilvusClient(path, durability="normal") as client:
        for number in range(COLLECTIONS):
            client.create_collection(f"c{number}", dimension=2)
    return path


def test_the_first_search_of_a_collection_looks_at_few_others(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    existing = Catalog.existing

    def watched(catalog: Catalog, collections: Sequence[int]) -> set[int]:
        looked_at.append(len(collections))
        return existing(catalog, collections)

    monkeypatch.setattr(Catalog, "existing", watched)
    with MilvusClient(many) as client:
        for number in range(COLLECTIONS):
            client.search(f"c{number}", [[1, 2]])
        assert 0 < sum(looked_at) <= 10 * COLLECTIONS
        assert max(looked_at) <= COLLECTIONS


def test_collections_that_another_client_dropped_are_forgotten_at_last(many: Path) -> None:
    with MilvusClient(many) as client, MilvusClient(many, busy_timeout=20) as other:
        for number in range(COLLECTIONS):
            client.search(f"c{number}", [[1, 2]])
        for number in range(COLLECTIONS - 1):
            other.drop_collection(f"c{number}")
        for number in range(COLLECTIONS // 4):
            other.create_collection(f"new{number}", dimension=2)
            client.search(f"new{number}", [[1, 2]])
        assert len(client._file.opener.states) <= 2 * (COLLECTIONS // 4)


@pytest.mark.parametrize(
    ("call", "most"),
    [("create_alias", 3), ("alter_alias", 3), ("drop_alias", 2), ("create_collection", 3)],
)
def test_a_change_of_names_reads_all_of_them_a_few_times_only(
    many: Path, monkeypatch: pytest.MonkeyPatch, call: str, most: int
) -> None:
    reads = []
    rows = names._rows
    with MilvusClient(many) as client:
        client.create_alias("c0", "alias")
        client.describe_collection("c1")
        monkeypatch.setattr(names, "_rows", lambda connection: reads.append(1) or rows(connection))
        calls = {
            "create_alias": lambda: client.create_alias("c1", "other"),
            "alter_alias": lambda: client.alter_alias("c1", "alias"),
            "drop_alias": lambda: client.drop_alias("alias"),
            "create_collection": lambda: client.create_collection("other", dimension=2),
        }
        calls[call]()
    assert len(reads) == most
