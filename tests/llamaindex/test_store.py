from __future__ import annotations

import datetime
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llama_index.core.schema import ImageNode, IndexNode, NodeRelationship, TextNode
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)

from llama_index.vector_stores.milvus_store import IndexManagement, MilvusVectorStore
from milvus_store import DataType, MilvusClient
from milvus_store.errors import MilvusException, ParamError

from .conftest import Words, node


def ids(store: MilvusVectorStore, **options: Any) -> list[str]:
    query = VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=10, **options)
    return sorted(store.query(query).ids or [])


def red() -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key="color", value="red")])


def test_nodes_come_back_as_they_went_in(store: MilvusVectorStore, nodes: list[TextNode]) -> None:
    found = {one.node_id: one for one in store.get_nodes(["a", "b", "c", "d", "e"])}
    for one in nodes:
        assert found[one.node_id].get_content() == one.get_content()
        assert found[one.node_id].metadata == one.metadata
        assert found[one.node_id].ref_doc_id == one.ref_doc_id
        assert found[one.node_id].embedding == pytest.approx(one.embedding, rel=1e-6)
    assert store.get_nodes(["nope"]) == []


def test_every_kind_of_node_is_kept(store: MilvusVectorStore) -> None:
    added = [
        IndexNode(id_="i", text="points there", index_id="there", embedding=[1.0, 1.0]),
        ImageNode(id_="j", text="a picture", image_url="http://x/y.png", embedding=[1.0, 1.0]),
    ]
    assert store.add(added) == ["i", "j"]
    first, second = store.get_nodes(["i", "j"])
    assert isinstance(first, IndexNode)
    assert first.index_id == "there"
    assert isinstance(second, ImageNode)
    assert second.image_url == "http://x/y.png"


def test_a_document_is_deleted_with_all_its_nodes(store: MilvusVectorStore) -> None:
    store.delete('fruit" or doc_id != "')
    assert ids(store) == ["a", "b", "c", "d", "e"]
    store.delete("fruit")
    assert ids(store) == ["c", "d", "e"]


def test_nodes_are_deleted_by_id_and_by_filter(store: MilvusVectorStore) -> None:
    store.delete_nodes(["b", "nope"])
    store.delete_nodes(["a", "c"], red())
    assert ids(store) == ["c", "d", "e"]
    store.delete_nodes(filters=red())
    assert ids(store) == ["c", "e"]
    for arguments in ({}, {"filters": MetadataFilters(filters=[])}):
        with pytest.raises(ValueError, match=r"clear\(\) removes everything"):
            store.delete_nodes(**arguments)  # type: ignore[arg-type]


def test_nodes_are_read_by_filter(store: MilvusVectorStore) -> None:
    assert sorted(one.node_id for one in store.get_nodes(filters=red())) == ["a", "d"]
    with pytest.raises(ValueError, match="got both"):
        store.get_nodes(["a"], red())
    with pytest.raises(ValueError, match="got neither"):
        store.get_nodes()


def test_adding_again_replaces(path: Path, nodes: list[TextNode]) -> None:
    for upsert_mode in (False, True):
        store = MilvusVectorStore(str(path), dim=2, upsert_mode=upsert_mode)
        store.add(nodes)
        store.add([node("a", "a yellow apple", [1.0, 0.0], "fruit")])
        assert ids(store) == ["a", "b", "c", "d", "e"]
        assert store.get_nodes(["a"])[0].get_content() == "a yellow apple"
        store.client.close()


def test_a_cleared_store_is_empty_and_goes_on(store: MilvusVectorStore, nodes: list[TextNode]) -> None:
    store.clear()
    store.clear()
    assert ids(store) == []
    assert store.get_nodes(["a"]) == []
    store.delete("fruit")
    store.add(nodes[:2])
    assert ids(store) == ["a", "b"]


def test_the_first_nodes_tell_the_dimension(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path))
    assert ids(store) == []
    assert store.add([]) == []
    store.add(nodes)
    assert ids(store) == ["a", "b", "c", "d", "e"]
    store.client.close()


def test_a_store_opens_what_another_made_or_overwrites_it(path: Path, nodes: list[TextNode]) -> None:
    first = MilvusVectorStore(str(path), dim=2)
    first.add(nodes)
    first.client.close()
    second = MilvusVectorStore(str(path), dim=2)
    assert ids(second) == ["a", "b", "c", "d", "e"]
    second.client.close()
    third = MilvusVectorStore(str(path), dim=2, overwrite=True)
    assert ids(third) == []
    third.client.close()


def test_the_nodes_of_a_call_are_written_wholly_or_not_at_all(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2, batch_size=2)
    bad = [*nodes[:3], node("bad", "another dimension", [1.0, 2.0, 3.0])]
    store.add(nodes[4:])
    with pytest.raises(MilvusException, match="row 3.*dimension 3"):
        store.add(bad)
    assert ids(store) == ["e"]
    with pytest.raises(ValueError, match="'naked' has no embedding"):
        store.add([TextNode(id_="naked", text="no vector")])
    store.client.close()


