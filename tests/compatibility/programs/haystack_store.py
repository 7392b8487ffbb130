"""Haystack's document store and retrievers for Milvus, on the path that this is given."""

import sys

from haystack import Document
from haystack.document_stores.types import DuplicatePolicy
from milvus_haystack import MilvusDocumentStore
from milvus_haystack.function import BM25BuiltInFunction
from milvus_haystack.milvus_embedding_retriever import MilvusEmbeddingRetriever, MilvusHybridRetriever

store = MilvusDocumentStore(
    connection_args={"uri": sys.argv[1]},
    drop_old=True,
    sparse_vector_field="sparse",
    builtin_function=[BM25BuiltInFunction(input_field_names="text", output_field_names="sparse")],
    consistency_level="Strong",
)
documents = [
    Document(content=f"page {i} on {'ships' if i % 2 else 'trains'}", embedding=[i, 1.0, 0.5], meta={"n": i})
    for i in range(20)
]
assert store.write_documents(documents, DuplicatePolicy.NONE) == 20
assert store.count_documents() == 20
found = store.filter_documents({"field": "meta.n", "operator": ">", "value": 16})
assert sorted(one.meta["n"] for one in found) == [17, 18, 19], found
near = MilvusEmbeddingRetriever(document_store=store, top_k=2).run(query_embedding=[7.0, 1.0, 0.5])
assert len(near["documents"]) == 2
retriever = MilvusHybridRetriever(document_store=store, top_k=3)
both = retriever.run(query_embedding=[7.0, 1.0, 0.5], query_text="ships")
assert len(both["documents"]) == 3
store.delete_documents([found[0].id])
assert store.count_documents() == 19
print("done")
