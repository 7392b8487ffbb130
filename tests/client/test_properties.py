from __future__ import annotations

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import ParamError


@pytest.fixture
def tenants(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``tenants``: partition key ``who``, one row each for a, b and c."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("who", DataType.VARCHAR, max_length=20, is_partition_key=True)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection("tenants", schema=schema, index_params=index, properties={"note": "x"})
    client.insert("tenants", [{"id": n, "vector": [n, n], "who": who} for n, who in enumerate("abc")])
    return client


def test_properties_are_set_and_removed(tenants: MilvusClient) -> None:
    tenants.alter_collection_properties("tenants", {"mmap.enabled": True, "note": "y"})
    assert tenants.describe_collection("tenants")["properties"] == {"note": "y", "mmap.enabled": True}
    tenants.drop_collection_properties("tenants", ["note", "never set"])
    assert tenants.describe_collection("tenants")["properties"] == {"mmap.enabled": True}


def test_isolation_makes_every_search_name_one_tenant(tenants: MilvusClient) -> None:
    tenants.alter_collection_properties("tenants", {"partitionkey.isolation": True})
    assert tenants.search("tenants", [[0, 0]], filter='who == "b"')[0].ids == [1]
    assert tenants.search("tenants", [[0, 0]], filter='who == "b" and id > 5')[0].ids == []
    for expression in ("", "id > 0", 'who in ["a", "b"]', 'who != "a"', 'who == "a" or id == 1'):
        with pytest.raises(ParamError, match=r"partitionkey\.isolation.*'who == \.\.\.'"):
            tenants.search("tenants", [[0, 0]], filter=expression)
    assert len(tenants.query("tenants", "id >= 0")) == 3
    tenants.alter_collection_properties("tenants", {"partitionkey.isolation": "false"})
    assert len(tenants.search("tenants", [[0, 0]])[0]) == 3


def test_properties_that_cannot_be(tenants: MilvusClient) -> None:
    tenants.create_collection("plain", dimension=2)
    with pytest.raises(ParamError, match="is_partition_key"):
        tenants.alter_collection_properties("plain", {"partitionkey.isolation": True})
    for properties in ({"mmap.enabled": "perhaps"}, {"a": [1]}, {1: 2}, "text"):
        with pytest.raises(ParamError, match=r"must be"):
            tenants.alter_collection_properties("tenants", properties)  # type: ignore[arg-type]
    assert tenants.describe_collection("tenants")["properties"] == {"note": "x"}
