"""Vectors, segments, statistics, futures and settings on a file."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import milvus_store
from milvus_store import MilvusClient
from milvus_store.legacy import FutureTimeoutError, MetricType, Milvus, Status

VECTORS = np.random.default_rng(1).standard_normal((30, 8)).astype(np.float32)


@pytest.fixture
def c(milvus: Milvus) -> Milvus:
    """A client with ``c``: ids 0 to 19 in no partition, 20 to 29 in ``tag01``."""
    param = {"collection_name": "c", "dimension": 8, "index_file_size": 512, "metric_type": MetricType.IP}
    assert milvus.create_collection(param).OK()
    assert milvus.create_partition("c", "tag01").OK()
    milvus.insert("c", VECTORS[:20], ids=list(range(20)))
    milvus.insert("c", VECTORS[20:], ids=list(range(20, 30)), partition_tag="tag01")
    return milvus


def test_a_collection_is_described_as_it_was_made(c: Milvus) -> None:
    _, info = c.get_collection_info("c")
    assert (info.collection_name, info.dimension, info.index_file_size, info.metric_type) == (
        "c",
        8,
        512,
        MetricType.IP,
    )
    assert c.count_entities("c") == (Status(), 30)
    assert c.has_partition("c", "tag01") == (Status(), True)
    assert c.load_collection("c").OK()


def test_statistics_name_the_segments_that_other_calls_take(c: Milvus) -> None:
    assert c.create_partition("c", "empty").OK()
    _, stats = c.get_collection_stats("c")
    assert (stats["row_count"], stats["data_size"]) == (30, 30 * (8 + 8 * 4))
    assert [(one["tag"], one["row_count"], len(one["segments"])) for one in stats["partitions"]] == [
        ("_default", 20, 1),
        ("tag01", 10, 1),
        ("empty", 0, 0),
    ]
    (segment,) = stats["partitions"][1]["segments"]
    assert segment == {"name": "tag01", "index_name": "IDMAP", "row_count": 10, "data_size": 400}
    assert c.list_id_in_segment("c", segment["name"])[1] == list(range(20, 30))
    _, found = c.search_in_segment("c", [segment["name"]], VECTORS[:2], top_k=50)
    assert [sorted(row) for row in found.id_array] == [list(range(20, 30))] * 2
    assert found.shape == (2, 50)


def test_partition_tags_narrow_a_search_and_inner_products_rank_downwards(c: Milvus) -> None:
    products = VECTORS @ VECTORS[0]
    _, whole = c.search("c", 30, VECTORS[:1])
    assert whole.id_array[0] == np.argsort(-products).tolist()
    assert whole.distance_array[0] == pytest.approx(np.sort(products)[::-1].tolist(), rel=1e-4, abs=1e-5)
    _, part = c.search("c", 5, VECTORS[:1], partition_tags=["tag01"])
    assert part.id_array[0] == (20 + np.argsort(-products[20:])[:5]).tolist()


def test_an_id_that_is_there_is_replaced(c: Milvus) -> None:
    assert c.insert("c", [[9.0] * 8], ids=[3])[1] == [3]
    assert c.count_entities("c")[1] == 30
    assert c.get_entity_by_id("c", [3])[1] == [[9.0] * 8]


def test_deleted_ids_are_gone_and_absent_ones_do_no_harm(c: Milvus) -> None:
    assert c.delete_entity_by_id("c", [0, 25, 12345]).OK()
    assert c.count_entities("c")[1] == 28
    assert c.get_entity_by_id("c", [0, 1])[1] == [[], pytest.approx(VECTORS[1].tolist())]
    assert not {0, 25} & set(c.search("c", 30, VECTORS[:1])[1].id_array[0])


def test_made_up_ids_are_consecutive_and_never_the_same(c: Milvus, tmp_path: Path) -> None:
    _, first = c.insert("c", VECTORS)
    _, second = c.insert("c", VECTORS)
    assert first == list(range(first[0], first[0] + 30))
    assert not set(first) & set(second)
    assert all(0 <= one < 2**63 for one in first + second)
    assert c.count_entities("c")[1] == 90


def test_dropping_takes_vectors_along(c: Milvus) -> None:
    assert c.drop_partition("c", "tag01").OK()
    assert [one.tag for one in c.list_partitions("c")[1]] == ["_default"]
    assert c.count_entities("c")[1] == 20
    assert c.drop_collection("c").OK()
    assert c.drop_collection("c").code == Status.COLLECTION_NOT_EXISTS


def test_what_the_legacy_client_wrote_is_a_collection_of_today(c: Milvus, path: Path) -> None:
    with MilvusClient(path) as client:
        (row,) = client.get("c", 7)
        assert row["vector"] == pytest.approx(VECTORS[7].tolist())
        client.release_collection("c")
    assert c.search("c", 1, VECTORS[:1])[0].OK()


def test_the_client_of_today_is_at_hand(c: Milvus) -> None:
    assert c.milvus_client.query("c", "id < 2", ["id"]) == [{"id": 0}, {"id": 1}]
    c.set_config("cache_config", "cpu_cache_capacity", 1)
    assert c.milvus_client.list_collections() == ["c"]


def test_a_file_may_be_named_as_an_address(c: Milvus, path: Path) -> None:
    with Milvus(uri=f"milvus:///{path}") as other:
        assert other.list_collections()[1] == ["c"]


def test_a_collection_that_0_9_could_not_have_is_refused(c: Milvus, path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("named", dimension=8, id_type="string", max_length=9)
    status, found = c.search("named", 1, VECTORS[:1])
    assert (status.code, found) == (Status.ILLEGAL_COLLECTION_NAME, [])
    assert "MilvusClient" in status.message


def test_everything_is_there_after_opening_again(c: Milvus, path: Path) -> None:
    c.close()
    with Milvus(uri=str(path)) as again:
        assert again.count_entities("c")[1] == 30
        assert again.get_collection_info("c")[1].index_file_size == 512


def test_futures_give_what_the_call_gives_and_callbacks_get_it_spread(c: Milvus) -> None:
    calls: list[tuple[object, ...]] = []
    inserted = c.insert(
        "c", VECTORS[:2], ids=[100, 101], _async=True, _callback=lambda *got: calls.append(got)
    )
    assert inserted.result(timeout=30) == (Status(), [100, 101])
    inserted.done()
    assert calls == [(Status(), [100, 101])]
    searched = c.search("c", 2, VECTORS[:3], _async=True)
    assert searched.result()[1].id_array == c.search("c", 2, VECTORS[:3])[1].id_array
    assert len(searched.result(raw=True)) == 3
    for future in (
        c.flush(["c"], _async=True),
        c.compact("c", _async=True),
        c.create_index("c", _async=True),
    ):
        future.done()
        assert future.is_done()
        assert future.result().OK()
        assert future.exception() is None


def test_a_future_that_fails_to_come_in_time_says_so_and_a_broken_callback_is_told(c: Milvus) -> None:
    gate = threading.Event()
    slow = c.flush(["c"], _async=True, _callback=lambda status: gate.wait(30))
    with pytest.raises(FutureTimeoutError):
        slow.result(timeout=0.01)
    gate.set()
    assert slow.result().OK()

    def broken(status: Status) -> None:
        raise RuntimeError("in the callback")

    with pytest.raises(RuntimeError, match="in the callback"):
        c.flush(["c"], _async=True, _callback=broken).exception()


def test_a_future_of_a_refused_call_gives_the_status(c: Milvus) -> None:
    status, ids = c.insert("nope", VECTORS, _async=True).result()
    assert (status.code, ids) == (Status.COLLECTION_NOT_EXISTS, [])


def test_closing_waits_for_what_is_under_way(path: Path) -> None:
    client = Milvus(uri=str(path), pool_size=1)
    client.create_collection({"collection_name": "c", "dimension": 8})
    for start in range(0, 30, 3):
        client.insert("c", VECTORS[start : start + 3], ids=list(range(start, start + 3)), _async=True)
    client.close()
    with Milvus(uri=str(path)) as again:
        assert again.count_entities("c")[1] == 30


def test_flush_takes_all_or_some_and_refuses_what_is_not_there(c: Milvus) -> None:
    assert repr(c.flush()) == "Status(code=0, message='OK')"
    assert c.flush([]).OK()
    assert c.flush(["c", "gone"]).code == Status.COLLECTION_NOT_EXISTS


def test_versions_commands_and_settings(c: Milvus, path: Path) -> None:
    assert c.server_version() == (Status(), milvus_store.__version__)
    assert c.server_status() == (Status(), "OK")
    assert c._cmd("mode")[1] == "CPU"
    assert c.get_config("storage_config", "primary_path")[1] == str(path)
    assert c.get_config("cache_config", "cpu_cache_capacity")[1] == "0"
    assert c.set_config("cache_config", "cpu_cache_capacity", 0.5) == (Status(), "OK")
    assert c.get_config("cache_config", "cpu_cache_capacity")[1] == "0.5"
    assert c.count_entities("c")[1] == 30
