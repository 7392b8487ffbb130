"""The README of pymilvus 0.2.12, its code from top to bottom.

The import line and the address are changed. Where the document drops something that it uses further down, the
block that made it is run again.
"""

from __future__ import annotations

import random

import pytest

from milvus_store.legacy import IndexType, MetricType, Milvus, ParamError, Status

from .walk import ok, reaches, refuses

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for


def test_the_document(address: dict[str, str]) -> None:
    client = Milvus(**address)
    if "host" in address:
        reaches(**address, uri="tcp://{host}:{port}".format(**address))

    param = {
        "collection_name": "test01",
        "dimension": 128,
        "index_file_size": 1024,
        "metric_type": MetricType.L2,
    }
    ok(client.create_collection(param))
    ok(client.drop_collection(collection_name="test01"))
    ok(client.create_collection(param))

    ok(client.create_partition(collection_name="test01", partition_tag="tag01"))
    _, partitions = ok(client.list_partitions(collection_name="test01"))
    assert [one.tag for one in partitions] == ["_default", "tag01"]
    ok(client.drop_partition(collection_name="test01", partition_tag="tag01"))
    ok(client.create_partition(collection_name="test01", partition_tag="tag01"))

    ivf_param = {"nlist": 16384}
    status = ok(client.create_index("test01", IndexType.IVF_FLAT, ivf_param))
    assert repr(status) == "Status(code=0, message='Build index successfully!')"
    ok(client.drop_index("test01"))

    dim = 128
    vectors = [[random.random() for _ in range(dim)] for _ in range(20)]
    status, inserted_vector_ids = ok(client.insert(collection_name="test01", records=vectors))
    assert len(set(inserted_vector_ids)) == 20

    vector_ids = list(range(20))
    status, inserted_vector_ids = ok(client.insert(collection_name="test01", records=vectors, ids=vector_ids))
    assert inserted_vector_ids == vector_ids

    status, inserted_vector_ids = ok(client.insert("test01", vectors, partition_tag="tag01"))
    status, vector = ok(client.get_entity_by_id(collection_name="test01", ids=inserted_vector_ids[:10]))
    assert vector == [pytest.approx(one, abs=1e-6) for one in vectors[:10]]

    ok(client.delete_entity_by_id("test01", inserted_vector_ids[:10]))
    assert client.get_entity_by_id("test01", inserted_vector_ids[:10])[1] == [[]] * 10
    ok(client.flush(["test01"]))
    ok(client.compact(collection_name="test01"))
    assert client.count_entities("test01")[1] == 50

    search_param = {"nprobe": 16}
    q_records = [[random.random() for _ in range(dim)] for _ in range(5)]
    _, results = ok(
        client.search(collection_name="test01", query_records=q_records, top_k=2, params=search_param)
    )
    assert results.shape == (5, 2)

    q_records = [[random.random() for _ in range(dim)] for _ in range(5)]
    _, results = ok(
        client.search(
            collection_name="test01",
            query_records=q_records,
            top_k=1,
            partition_tags=["tag01"],
            params=search_param,
        )
    )
    assert {row[0].id for row in results} <= set(inserted_vector_ids[10:])

    client.close()


def test_without_making_again_what_it_drops_the_rest_answers_that_it_is_gone(address: dict[str, str]) -> None:
    with Milvus(**address) as client:
        ok(client.create_collection({"collection_name": "test01", "dimension": 128}))
        ok(client.drop_collection(collection_name="test01"))
        gone = Status.COLLECTION_NOT_EXISTS
        refuses(client.create_partition(collection_name="test01", partition_tag="tag01"), gone)
        refuses(client.list_partitions(collection_name="test01"), gone)
        refuses(client.drop_partition(collection_name="test01", partition_tag="tag01"), gone)
        refuses(client.create_index("test01", IndexType.IVF_FLAT, {"nlist": 16384}), gone)
        refuses(client.drop_index("test01"), gone)
        vectors = [[random.random() for _ in range(128)] for _ in range(20)]
        status, inserted_vector_ids = client.insert(collection_name="test01", records=vectors)
        refuses(status, gone)
        with pytest.raises(ParamError, match="ids is illegal"):
            client.get_entity_by_id(collection_name="test01", ids=inserted_vector_ids[:10])
        refuses(client.delete_entity_by_id("test01", [1]), gone)
        refuses(client.flush(["test01"]), gone)
        refuses(client.compact(collection_name="test01"), gone)
        refuses(client.search(collection_name="test01", query_records=vectors, top_k=2), gone)
