from __future__ import annotations

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import AmbiguousIndexName, ParamError


def test_an_index_is_listed_described_and_dropped(colors: MilvusClient) -> None:
    assert colors.list_indexes("colors") == ["vector"]
    assert colors.describe_index("colors", "vector") == {
        "index_type": "AUTOINDEX",
        "metric_type": "COSINE",
        "field_name": "vector",
        "index_name": "vector",
        "total_rows": 6,
        "indexed_rows": 6,
        "pending_index_rows": 0,
        "state": "Finished",
    }
    with pytest.raises(ParamError, match="release_collection"):
        colors.drop_index("colors", "vector")
    colors.release_collection("colors")
    colors.drop_index("colors", "vector")
    colors.drop_index("colors", "vector")
    assert colors.list_indexes("colors") == []
    assert colors.describe_index("colors", "vector") is None


def test_an_index_type_that_is_not_served_says_so_and_leaves_no_collection(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params("v", index_type="HNSWX", metric_type="L2", params={"M": 8})
    with pytest.raises(ParamError, match=r"field 'v'.*'HNSWX'.*AUTOINDEX, FLAT"):
        client.create_collection("x", schema=schema, index_params=index)
    assert client.list_collections() == []


def test_creating_the_same_index_again_is_fine_and_another_one_is_not(colors: MilvusClient) -> None:
    same = colors.prepare_index_params("vector", index_type="AUTOINDEX", metric_type="COSINE")
    colors.create_index("colors", same)
    with pytest.raises(AmbiguousIndexName, match="drop it before"):
        colors.create_index("colors", colors.prepare_index_params("vector", metric_type="L2"))
    assert colors.describe_index("colors", "vector")["metric_type"] == "COSINE"


def test_scalar_indexes_are_recorded_and_take_no_metric(typed: MilvusClient) -> None:
    typed.create_index("typed", typed.prepare_index_params("text", index_type="INVERTED", index_name="words"))
    assert typed.list_indexes("typed", "text") == ["words"]
    assert "metric_type" not in typed.describe_index("typed", "words")
    with pytest.raises(ParamError, match="'i64'.*metric_type"):
        typed.create_index("typed", typed.prepare_index_params("i64", metric_type="L2"))


def test_several_indexes_are_created_all_or_none(typed: MilvusClient) -> None:
    params = typed.prepare_index_params("text")
    params.add_index("nope")
    with pytest.raises(ParamError, match="'nope'"):
        typed.create_index("typed", params)
    assert typed.list_indexes("typed") == ["vector"]


def test_unknown_parameters_are_refused(colors: MilvusClient) -> None:
    with pytest.raises(ParamError, match="no parameters, got 'nlist'"):
        colors.create_index("colors", colors.prepare_index_params("vector", params={"nlist": 8}))
    with pytest.raises(ParamError, match="add_index"):
        colors.create_index("colors", colors.prepare_index_params())
    with pytest.raises(ParamError, match="prepare_index_params"):
        colors.create_index("colors", {"index_type": "FLAT"})


def test_any_index_takes_mmap_enabled_and_shows_it(client: MilvusClient) -> None:
    client.create_collection("mapped", dimension=4)
    client.release_collection("mapped")
    client.drop_index("mapped", "vector")
    wrong = client.prepare_index_params("vector", index_type="HNSW", params={"mmap.enabled": "perhaps"})
    with pytest.raises(ParamError, match="'mmap.enabled' of an index must be a bool, got 'perhaps'"):
        client.create_index("mapped", wrong)
    asked = client.prepare_index_params("vector", index_type="HNSW", params={"M": 8, "mmap.enabled": True})
    client.create_index("mapped", asked)
    described = client.describe_index("mapped", "vector")
    assert (described["M"], described["mmap.enabled"]) == (8, True)
