"""LlamaIndex's own store for Milvus, on the path that this is given."""

import asyncio
import sys

from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters, VectorStoreQuery
from llama_index.core.vector_stores.types import VectorStoreQueryMode
from llama_index.vector_stores.milvus import MilvusVectorStore
from llama_index.vector_stores.milvus.utils import BM25BuiltInFunction

at = {"uri": sys.argv[1], "dim": 4, "overwrite": True}
nodes = [
    TextNode(
        text=f"text {i} {'apple' if i % 2 else 'pear'}",
        id_=f"id{i}",
        embedding=[i, 1.0, 0.0, 0.5],
        metadata={"n": i, "kind": "a" if i % 2 else "b"},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"doc{i // 5}")},
    )
    for i in range(20)
]
near_7 = VectorStoreQuery(query_embedding=[7.0, 1.0, 0.0, 0.5], similarity_top_k=3)

store = MilvusVectorStore(collection_name="plain", similarity_metric="L2", **at)
assert store.add(nodes) == [node.id_ for node in nodes]
assert store.query(near_7).ids[0] == "id7"
filters = MetadataFilters(filters=[ExactMatchFilter(key="kind", value="b")])
found = store.query(
    VectorStoreQuery(query_embedding=[7.0, 1.0, 0.0, 0.5], similarity_top_k=3, filters=filters)
)
assert [node.metadata["kind"] for node in found.nodes] == ["b", "b", "b"]
store.delete("doc1")
assert [node.id_ for node in store.get_nodes(node_ids=["id5", "id1"])] == ["id1"]
store.delete_nodes(["id1"])
assert store.get_nodes(node_ids=["id1"]) == []

hybrid = MilvusVectorStore(
    collection_name="hybrid",
    enable_sparse=True,
    sparse_embedding_function=BM25BuiltInFunction(),
    hybrid_ranker="RRFRanker",
    **at,
)
hybrid.add(nodes)
found = hybrid.query(
    VectorStoreQuery(
        query_embedding=[7.0, 1.0, 0.0, 0.5],
        query_str="apple",
        similarity_top_k=3,
        mode=VectorStoreQueryMode.HYBRID,
    )
)
assert len(found.ids) == 3


async def main() -> None:
    store = MilvusVectorStore(collection_name="asynchronous", similarity_metric="L2", **at)
    await store.async_add(nodes)
    assert (await store.aquery(near_7)).ids[0] == "id7"


asyncio.run(main())
print("done")
