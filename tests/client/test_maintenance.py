from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    DatabaseLockedError,
    DatabaseWriteError,
    NotADatabaseError,
    PartitionNotExistException,
)
from milvus_store_lite.process.calls import Resting
from milvus_store_lite.storage.row_reader import RowReader
from tests.inside import file_of, state_of

DIM = 64


def fill(client: MilvusClient, ids: range, collection: str = "c") -> None:
    random = np.random.default_rng(ids.start)
    for start in range(ids.start, ids.stop, 1000):
        part = range(start, min(start + 1000, ids.stop))
        vectors = random.standard_normal((len(part), DIM))
        client.insert(
            collection,
            [
                {"id": key, "vector": vector, "tenant": f"t{key % 7}", "text": "x" * 100}
                for key, vector in zip(part, vectors, strict=True)
            ],
        )


def create(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    client.create_collection("c", schema=schema, index_params=client.prepare_index_params("vector"))


def test_compacting_gives_the_space_of_deleted_rows_back(path: Path, tmp_path: Path) -> None:
    keep = "id % 10 == 3"
    with MilvusClient(path) as client, MilvusClient(path, busy_timeout=10) as reader:
        create(client)
        fill(client, range(8000))
        before = reader.query("c", keep, ["*"])
        assert client.delete("c", filter=f"not ({keep})")["delete_count"] == 7200
        job = client.compact("c")
        assert client.get_compaction_state(job) == "Completed"
        assert reader.query("c", "id >= 0", ["*"]) == before
        assert client.query("c", 'tenant == "t3"') == [row for row in before if row["tenant"] == "t3"]
        client.insert("c", {"id": 3, "vector": [0.0] * DIM, "tenant": "t3"})
        assert reader.get_collection_stats("c") == {"row_count": 800}
    fresh = tmp_path / "fresh.db"
    with MilvusClient(fresh) as client:
        create(client)
        client.insert("c", before)
    assert path.stat().st_size <= 1.3 * fresh.stat().st_size


def test_a_file_shrinks_by_itself_when_most_of_it_is_free(path: Path) -> None:
    with MilvusClient(path) as client:
        create(client)
        client.create_collection("other", dimension=2)
        fill(client, range(6000))
    full = path.stat().st_size
    with MilvusClient(path) as client:
        client.drop_collection("c")
        for key in range(5):
            client.insert("other", {"id": key, "vector": [1, 2]})
    assert path.stat().st_size < full / 3


def test_a_reader_that_missed_more_removals_than_the_feed_keeps_starts_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milvus_store_lite.storage.writer._FEED_LENGTH", 10)
    with MilvusClient(path) as client, MilvusClient(path, busy_timeout=10) as reader:
        create(client)
        fill(client, range(200))
        query = [[1.0] * DIM]
        assert len(reader.search("c", query, limit=300)[0]) == 200
        for key in range(100):
            client.delete("c", ids=[key])
        with sqlite3.connect(path) as connection:
            (kept,) = connection.execute("SELECT count(*) FROM removed_1").fetchone()
        connection.close()
        assert 10 <= kept <= 20
        assert sorted(reader.search("c", query, limit=300)[0].ids) == list(range(100, 200))


def test_a_backup_is_whole_while_others_write(path: Path, tmp_path: Path) -> None:
    with MilvusClient(path) as client:
        create(client)
        fill(client, range(2000))
        stop = threading.Event()

        def write() -> None:
            key = 10_000
            while not stop.is_set():
                fill(client, range(key, key + 10))
                key += 10

        writer = threading.Thread(target=write)
        writer.start()
        try:
            targets = [tmp_path / f"copy{number}.db" for number in range(3)]
            for target in targets:
                client.backup(target)
        finally:
            stop.set()
            writer.join()
        with pytest.raises(DatabaseWriteError, match="exists already"):
            client.backup(targets[0])
    for target in targets:
        with MilvusClient(target) as copy:
            count = copy.get_collection_stats("c")["row_count"]
            assert count >= 2000
            assert count % 10 == 0
            assert len(copy.search("c", [[1.0] * DIM], limit=16_000)[0]) == count
    assert not list(tmp_path.glob("*.part*"))


def test_a_read_only_client_reads_and_refuses_every_write(path: Path) -> None:
    with pytest.raises(DatabaseWriteError, match="does not exist"):
        MilvusClient(path, read_only=True)
    assert not path.exists()
    with MilvusClient(path) as client:
        create(client)
        fill(client, range(50))
        with MilvusClient(path, read_only=True) as reader:
            fill(client, range(50, 60))
            assert reader.get_collection_stats("c") == {"row_count": 60}
            for write in (
                lambda: reader.insert("c", {"id": 1, "vector": [0.0] * DIM, "tenant": "t1"}),
                lambda: reader.delete("c", ids=[1]),
                lambda: reader.drop_collection("c"),
                lambda: reader.create_collection("d", dimension=2),
                lambda: reader.compact("c"),
            ):
                with pytest.raises(DatabaseWriteError, match="read-only"):
                    write()
    with MilvusClient(path, read_only=True) as reader:
        assert len(reader.search("c", [[1.0] * DIM], limit=100)[0]) == 60
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_loading_what_is_loaded_waits_for_no_writer_and_serves_a_read_only_client(path: Path) -> None:
    with MilvusClient(path, busy_timeout=0.1) as client:
        create(client)
        client.create_collection("released", dimension=2)
        client.release_collection("released")
        with (
            file_of(client).connections.writing(),
            Resting(),
            MilvusClient(path, read_only=True) as reader,
        ):
            for each in (client, reader):
                each.load_collection("c")
                each.load_partitions("c", ["_default"])
                each.refresh_load("c")
                each.release_collection("released")
                each.release_partitions("released", ["_default"])
                with pytest.raises(DatabaseWriteError if each is reader else DatabaseLockedError):
                    each.load_collection("released")
                with pytest.raises(CollectionNotExistException):
                    each.load_collection("none")
                with pytest.raises(PartitionNotExistException):
                    each.load_partitions("c", ["none"])


def test_a_database_in_memory_is_private_and_leaves_nothing(tmp_path: Path) -> None:
    with MilvusClient(":memory:") as first, MilvusClient(":memory:") as second:
        create(first)
        fill(first, range(20))
        assert second.list_collections() == []
        assert len(first.search("c", [[1.0] * DIM], limit=100)[0]) == 20
        file = Path(file_of(first).path)
        assert file.exists()
    assert not file.parent.exists()
    assert not Path(":memory:").exists()


@pytest.mark.parametrize("limit", [0, 20_000, 400_000])
def test_a_memory_limit_changes_no_answer(path: Path, limit: int) -> None:
    with MilvusClient(path) as client:
        create(client)
        fill(client, range(3000))
        client.delete("c", filter="id % 11 == 0")
        with MilvusClient(path, memory_limit=limit) as bounded:
            memory = file_of(bounded).memory
            query = np.random.default_rng(9).standard_normal((2, DIM))
            for expression in ("", "id < 500", 'tenant in ["t1", "t2"]', 'text like "x%" and id > 2000'):
                for _ in range(2):
                    expected = client.search("c", query, filter=expression, limit=20)
                    assert bounded.search("c", query, filter=expression, limit=20) == expected
                    assert memory.used <= limit
                    ordered = {"order_by_fields": "text,id:desc", "limit": 7, "filter": expression}
                    assert bounded.query("c", **ordered) == client.query("c", **ordered)
                    counted = {
                        "group_by_fields": ["tenant"],
                        "output_fields": ["tenant", "max(tenant)", "max(id)"],
                    }
                    assert bounded.query("c", **counted) == client.query("c", **counted)
                    assert memory.used <= limit
            client.upsert("c", {"id": 5, "vector": query[0], "tenant": "t1"})
            assert bounded.search("c", query, limit=1)[0].ids == [5]
            assert memory.used <= limit


def test_keys_that_memory_does_not_allow_are_fetched_not_read_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MilvusClient(path, memory_limit=0) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": n, "vector": [n, 1.0]} for n in range(50)])
        read: list[str] = []
        whole = RowReader.values

        def noted(self: RowReader, column: str, *rest: object) -> list[object]:
            read.append(column)
            return whole(self, column, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(RowReader, "values", noted)
        assert client.search("docs", [[0.0, 1.0]], limit=3)[0].ids == [0, 1, 2]
        assert read == []


def test_the_column_that_was_not_used_for_longest_goes_first(path: Path) -> None:
    with MilvusClient(path) as client:
        create(client)
        fill(client, range(2000))
    with MilvusClient(path, memory_limit=60_000) as client:
        (history,) = [state.snapshot_caches.whole for state in [_only_state(client, "id > 5")]]

        def resident() -> set[str]:
            assert history._current is not None
            return {name for name, *_ in history._current.columns}

        assert resident() == {"id"}
        client.query("c", 'tenant != "t1"', limit=1)
        client.query("c", "id > 7", limit=1)
        assert resident() == {"id", "tenant"}
        client.query("c", "absent == 3", limit=1)
        assert "tenant" not in resident()


def _only_state(client: MilvusClient, expression: str):  # type: ignore[no-untyped-def]
    client.query("c", expression, limit=1)
    return state_of(client)


def test_maintenance_calls_name_what_is_missing(client: MilvusClient, tmp_path: Path) -> None:
    with pytest.raises(CollectionNotExistException, match="'nope'"):
        client.compact("nope")
    with pytest.raises(Exception, match=r"no[/\\]copy\.db"):
        client.backup(tmp_path / "no" / "copy.db")
    (tmp_path / "text.db").write_text("not a database" * 100)
    with pytest.raises(NotADatabaseError):
        MilvusClient(tmp_path / "text.db", read_only=True)


def test_what_others_have_dropped_is_forgotten(path: Path) -> None:
    with MilvusClient(path) as client, MilvusClient(path, busy_timeout=29.0) as other:
        for number in range(4):
            other.create_collection(f"c{number}", dimension=2)
            other.insert(f"c{number}", {"id": 1, "vector": [1, 2]})
            assert len(client.query(f"c{number}", "id > 0")) == 1
            other.drop_collection(f"c{number}")
        assert len(file_of(client).opener.states) == 1
