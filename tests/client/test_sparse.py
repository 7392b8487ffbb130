"""Sparse vectors through the client: what goes in, what comes back, what a search finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from milvus_store import DataType, MilvusClient, MilvusException
from milvus_store.errors import DataNotMatchException, ParamError

COUNT = 600


def make(client: MilvusClient, **index: Any) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("n", DataType.INT64)
    params = client.prepare_index_params("v", index_type="SPARSE_INVERTED_INDEX", metric_type="IP", **index)
    client.create_collection("sparse", schema=schema, index_params=params)


@pytest.fixture
def matrix() -> Any:
    """(600, 50): some eight values in each row."""
    return scipy.sparse.random(COUNT, 50, density=0.16, format="csr", random_state=3, dtype=np.float32)


@pytest.fixture
def filled(client: MilvusClient, matrix: Any) -> MilvusClient:
    make(client)
    client.insert("sparse", [{"id": place, "v": matrix[place], "n": place % 10} for place in range(COUNT)])
    return client


def expected(matrix: Any, query: Any, wanted: Any) -> list[int]:
    """Ids by descending inner product, those that share an index with the query."""
    scores = (matrix @ query.T).toarray()[:, 0]
    ids = [place for place in range(COUNT) if wanted(place) and scores[place] > 0]
    return sorted(ids, key=lambda place: (-scores[place], place))


def test_filters_deletions_and_later_rows_count(filled: MilvusClient, matrix: Any) -> None:
    queries = matrix[:5]
    hits = filled.search("sparse", queries, filter="n < 5", limit=20)
    for place, found in enumerate(hits):
        assert found.ids == expected(matrix, queries[place], lambda n: n % 10 < 5)[:20]
    filled.delete("sparse", filter="n in [1, 2, 3]")
    (found,) = filled.search("sparse", queries[0], filter="n < 5", limit=20)
    assert found.ids == expected(matrix, queries[0], lambda n: n % 10 in (0, 4))[:20]
    filled.insert("sparse", [{"id": COUNT + n, "v": {7: 100.0 + n}, "n": 0} for n in range(3)])
    filled.upsert("sparse", {"id": 0, "v": [(7, 101.5)], "n": 0})
    assert filled.search("sparse", [{7: 1}], limit=4)[0].ids == [COUNT + 2, 0, COUNT + 1, COUNT]


def test_only_rows_that_share_an_index_are_found(client: MilvusClient) -> None:
    make(client)
    client.insert("sparse", [{"id": 1, "v": {1: 1, 2: 2}, "n": 0}, {"id": 2, "v": {3: 1}, "n": 0}])
    client.insert("sparse", {"id": 3, "v": {}, "n": 0})
    assert [found.ids for found in client.search("sparse", [{1: 1}, {}, {9: 1}, {3: 1, 2: 1}])] == [
        [1],
        [],
        [],
        [1, 2],
    ]
    rows = client.query("sparse", "id > 0", output_fields=["v"])
    assert [row["v"] for row in rows] == [{1: 1.0, 2: 2.0}, {3: 1.0}, {}]


def test_dropping_small_values_of_a_query_leaves_scores_exact(client: MilvusClient) -> None:
    make(client)
    client.insert("sparse", [{"id": n, "v": {1: 1.0, 2: float(n), 3 + n: 5.0}, "n": 0} for n in range(40)])
    query = {1: 1.0, 2: 0.5, 42: 0.25}
    exact = client.search("sparse", [query], limit=2)[0]
    dropped = client.search("sparse", [query], limit=2, search_params={"params": {"drop_ratio_search": 0.4}})[
        0
    ]
    assert exact.ids == dropped.ids == [39, 38]
    assert dropped.distances == exact.distances == [1 + 19.5 + 1.25, 1 + 19]
    only_first = {"params": {"drop_ratio_search": 0.9}}
    # Every row has index 1, and equally much of it: the oldest twenty are the candidates.
    (found,) = client.search("sparse", [query], limit=2, search_params=only_first)
    assert found.ids == [19, 18]


def test_bad_vectors_change_nothing(filled: MilvusClient) -> None:
    good = {"id": 9_000, "v": {1: 1.0}, "n": 0}
    with pytest.raises(DataNotMatchException, match="row 1: field 'v'.*not negative"):
        filled.insert("sparse", [good, {"id": 9_001, "v": {1: -1.0}, "n": 0}])
    with pytest.raises(ParamError, match="query vector 0: field 'v'"):
        filled.search("sparse", [[0.5] * 50])
    assert filled.get_collection_stats("sparse") == {"row_count": COUNT}


def test_bm25_is_refused_where_no_function_fills_the_field(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", DataType.SPARSE_FLOAT_VECTOR)
    index = client.prepare_index_params("v", metric_type="BM25")
    with pytest.raises(MilvusException, match="a BM25 function fills"):
        client.create_collection("sparse", schema=schema, index_params=index)
    index = client.prepare_index_params("v", metric_type="IP", params={"bm25_k1": 1.5})
    with pytest.raises(MilvusException, match="takes parameters drop_ratio_build.*got 'bm25_k1'"):
        client.create_collection("sparse", schema=schema, index_params=index)
    assert not client.has_collection("sparse")


def test_the_answer_is_the_same_when_memory_is_short_and_after_reopening(
    filled: MilvusClient, matrix: Any, path: Path
) -> None:
    wanted = [expected(matrix, matrix[n], lambda n: n % 10 == 3)[:7] for n in range(3)]
    assert [found.ids for found in filled.search("sparse", matrix[:3], filter="n == 3", limit=7)] == wanted
    filled.close()
    for limit in (None, 1000):
        with MilvusClient(path, memory_limit=limit) as other:
            everything = [expected(matrix, matrix[n], lambda n: True)[:7] for n in range(3)]
            assert [found.ids for found in other.search("sparse", matrix[:3], limit=7)] == everything
            assert [
                found.ids for found in other.search("sparse", matrix[:3], filter="n == 3", limit=7)
            ] == wanted
