"""TEXT fields that pymilvus makes on a server."""

from __future__ import annotations

import pymilvus
import pytest

from milvus_store.server.endpoint import MilvusServer

LONG = "a brown fox " * 20_000


@pytest.mark.skipif(not hasattr(pymilvus.DataType, "TEXT"), reason="an older pymilvus has no TEXT")
def test_long_texts_go_to_a_server_and_back(server: MilvusServer) -> None:
    client = pymilvus.MilvusClient(server.uri)
    schema = client.create_schema()
    schema.add_field("id", pymilvus.DataType.INT64, is_primary=True)
    schema.add_field("body", pymilvus.DataType.TEXT, nullable=True, enable_analyzer=True, enable_match=True)
    schema.add_field("vector", pymilvus.DataType.FLOAT_VECTOR, dim=2)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert(
        "docs", [{"id": 1, "vector": [1, 2], "body": LONG}, {"id": 2, "vector": [2, 2], "body": None}]
    )
    (hits,) = client.search("docs", [[1, 2]], output_fields=["body"])
    assert [hit["entity"]["body"] for hit in hits] == [LONG, None]
    assert [row["id"] for row in client.query("docs", "text_match(body, 'fox')")] == [1]
    assert client.describe_collection("docs")["fields"][1]["type"] is pymilvus.DataType.TEXT
    with pytest.raises(pymilvus.MilvusException, match="cannot be compared"):
        client.query("docs", "body == 'a'")
    client.close()
