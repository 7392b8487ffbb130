"""Snapshots of a collection: a restored one is what the collection was, whatever was done to it since."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store import AsyncMilvusClient, DataType, Function, FunctionType, MilvusClient
from milvus_store.errors import (
    CollectionExistsError,
    CollectionNotExistException,
    CollectionNotLoadedException,
    DatabaseCorruptError,
    DatabaseNotExistException,
    ParamError,
)
from milvus_store_lite.checks import check_file
from milvus_store_lite.storage.row_copy import RowCopy
from tests.lifetimes import Clock

ROWS = 2_500
"""More than are copied at a time."""


@pytest.fixture
def docs(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``docs``, which has something of everything that is in tables of its own."""
    schema = client.create_schema(auto_id=True, enable_dynamic_field=True, description="all of it")
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("half", DataType.FLOAT16_VECTOR, dim=2, nullable=True)
    schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    schema.add_field("n", DataType.INT32, nullable=True)
    schema.add_field("Seq", DataType.JSON, nullable=True)
    schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["terms"]))
    index = client.prepare_index_params("dense", index_type="HNSW", metric_type="L2")
    index.add_index("half", index_type="FLAT", metric_type="IP")
    index.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    index.add_index("n", index_type="INVERTED")
    client.create_collection("docs", schema=schema, index_params=index, properties={"note": "kept"})
    client.insert(
        "docs",
        [
            {
                "dense": [n, 1],
                "half": [n % 7, 1] if n % 3 else None,
                "text": f"word{n} and more",
                "tenant": f"t{n % 5}",
                "n": n if n % 2 else None,
                "Seq": {"deep": [n]} if n % 4 else None,
                "color": "red" if n % 2 else "blue",
            }
            for n in range(ROWS)
        ],
    )
    client.delete("docs", filter="n in [7, 1501]")
    return client


def everything(client: MilvusClient, name: str) -> list[dict[str, Any]]:
    return list(client.query(name, filter="", output_fields=["*"], limit=16_384))


def answers(client: MilvusClient, name: str) -> list[Any]:
    """Rows, the results of searches, and a definition."""
    described = client.describe_collection(name)
    return [
        everything(client, name),
        list(
            client.search(name, [[70.2, 1]], anns_field="dense", limit=9, output_fields=["text", "color"])[0]
        ),
        list(client.search(name, ["word11 more"], anns_field="terms", limit=3)[0]),
        list(client.search(name, [[1, 1]], anns_field="half", limit=9, filter='tenant == "t3"')[0]),
        list(client.query(name, filter="n < 20", output_fields=["Seq"])),
        client.get_collection_stats(name),
        [described[key] for key in ("description", "fields", "functions", "properties", "auto_id")],
        sorted(client.list_indexes(name)),
        [client.describe_index(name, index)["index_type"] for index in sorted(client.list_indexes(name))],
    ]


def test_a_restored_collection_is_what_it_was(docs: MilvusClient, path: Path) -> None:
    before = answers(docs, "docs")
    docs.create_snapshot("first", "docs", description="of Monday")
    docs.delete("docs", filter='tenant in ["t1", "t2"]')
    docs.insert("docs", [{"dense": [0, 0], "half": None, "text": "late", "tenant": "new", "n": 1}])
    docs.drop_collection_properties("docs", ["note"])
    docs.drop_index("docs", "n")
    docs.add_collection_field("docs", "later", DataType.INT8, nullable=True)
    docs.compact("docs")
    docs.restore_snapshot("first", "docs", "back")
    docs.load_collection("back")
    assert answers(docs, "back") == before
    assert docs.list_collections() == ["docs", "back"]
    assert check_file(path).problems == ()


def test_a_restored_collection_takes_writes_and_gives_new_keys(docs: MilvusClient) -> None:
    docs.create_snapshot("s", "docs")
    docs.restore_snapshot("s", "docs", "back")
    row = {"dense": [0, 0], "half": None, "text": "brandnew word3", "tenant": "t0", "n": 1}
    written = docs.insert("back", [row])
    assert written["ids"] == [ROWS + 1] == docs.insert("docs", [row])["ids"]
    docs.delete("back", ids=[1])
    docs.load_collection("back")
    found = [hit["id"] for hit in docs.search("back", ["brandnew"], anns_field="terms")[0]]
    assert found == [ROWS + 1]
    assert docs.get_collection_stats("back")["row_count"] == ROWS - 2
    docs.restore_snapshot("s", "docs", "again")
    assert docs.get_collection_stats("again")["row_count"] == ROWS - 2