def test_scalar_fields_have_types_and_may_be_missing(path: Path, nodes: list[TextNode]) -> None:
    names, types = ["color", "price"], [DataType.VARCHAR, DataType.INT64]
    store = MilvusVectorStore(str(path), dim=2, scalar_field_names=names, scalar_field_types=types)
    store.add(nodes)
    described = {
        one["name"]: one["type"] for one in store.client.describe_collection("llamacollection")["fields"]
    }
    assert described["price"] is DataType.INT64
    filters = MetadataFilters(filters=[MetadataFilter(key="price", value=500, operator=FilterOperator.GT)])
    assert ids(store, filters=filters) == ["c", "d"]
    assert store.get_nodes(["c"])[0].metadata["price"] == 900
    with pytest.raises(MilvusException, match="price"):
        store.add([node("x", "x", [1.0, 0.0], price="not a number")])
    store.client.close()


def test_names_of_fields_are_free(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(
        str(path),
        dim=2,
        text_key="paragraph",
        doc_id_field="source",
        embedding_field="dense",
        collection_name="c",
    )
    store.add(nodes)
    (row,) = store.client.query("c", 'id == "a"', ["paragraph", "source", "dense"])
    assert row == {"id": "a", "paragraph": "a red apple", "source": "fruit", "dense": [1.0, 0.0]}
    assert store.get_nodes(["a"])[0].get_content() == "a red apple"
    store.delete("fruit")
    assert ids(store) == ["c", "d", "e"]
    store.client.close()


def test_partitions_are_named_in_each_call(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    store.client.create_partition("llamacollection", "extra")
    store.add(nodes[:2])
    store.add(nodes[2:], milvus_partition_name="extra", force_flush=True)
    query = VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=9)
    assert sorted(store.query(query, milvus_partition_names=["extra"]).ids or []) == ["c", "d", "e"]
    store.delete_nodes(filters=red(), milvus_partition_name="extra")
    assert ids(store) == ["a", "b", "c", "e"]
    assert store.get_nodes(["a", "c"], milvus_partition_names=["extra"])[0].node_id == "c"
    store.client.close()


def test_an_existing_collection_gets_its_index(path: Path, nodes: list[TextNode]) -> None:
    bare = MilvusVectorStore(str(path), dim=2, index_management=IndexManagement.NO_VALIDATION)
    bare.add(nodes)
    assert bare.client.list_indexes("llamacollection") == []
    bare.client.close()
    store = MilvusVectorStore(str(path), dim=2, index_config={"index_type": "FLAT"}, similarity_metric="l2")
    described = store.client.describe_index("llamacollection", "embedding")
    assert (described["index_type"], described["metric_type"]) == ("FLAT", "L2")
    assert ids(store) == ["a", "b", "c", "d", "e"]
    store.client.close()


def test_arguments_that_do_not_fit(path: Path) -> None:
    for arguments, message in (
        ({"similarity_metric": "dot"}, "similarity_metric must be one of ip, l2"),
        ({"enable_dense": False}, "vectors of one kind at least"),
        ({"hybrid_ranker": "Best"}, "'RRFRanker' or 'WeightedRanker'"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"scalar_field_names": ["a"]}, "equally long, got 1 and 0"),
    ):
        with pytest.raises(ValueError, match=message):
            MilvusVectorStore(str(path), dim=2, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ParamError, match="unexpected argument 'durabilty'; did you mean 'durability'"):
        MilvusVectorStore(str(path), dim=2, durabilty="normal")
    with MilvusClient(path) as client:
        client.create_collection("llamacollection", dimension=2)
    with pytest.raises(ValueError, match="no field 'doc_id', it has id, vector"):
        MilvusVectorStore(str(path), dim=2)


def test_a_store_that_keeps_sparse_vectors_only(path: Path, nodes: list[TextNode]) -> None:
    store = MilvusVectorStore(
        str(path), enable_dense=False, enable_sparse=True, sparse_embedding_function=Words()
    )
    store.add(nodes)
    found = store.query(VectorStoreQuery(query_str="blue car", mode="text_search", similarity_top_k=2))  # type: ignore[arg-type]
    assert found.ids == ["c", "d"]
    with pytest.raises(ValueError, match="enable_dense=True"):
        ids(store)
    store.client.close()


def test_metadata_of_other_types_is_written_as_json_has_it_or_names_its_key(path: Path) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    given = {
        "time": datetime.datetime(2024, 1, 2, 3, 4),
        "uuid": uuid.UUID(int=5),
        "numbers": [np.float32(1.5), {"n": np.int64(3)}],
        "array": np.array([1, 2]),
        "flag": np.bool_(True),
    }
    expected = {
        "time": "2024-01-02T03:04:00",
        "uuid": str(uuid.UUID(int=5)),
        "numbers": [1.5, {"n": 3}],
        "array": [1, 2],
        "flag": True,
    }
    added = TextNode(id_="a", text="a", embedding=[1.0, 0.0], metadata=given)
    store.add([added])
    assert store.get_nodes(["a"])[0].metadata == expected
    assert isinstance(added.metadata["flag"], np.bool_)
    bad = TextNode(id_="b", text="b", embedding=[1.0, 0.0], metadata={"fine": np.int8(1), "odd": object()})
    with pytest.raises(ValueError, match=r"metadata key 'odd' of node 'b' \(node 1 of this call\).*object"):
        store.add([node("c", "c", [1.0, 0.0]), bad])
    assert [one.node_id for one in store.get_nodes(["a", "b", "c"])] == ["a"]
    store.close()


def test_relationships_survive(store: MilvusVectorStore) -> None:
    (found,) = store.get_nodes(["a"])
    assert found.relationships[NodeRelationship.SOURCE].node_id == "fruit"  # type: ignore[union-attr]
