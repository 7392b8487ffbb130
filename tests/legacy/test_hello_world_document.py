"""The hello-world page of Milvus 0.9, its code from top to bottom.

The import line and the address are changed. Where the page drops something that it uses further down, the
block that made it is run again.
"""

from __future__ import annotations

import random

import pytest

from milvus_store.legacy import IndexType, MetricType, Milvus

from .walk import ok, reaches

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for


def test_the_document(address: dict[str, str]) -> None:
    milvus = Milvus(**address)
    if "host" in address:
        reaches(**address, uri="tcp://{host}:{port}".format(**address))

    param = {
        "collection_name": "test01",
        "dimension": 256,
        "index_file_size": 1024,
        "metric_type": MetricType.L2,
    }
    ok(milvus.create_collection(param))
    _, stats = ok(milvus.get_collection_stats("test01"))
    assert stats["row_count"] == 0
    ok(milvus.drop_collection(collection_name="test01"))
    ok(milvus.create_collection(param))

    ok(milvus.create_partition(collection_name="test01", partition_tag="tag01"))
    ok(milvus.list_partitions(collection_name="test01"))
    ok(milvus.drop_partition(collection_name="test01", partition_tag="tag01"))
    ok(milvus.create_partition(collection_name="test01", partition_tag="tag01"))

    ivf_param = {"nlist": 16384}
    ok(milvus.create_index("test01", IndexType.IVF_FLAT, ivf_param))
    assert milvus.get_index_info("test01")[1].index_type == IndexType.IVF_FLAT
    ok(milvus.drop_index("test01"))
    assert milvus.get_index_info("test01")[1].index_type == IndexType.FLAT

    vectors = [[random.random() for _ in range(256)] for _ in range(20)]
    ok(milvus.insert(collection_name="test01", records=vectors))

    vector_ids = list(range(20))
    ok(milvus.insert(collection_name="test01", records=vectors, ids=vector_ids))

    ok(milvus.insert("test01", vectors, partition_tag="tag01"))
    _, stats = ok(milvus.get_collection_stats("test01"))
    assert [(one["tag"], one["row_count"]) for one in stats["partitions"]] == [
        ("_default", 40),
        ("tag01", 20),
    ]

    _, vector = ok(
        milvus.get_entity_by_id(
            collection_name="test01",
            ids=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
        )
    )
    assert vector == [pytest.approx(one, abs=1e-6) for one in vectors]

    ids = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]
    ok(milvus.delete_entity_by_id(collection_name="test01", id_array=ids))
    assert milvus.count_entities("test01")[1] == 40
    ok(milvus.flush(collection_name_array=["test01"]))
    ok(milvus.compact(collection_name="test01", timeout="1"))  # type: ignore[arg-type]  # as the page has it

    search_param = {"nprobe": 16}
    q_records = [[random.random() for _ in range(256)] for _ in range(5)]
    _, results = ok(
        milvus.search(collection_name="test01", query_records=q_records, top_k=2, params=search_param)
    )
    assert [len(row) for row in results] == [2] * 5

    q_records = [[random.random() for _ in range(256)] for _ in range(5)]
    _, results = ok(
        milvus.search(
            collection_name="test01",
            query_records=q_records,
            top_k=1,
            partition_tags=["tag01"],
            params=search_param,
        )
    )
    assert {row[0].id for row in results} <= set(milvus.list_id_in_segment("test01", "tag01")[1])

    milvus.close()