def test_partitions_are_kept_and_rows_stay_in_theirs(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    client.create_partition("c", "a")
    client.create_partition("c", "b")
    client.insert("c", [{"id": 1, "vector": [1, 1]}], partition_name="a")
    client.insert("c", [{"id": 2, "vector": [2, 2]}], partition_name="b")
    client.create_snapshot("s", "c")
    assert client.describe_snapshot("s", "c").partition_names == ["_default", "a", "b"]
    client.release_partitions("c", ["a"])
    client.drop_partition("c", "a")
    client.restore_snapshot("s", "c", "d")
    client.load_collection("d")
    assert client.list_partitions("d") == ["_default", "a", "b"]
    assert [row["id"] for row in client.query("d", "", ["id"], limit=9, partition_names=["a"])] == [1]
    assert [row["id"] for row in client.query("d", "", ["id"], limit=9, partition_names=["b"])] == [2]


def test_rows_of_a_snapshot_grow_old_as_they_would_have(client: MilvusClient, clock: Clock) -> None:
    client.create_collection("c", dimension=2, properties={"collection.ttl.seconds": 100})
    client.insert("c", [{"id": 1, "vector": [1, 1]}])
    clock.now += 60
    client.insert("c", [{"id": 2, "vector": [2, 2]}])
    client.create_snapshot("s", "c")
    clock.now += 60
    client.restore_snapshot("s", "c", "d")
    client.load_collection("d")
    assert [row["id"] for row in client.query("d", "", ["id"], limit=9)] == [2]


def test_what_is_said_of_snapshots(docs: MilvusClient) -> None:
    assert docs.list_snapshots("docs") == []
    docs.create_snapshot("b", "docs", description="second to come")
    docs.create_alias("docs", "papers")
    docs.create_snapshot("a", "papers")
    assert docs.list_snapshots("papers") == ["b", "a"]
    found = docs.describe_snapshot("b", "docs")
    assert (found.name, found.description, found.collection_name) == ("b", "second to come", "docs")
    assert abs(found.create_ts - time.time() * 1_000) < 60_000
    docs.rename_collection("docs", "texts")
    assert docs.describe_snapshot("b", "texts").collection_name == "texts"
    docs.drop_snapshot("b", "texts")
    docs.drop_snapshot("b", "texts")
    assert docs.list_snapshots("texts") == ["a"]


def test_jobs_of_restores_outlive_the_client(docs: MilvusClient, path: Path) -> None:
    docs.create_database("other")
    docs.create_snapshot("s", "docs")
    first = docs.restore_snapshot("s", "docs", "one")
    second = docs.restore_snapshot("s", "docs", "two", target_db_name="other")
    docs.close()
    with MilvusClient(path) as client:
        assert [job.job_id for job in client.list_restore_snapshot_jobs()] == [first]
        assert [job.job_id for job in client.list_restore_snapshot_jobs(db_name="other")] == [second]
        assert client.list_restore_snapshot_jobs("docs") == []
        job = client.get_restore_snapshot_state(second)
        assert (job.snapshot_name, job.db_name, job.collection_name) == ("s", "other", "two")
        assert (job.state, job.progress, job.reason) == ("RestoreSnapshotCompleted", 100, "")
        assert job.start_time > 0
        client.rename_collection("one", "renamed")
        assert client.get_restore_snapshot_state(first).collection_name == "renamed"
        client.drop_collection("renamed")
        with pytest.raises(ParamError, match="no job 1"):
            client.get_restore_snapshot_state(1)
        with pytest.raises(ParamError, match="dropped since"):
            client.get_restore_snapshot_state(first)


def test_snapshots_go_with_their_collection_and_restored_ones_stay(docs: MilvusClient, path: Path) -> None:
    docs.create_snapshot("s", "docs")
    docs.restore_snapshot("s", "docs", "back")
    docs.drop_collection("docs")
    assert docs.list_collections() == ["back"]
    assert docs.get_collection_stats("back")["row_count"] == ROWS - 2
    docs.drop_collection("back")
    docs.close()
    with closing(sqlite3.connect(path)) as connection:
        left = connection.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'rows%'").fetchone()
        assert left == (0,)
    assert check_file(path).problems == ()


def test_a_collection_that_moves_takes_its_snapshots_along(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    client.create_snapshot("s", "c")
    client.create_database("other")
    client.rename_collection("c", "c", target_db="other")
    assert client.list_snapshots("c", db_name="other") == ["s"]
    client.restore_snapshot("s", "c", "c", source_db_name="other")
    assert client.list_collections() == ["c"]
    client.drop_collection("c")
    client.use_database("other")
    client.drop_collection("c")
    client.use_database("default")
    client.drop_database("other")


def test_what_is_refused(client: MilvusClient) -> None:
    client.create_collection("c", dimension=2)
    client.create_alias("c", "alias")
    client.create_snapshot("s", "c")
    with pytest.raises(ParamError, match="snapshot 's' of collection 'c' already exists"):
        client.create_snapshot("s", "alias")
    with pytest.raises(ParamError, match="invalid snapshot name"):
        client.create_snapshot("no-name", "c")
    with pytest.raises(ParamError, match="compaction_protection_seconds must be an integer of 0 or more"):
        client.create_snapshot("t", "c", compaction_protection_seconds=-1)
    with pytest.raises(ParamError, match="description must be a str"):
        client.create_snapshot("t", "c", description=3)  # type: ignore[arg-type]
    with pytest.raises(CollectionNotExistException):
        client.create_snapshot("t", "none")
    with pytest.raises(ParamError, match="needs a collection_name"):
        client.list_snapshots()
    with pytest.raises(ParamError, match="no snapshot 't' of collection 'c', it has s"):
        client.describe_snapshot("t", "c")
    with pytest.raises(ParamError, match="no snapshot 't'"):
        client.restore_snapshot("t", "c", "d")
    for taken in ("c", "alias"):
        with pytest.raises(CollectionExistsError, match=f"{taken!r} already exists"):
            client.restore_snapshot("s", "c", taken)
    with pytest.raises(ParamError, match="invalid collection name"):
        client.restore_snapshot("s", "c", "no-name")
    with pytest.raises(DatabaseNotExistException):
        client.restore_snapshot("s", "c", "d", target_db_name="none")
    with pytest.raises(ParamError, match="no snapshot 't' of collection 'c', it has s"):
        client.pin_snapshot_data("t", "c")
    for wrong in (-1, 1.5, True, 2**50):
        with pytest.raises(ParamError, match="ttl_seconds must be an integer from 0"):
            client.pin_snapshot_data("s", "c", ttl_seconds=wrong)
    for wrong in (0, "1", True):
        with pytest.raises(ParamError, match="pin_id must be a positive integer"):
            client.unpin_snapshot_data(wrong)
    client.restore_snapshot("s", "c", "d")
    with pytest.raises(CollectionNotLoadedException):
        client.query("d", "", limit=1)
    assert client.list_collections() == ["c", "d"]


@pytest.mark.parametrize("call", ["create_snapshot", "restore_snapshot"])
def test_a_call_that_is_broken_off_leaves_nothing(
    docs: MilvusClient, path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    docs.create_snapshot("s", "docs")
    arguments = ("t", "docs") if call == "create_snapshot" else ("s", "docs", "back")

    def interrupted(self: RowCopy) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(RowCopy, "_copy_times", interrupted)
    with pytest.raises(KeyboardInterrupt):
        getattr(docs, call)(*arguments)
    monkeypatch.undo()
    assert (docs.list_snapshots("docs"), docs.list_collections()) == (["s"], ["docs"])
    report = check_file(path)
    assert (report.collections, report.problems) == (2, ())
    getattr(docs, call)(*arguments)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE vectors_1_dense SET value = zeroblob(8) WHERE seq = 2000",
        "DELETE FROM vectors_1_half WHERE seq = 2000",
        "UPDATE rows_1 SET n = 5 WHERE seq = 2000",
        "DELETE FROM rows_1 WHERE seq = 2000",
        "DELETE FROM times_1",
        "UPDATE terms_1_terms SET term = 'other' WHERE id = 3",
    ],
)
def test_damage_does_not_become_a_snapshot(docs: MilvusClient, path: Path, damage: str) -> None:
    docs.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(damage).rowcount > 0
    with MilvusClient(path) as client:
        with pytest.raises(DatabaseCorruptError):
            client.create_snapshot("s", "docs")
        assert client.list_snapshots("docs") == []


def test_a_backup_has_the_snapshots(docs: MilvusClient, tmp_path: Path) -> None:
    docs.create_snapshot("s", "docs")
    docs.backup(tmp_path / "copy.db")
    with MilvusClient(tmp_path / "copy.db") as copy:
        assert copy.list_snapshots("docs") == ["s"]


def test_snapshots_are_awaited(path: Path) -> None:
    async def run() -> None:
        client = AsyncMilvusClient(path)
        await client.create_collection("c", dimension=2)
        await client.insert("c", [{"id": 1, "vector": [1, 1]}])
        await client.create_snapshot("s", "c")
        await client.delete("c", ids=[1])
        job = await client.restore_snapshot("s", "c", "d")
        assert (await client.get_restore_snapshot_state(job)).collection_name == "d"
        assert [found.job_id for found in await client.list_restore_snapshot_jobs("d")] == [job]
        assert (await client.describe_snapshot("s", "c")).partition_names == ["_default"]
        await client.drop_snapshot("s", "c")
        assert await client.list_snapshots("c") == []
        assert (await client.get_collection_stats("d"))["row_count"] == 1
        await client.close()

    asyncio.run(run())


NAMES = st.sampled_from("abc")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("delete"), st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("create"), NAMES),
        st.tuples(st.just("drop"), NAMES),
        st.tuples(st.just("restore"), NAMES),
        st.tuples(st.just("compact"), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=15)
