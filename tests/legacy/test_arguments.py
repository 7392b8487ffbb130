"""Wrong arguments raise ``ParamError`` before anything is asked; what a server would refuse is a ``Status``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store.legacy import (
    DeprecatedError,
    IndexType,
    MetricType,
    Milvus,
    NotConnectError,
    ParamError,
    Status,
)

VECTORS = [[1.0, 2.0], [3.0, 4.0]]


@pytest.fixture
def c(milvus: Milvus) -> Milvus:
    """A client with the collection ``c`` of two-dimensional vectors with ids 0 and 1."""
    assert milvus.create_collection({"collection_name": "c", "dimension": 2}).OK()
    assert milvus.insert("c", VECTORS, ids=[0, 1])[0].OK()
    return milvus


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda c: c.has_collection(""), "collection_name"),
        (lambda c: c.has_collection(5), "collection_name"),
        (lambda c: c.create_collection("c"), "param"),
        (lambda c: c.create_collection({"collection_name": "x"}), "param"),
        (lambda c: c.create_collection({"dimension": 2}), "param"),
        (lambda c: c.create_collection({"collection_name": "x", "dimension": 2.5}), "dimension"),
        (
            lambda c: c.create_collection({"collection_name": "x", "dimension": 2, "index_file_size": "big"}),
            "index_file_size",
        ),
        (
            lambda c: c.create_collection({"collection_name": "x", "dimension": 2, "metric_type": 0}),
            "metric_type",
        ),
        (
            lambda c: c.create_collection({"collection_name": "x", "dimension": 2, "metric_type": "L2"}),
            "metric_type",
        ),
        (lambda c: c.insert("c", []), "records"),
        (lambda c: c.insert("c", [[]]), "records"),
        (lambda c: c.insert("c", [[1.0, 2.0], [3.0]]), "records"),
        (lambda c: c.insert("c", [["1", "2"]]), "records"),
        (lambda c: c.insert("c", [[True, False]]), "records"),
        (lambda c: c.insert("c", [1.0, 2.0]), "records"),
        (lambda c: c.insert("c", [b"12", b"3"]), "records"),
        (lambda c: c.insert("c", np.zeros((0, 2))), "records"),
        (lambda c: c.insert("c", VECTORS, ids=[1]), "ids"),
        (lambda c: c.insert("c", VECTORS, ids=(1, 2)), "ids"),
        (lambda c: c.insert("c", VECTORS, ids=[1, -2]), "ids"),
        (lambda c: c.insert("c", VECTORS, ids=[1, True]), "ids"),
        (lambda c: c.insert("c", VECTORS, ids=[1, sys.maxsize + 1]), "ids"),
        (lambda c: c.insert("c", VECTORS, partition_tag=3), "partition_tag"),
        (lambda c: c.insert("c", VECTORS, insert_param=object()), "insert_param"),
        (lambda c: c.get_entity_by_id("c", []), "ids"),
        (lambda c: c.delete_entity_by_id("c", ["x"]), "ids"),
        (lambda c: c.search("c", True, VECTORS), "topk"),
        (lambda c: c.search("c", "5", VECTORS), "topk"),
        (lambda c: c.search("c", 5, "text"), "query_records"),
        (lambda c: c.search("c", 5, VECTORS, partition_tags="tag"), "partition_tag_array"),
        (lambda c: c.search("c", 5, VECTORS, params=[16]), "params"),
        (lambda c: c.search_in_segment("c", [], VECTORS, 5), "file_ids"),
        (lambda c: c.create_index("c", 9), "index_type"),
        (lambda c: c.create_index("c", IndexType.INVALID), "index_type"),
        (lambda c: c.create_index("c", "FLAT"), "index_type"),
        (lambda c: c.flush("c"), "collection_name_array"),
        (lambda c: c.compact("c", timeout="soon"), "timeout"),
        (lambda c: c._cmd(""), "cmd"),
    ],
)
def test_a_wrong_argument_raises_and_changes_nothing(c: Milvus, call: Any, parameter: str) -> None:
    before = c.get_collection_stats("c")
    with pytest.raises(ParamError, match=f"^{parameter} is illegal"):
        call(c)
    assert c.get_collection_stats("c") == before
    assert c.list_collections()[1] == ["c"]


@pytest.mark.parametrize(
    ("param", "code"),
    [
        ({"collection_name": "c", "dimension": 2}, Status.ILLEGAL_COLLECTION_NAME),
        ({"collection_name": "1st", "dimension": 2}, Status.ILLEGAL_COLLECTION_NAME),
        ({"collection_name": "a b", "dimension": 2}, Status.ILLEGAL_COLLECTION_NAME),
        ({"collection_name": "x", "dimension": 0}, Status.ILLEGAL_DIMENSION),
        ({"collection_name": "x", "dimension": 40_000}, Status.ILLEGAL_DIMENSION),
        (
            {"collection_name": "x", "dimension": 12, "metric_type": MetricType.HAMMING},
            Status.ILLEGAL_DIMENSION,
        ),
        ({"collection_name": "x", "dimension": 2, "index_file_size": 0}, Status.ILLEGAL_ARGUMENT),
        ({"collection_name": "x", "dimension": 2, "index_file_size": 4097}, Status.ILLEGAL_ARGUMENT),
        ({"collection_name": "x", "dimension": 2, "metric": MetricType.L2}, Status.ILLEGAL_ARGUMENT),
    ],
)
def test_a_refused_collection_is_a_status_of_the_old_code(
    c: Milvus, param: dict[str, Any], code: int
) -> None:
    given = dict(param)
    assert c.create_collection(param).code == code
    assert param == given
    assert c.list_collections()[1] == ["c"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda c: c.insert("c", [[1.0, 2.0, 3.0]]), Status.ILLEGAL_DIMENSION),
        (lambda c: c.insert("c", [b"1"]), Status.ILLEGAL_ROWRECORD),
        (lambda c: c.insert("c", [[1.0, float("nan")]]), Status.ILLEGAL_ROWRECORD),
        (lambda c: c.insert("c", [[1.0, 1e300]]), Status.ILLEGAL_ROWRECORD),
        (lambda c: c.insert("c", VECTORS, partition_tag="nope"), Status.UNEXPECTED_ERROR),
        (lambda c: c.search("c", 0, VECTORS), Status.ILLEGAL_TOPK),
        (lambda c: c.search("c", 2049, VECTORS), Status.ILLEGAL_TOPK),
        (lambda c: c.search("c", 2, [[1.0]]), Status.ILLEGAL_DIMENSION),
        (lambda c: c.search("c", 2, VECTORS, partition_tags=["nope"]), Status.UNEXPECTED_ERROR),
        (lambda c: c.search("c", 2, VECTORS, params={"nprob": 16}), Status.ILLEGAL_ARGUMENT),
        (lambda c: c.list_id_in_segment("c", "nope"), Status.UNEXPECTED_ERROR),
        (lambda c: c.create_partition("c", "_default"), Status.ILLEGAL_COLLECTION_NAME),
        (lambda c: c.drop_partition("c", "_default"), Status.ILLEGAL_ARGUMENT),
        (lambda c: c.get_config("no", "thing"), Status.ILLEGAL_ARGUMENT),
        (lambda c: c.set_config("cache_config", "cpu_cache_capacity", "-1"), Status.ILLEGAL_ARGUMENT),
        (lambda c: c.set_config("wal_config", "enable", "false"), Status.ILLEGAL_ARGUMENT),
        (lambda c: c._cmd("tasktable"), Status.ILLEGAL_ARGUMENT),
    ],
)
def test_a_refused_call_is_a_status_of_the_old_code(c: Milvus, call: Any, code: int) -> None:
    before = c.get_collection_stats("c")
    answer = call(c)
    status = answer[0] if isinstance(answer, tuple) else answer
    assert status.code == code, status
    assert c.get_collection_stats("c") == before


@pytest.mark.parametrize(
    ("call", "fallback"),
    [
        (lambda c: c.get_collection_info("gone"), None),
        (lambda c: c.count_entities("gone"), None),
        (lambda c: c.get_collection_stats("gone"), None),
        (lambda c: c.get_index_info("gone"), None),
        (lambda c: c.insert("gone", VECTORS), []),
        (lambda c: c.search("gone", 1, VECTORS), []),
        (lambda c: c.search_in_segment("gone", ["_default"], VECTORS, 1), []),
        (lambda c: c.get_entity_by_id("gone", [1]), []),
        (lambda c: c.list_id_in_segment("gone", "_default"), []),
        (lambda c: c.list_partitions("gone"), []),
        (lambda c: c.has_partition("gone", "t"), False),
    ],
)
def test_of_a_missing_collection_every_pair_has_its_fallback(
    milvus: Milvus, call: Any, fallback: Any
) -> None:
    status, value = call(milvus)
    assert status.code == Status.COLLECTION_NOT_EXISTS
    assert value == fallback
    assert milvus.has_collection("gone") == (Status(), False)


def test_ids_may_be_digits_and_vectors_arrays(c: Milvus) -> None:
    assert c.insert("c", np.array([[5, 6]], dtype=np.int32), ids=["7"])[1] == [7]
    assert c.get_entity_by_id("c", ["7", 1]) == (Status(), [[5.0, 6.0], [3.0, 4.0]])
    (hit,) = c.search("c", 1, np.array([[5, 6]], dtype=np.float64))[1][0]
    assert (hit.id, hit.distance) == (7, 0.0)


def test_calls_given_up_long_ago_name_what_to_use(milvus: Milvus) -> None:
    for call in (milvus.connect, milvus.connected, milvus.disconnect, milvus.set_hook):
        with pytest.raises(DeprecatedError, match="deprecated"):
            call()


def test_a_closed_client_raises_attribute_errors(tmp_path: Path) -> None:
    client = Milvus(uri=str(tmp_path / "a.db"), name="mine")
    assert (client.name, client.handler, client.client_version()) == ("mine", "GRPC", "0.2.12")
    client.close()
    client.close()
    for call in (client.list_collections, lambda: client.search("c", 1, VECTORS, _async=True)):
        with pytest.raises(AttributeError, match="closed"):
            call()


def test_what_cannot_be_opened_raises_not_connect_error(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all" * 100)
    with pytest.raises(NotConnectError, match=r"text\.db"):
        Milvus(uri=str(tmp_path / "text.db"))
    with pytest.raises(NotConnectError, match="cannot open"):
        Milvus(host="127.0.0.1", port="9", wait_timeout=0.5)
    late = Milvus(host="127.0.0.1", port="9", wait_timeout=0.5, try_connect=False)
    with pytest.raises(NotConnectError, match="cannot open"):
        late.list_collections()


@pytest.mark.parametrize(
    "options",
    [
        {"port": "19530"},
        {"host": "h", "port": "x"},
        {"host": "h", "port": 70000},
        {"host": 5},
        {"uri": ""},
        {"uri": 5},
        {"uri": "a.db", "handler": "SOAP"},
        {"uri": "a.db", "poolsize": 5},
    ],
)
def test_a_constructor_argument_that_is_none_raises(options: dict[str, Any]) -> None:
    with pytest.raises(ParamError):
        Milvus(**options)
