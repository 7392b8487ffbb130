from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from milvus_store import DataType, Function, FunctionType, MilvusClient

TEXTS = st.lists(st.sampled_from("abcdef"), max_size=8).map(" ".join)
WRITES = st.lists(st.tuples(st.integers(0, 12), st.none() | TEXTS), max_size=25)


def scores(texts: dict[int, str], query: str, k1: float, b: float) -> dict[int, float]:
    """The formula, term by term and document by document."""
    documents = {pk: text.split() for pk, text in texts.items()}
    mean = sum(map(len, documents.values())) / max(1, len(documents))
    found = {}
    for pk, words in documents.items():
        score = 0.0
        for term, times in Counter(query.split()).items():
            having = sum(term in other for other in documents.values())
            if term in words:
                idf = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
                often = words.count(term)
                share = often * (k1 + 1) / (often + k1 * (1 - b + b * len(words) / mean))
                score += idf * times * share
        if score > 0:
            found[pk] = score
    return found


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(WRITES, max_size=4),
    queries=st.lists(TEXTS, min_size=1, max_size=3),
    k1=st.sampled_from([0.0, 1.2, 3.0]),
    b=st.sampled_from([0.0, 0.75, 1.0]),
    limit=st.sampled_from([None, 200]),
)
@example(batches=[[(0, "a")], [(0, "")]], queries=["a"], k1=0.0, b=0.0, limit=None)
def test_scores_follow_every_write(
    batches: list[list[tuple[int, str | None]]], queries: list[str], k1: float, b: float, limit: int | None
) -> None:
    """A write is an upsert, or a deletion where there is no text; searches come between the batches."""
    with tempfile.TemporaryDirectory() as folder:
        texts: dict[int, str] = {}
        with MilvusClient(Path(folder, "a.db"), durability="normal", memory_limit=limit) as client:
            schema = client.create_schema()
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
            schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
            schema.add_function(Function("f", FunctionType.BM25, "text", "sparse"))
            params = {"bm25_k1": k1, "bm25_b": b}
            index = client.prepare_index_params("sparse", metric_type="BM25", params=params)
            client.create_collection("c", schema=schema, index_params=index)
            for batch in [[], *batches]:
                for pk, text in batch:
                    if text is None:
                        client.delete("c", ids=[pk])
                        texts.pop(pk, None)
                    else:
                        client.upsert("c", {"id": pk, "text": text})
                        texts[pk] = text
                for query, hits in zip(queries, client.search("c", queries), strict=True):
                    expected = scores(texts, query, k1, b)
                    best = sorted(expected.values(), reverse=True)[:10]
                    assert hits.distances == pytest.approx(best, rel=1e-5)
                    assert {hit.id: hit.distance for hit in hits} == pytest.approx(
                        {hit.id: expected[hit.id] for hit in hits}, rel=1e-5
                    )