@given(STEPS)
def test_snapshots_are_copies_of_a_dictionary(steps: list[tuple[str, Any]]) -> None:
    """Against a model: a dictionary of rows, and a copy of it for each snapshot."""
    rows: dict[int, int] = {}
    snapshots: dict[str, dict[int, int]] = {}
    with MilvusClient(":memory:") as client:
        client.create_collection("c", dimension=2)
        for number, (step, of) in enumerate(steps):
            if step == "upsert":
                client.upsert("c", [{"id": n, "vector": [n, number], "value": number} for n in of])
                rows.update(dict.fromkeys(of, number))
            elif step == "delete":
                client.delete("c", ids=of)
                rows = {n: value for n, value in rows.items() if n not in of}
            elif step == "compact":
                client.compact("c")
            elif step == "drop":
                client.drop_snapshot(of, "c")
                snapshots.pop(of, None)
            elif step == "create" and of not in snapshots:
                client.create_snapshot(of, "c")
                snapshots[of] = dict(rows)
            elif step == "restore" and of in snapshots:
                client.restore_snapshot(of, "c", f"from_{number}")
                client.load_collection(f"from_{number}")
                found = client.query(f"from_{number}", "", ["value", "vector"], limit=99)
                assert {row["id"]: row["value"] for row in found} == snapshots[of]
                assert all(row["vector"] == [row["id"], row["value"]] for row in found)
        assert set(client.list_snapshots("c")) == set(snapshots)
        assert {row["id"]: row["value"] for row in client.query("c", "", ["value"], limit=99)} == rows


