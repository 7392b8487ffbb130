"""A program of pymilvus's client, on the path that it is given. It knows nothing of milvus-store."""

import sys

import numpy as np
from pymilvus import (
    AnnSearchRequest,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    MilvusException,
    RRFRanker,
)

path = sys.argv[1]
client = MilvusClient(path)

# The quick way
client.create_collection("quick", dimension=4)
rows = [{"id": i, "vector": [i, 1.0, 0.0, 0.5], "text": f"row {i}", "price": i * 1.5} for i in range(100)]
assert client.insert("quick", rows)["insert_count"] == 100
hits = client.search("quick", [[50.0, 1.0, 0.0, 0.5]], filter="price < 30", limit=3, output_fields=["text"])
assert len(hits[0]) == 3
assert all(hit["entity"]["text"].startswith("row ") for hit in hits[0]), hits
assert client.query("quick", filter="id == 7", output_fields=["text", "price"])[0]["price"] == 10.5
assert client.query("quick", filter="", output_fields=["count(*)"])[0]["count(*)"] == 100
assert {row["id"] for row in client.get("quick", ids=[3, 4])} == {3, 4}
assert client.upsert("quick", [{"id": 3, "vector": [0, 0, 0, 1], "text": "new"}])["upsert_count"] == 1
assert client.get("quick", ids=3)[0]["text"] == "new"
deleted = client.delete("quick", filter="id in [3, 4]")
assert (deleted["delete_count"] if isinstance(deleted, dict) else len(deleted)) == 2
assert client.get_collection_stats("quick")["row_count"] == 98
iterator = client.query_iterator("quick", batch_size=40, output_fields=["text"])
pages = []
while page := iterator.next():
    pages.append(len(page))
iterator.close()
assert pages == [40, 40, 18], pages
iterator = client.search_iterator("quick", data=[[1.0, 1.0, 0.0, 0.5]], batch_size=30, limit=60)
found = 0
while page := iterator.next():
    found += len(page)
iterator.close()
assert found == 60, found

# A schema of its own, text search and hybrid search
schema = MilvusClient.create_schema(auto_id=True, enable_dynamic_field=False)
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("tenant", DataType.VARCHAR, max_length=64, is_partition_key=True)
schema.add_field("text", DataType.VARCHAR, max_length=1000, enable_analyzer=True)
schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=8, max_length=32)
schema.add_field("meta", DataType.JSON, nullable=True)
schema.add_field("dense", DataType.FLOAT_VECTOR, dim=8)
schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
schema.add_function(
    Function("bm25", FunctionType.BM25, input_field_names=["text"], output_field_names=["sparse"])
)
params = client.prepare_index_params()
params.add_index("dense", index_type="HNSW", metric_type="COSINE", params={"M": 8, "efConstruction": 64})
params.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
client.create_collection("docs", schema=schema, index_params=params)
numbers = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
data = [
    {
        "tenant": f"t{i % 3}",
        "text": f"the {'quick' if i % 2 else 'lazy'} fox number {i}",
        "tags": ["a", "b"][: i % 3],
        "meta": {"n": i} if i % 4 else None,
        "dense": numbers[i],
    }
    for i in range(60)
]
assert len(client.insert("docs", data)["ids"]) == 60
hits = client.search("docs", ["lazy"], anns_field="sparse", limit=5, output_fields=["text", "meta", "tags"])
assert all("lazy" in hit["entity"]["text"] for hit in hits[0])
hits = client.hybrid_search(
    "docs",
    [
        AnnSearchRequest([numbers[5].tolist()], "dense", {"metric_type": "COSINE"}, 10),
        AnnSearchRequest(["quick"], "sparse", {"metric_type": "BM25"}, 10),
    ],
    RRFRanker(),
    limit=4,
    output_fields=["text"],
)
assert "number 5" in hits[0][0]["entity"]["text"], hits
described = client.describe_collection("docs")
assert {field["name"] for field in described["fields"]} >= {"id", "tenant", "text", "tags", "meta", "dense"}
assert set(client.list_indexes("docs")) == {"dense", "sparse"}
assert client.describe_index("docs", "dense")["metric_type"] == "COSINE"

# Administration
client.create_partition("quick", "p")
assert set(client.list_partitions("quick")) == {"_default", "p"}
client.create_alias("quick", "short")
assert client.has_collection("short")
client.drop_alias("short")
client.release_collection("quick")
client.load_collection("quick")
assert "Loaded" in str(client.get_load_state("quick")["state"])
client.flush("quick")
client.rename_collection("quick", "renamed")
assert set(client.list_collections()) == {"renamed", "docs"}
client.create_database("other")
assert set(client.list_databases()) == {"default", "other"}
there = MilvusClient(path, db_name="other")
assert there.list_collections() == []
there.create_collection("mine", dimension=2)
assert there.list_collections() == ["mine"]
assert set(client.list_collections()) == {"renamed", "docs"}
there.close()

# Errors
for call, word in (
    (lambda: client.search("absent", [[1.0]]), "absent"),
    (lambda: client.query("docs", filter="nonsense =="), "nonsense"),
):
    try:
        call()
    except MilvusException as error:
        message = error.message
    assert word in message, message
client.close()
print("done")
