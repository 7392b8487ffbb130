"""A program of pymilvus's ORM, on the path that it is given. It knows nothing of milvus-store."""

import sys

import numpy as np
from pymilvus import (
    Collection,
    CollectionSchema,
    DataType,
    FieldSchema,
    Partition,
    connections,
    db,
    utility,
)

connections.connect("default", uri=sys.argv[1])
fields = [
    FieldSchema("pk", DataType.INT64, is_primary=True, auto_id=True),
    FieldSchema("title", DataType.VARCHAR, max_length=100),
    FieldSchema("score", DataType.DOUBLE),
    FieldSchema("embedding", DataType.FLOAT_VECTOR, dim=8),
]
books = Collection("books", CollectionSchema(fields, "books and their embeddings"))
assert utility.has_collection("books")
assert utility.list_collections() == ["books"]
vectors = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
inserted = books.insert([[f"title {i}" for i in range(50)], [i / 2 for i in range(50)], vectors])
assert inserted.insert_count == 50
keys = list(inserted.primary_keys)
books.flush()
assert books.num_entities == 50
index = {"index_type": "IVF_FLAT", "metric_type": "L2", "params": {"nlist": 4}}
books.create_index("embedding", index)
assert books.has_index()
assert utility.index_building_progress("books")["indexed_rows"] == 50
books.load()
assert utility.loading_progress("books")["loading_progress"] == "100%"
found = books.search(
    vectors[:2], "embedding", {"metric_type": "L2", "params": {"nprobe": 4}}, 3, output_fields=["title"]
)
assert [hits[0].id for hits in found] == keys[:2]
assert found[0][0].entity.get("title") == "title 0"
assert [row["title"] for row in books.query("score > 24", output_fields=["title"])] == ["title 49"]
assert books.delete(f"pk in [{keys[0]}]").delete_count == 1
assert len(books.query(f"pk in {keys[:2]}")) == 1
partition = Partition(books, "shelf")
partition.insert([["on the shelf"], [1.0], vectors[:1]])
assert books.has_partition("shelf")
assert partition.num_entities == 1
iterator = books.query_iterator(batch_size=20, output_fields=["title"])
count = 0
while page := iterator.next():
    count += len(page)
iterator.close()
assert count == 50, count
utility.create_alias("books", "library")
assert "library" in utility.list_aliases("books")
utility.drop_alias("library")
db.create_database("annex")
assert set(db.list_database()) == {"default", "annex"}
db.using_database("annex")
assert utility.list_collections() == []
db.using_database("default")
books.release()
books.drop_index()
books.drop()
assert not utility.has_collection("books")
connections.disconnect("default")
print("done")