def test_a_pinned_snapshot_is_not_dropped(client: MilvusClient, path: Path) -> None:
    client.create_database("other")
    client.create_collection("c", dimension=2)
    client.create_snapshot("s", "c")
    first, second = client.pin_snapshot_data("s", "c"), client.pin_snapshot_data("s", "c", ttl_seconds=60)
    with pytest.raises(ParamError, match="snapshot 's' of collection 'c' has 2 pins: unpin_snapshot_data"):
        client.drop_snapshot("s", "c")
    client.unpin_snapshot_data(first)
    client.unpin_snapshot_data(first)
    client.close()
    with MilvusClient(path, db_name="other") as other:
        with pytest.raises(ParamError, match="has 1 pin: "):
            other.drop_snapshot("s", "c", db_name="default")
        other.unpin_snapshot_data(second)
        other.drop_snapshot("s", "c", db_name="default")
        assert other.list_snapshots("c", db_name="default") == []
    assert check_file(path).problems == ()


def test_a_pin_ends(client: MilvusClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.create_collection("c", dimension=2)
    client.create_snapshot("s", "c")
    now = 10_000
    monkeypatch.setattr("milvus_store_lite.snapshots._now", lambda: now)
    client.pin_snapshot_data("s", "c", ttl_seconds=10)
    now = 20_000
    with pytest.raises(ParamError, match="has 1 pin"):
        client.drop_snapshot("s", "c")
    now = 20_001
    client.drop_snapshot("s", "c")
    assert client.list_snapshots("c") == []


def test_a_changed_pin_is_found(client: MilvusClient, path: Path) -> None:
    client.create_collection("c", dimension=2)
    client.create_snapshot("s", "c")
    client.pin_snapshot_data("s", "c")
    client.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE snapshots SET pins = '[]'")
    assert check_file(path).problems
    with MilvusClient(path) as damaged, pytest.raises(DatabaseCorruptError):
        damaged.drop_snapshot("s", "c")


def test_a_collection_goes_with_pinned_snapshots(client: MilvusClient, path: Path) -> None:
    client.create_collection("c", dimension=2)
    client.create_snapshot("s", "c")
    pin = client.pin_snapshot_data("s", "c")
    client.drop_collection("c")
    client.unpin_snapshot_data(pin)
    client.close()
    assert check_file(path).problems == ()
