"""The functions: as a search scores, and careful with whatever they are given."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store_sqlite import connect


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("vector", "FLOAT_VECTOR"),
        ("half", "FLOAT16_VECTOR"),
        ("brain", "BFLOAT16_VECTOR"),
        ("bytes", "INT8_VECTOR"),
    ],
)
def test_a_distance_is_the_score_of_a_search(made: Path, metric: str, field: str, kind: str) -> None:
    query = np.array([1, 0, -1, 2], dtype=np.float32)
    with MilvusClient(made) as client:
        index = client.prepare_index_params()
        for name in ("vector", "half", "brain", "bytes"):
            index.add_index(name, index_type="FLAT", metric_type=metric)
        index.add_index("bits", index_type="BIN_FLAT", metric_type="HAMMING")
        index.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        client.create_index("docs", index)
        client.load_collection("docs")
        asked = {"half": query.astype(np.float16), "bytes": query.astype(np.int8)}.get(field, query)
        (hits,) = client.search("docs", [asked], anns_field=field, limit=5)
        scores = {hit["id"]: hit["distance"] for hit in hits}
    connection = connect(made)
    function = f"milvus_{metric.lower()}"
    text = "[1, 0, -1, 2]"
    stored = connection.execute(f"SELECT id, {function}({field}, ?, ?) FROM docs_stored", (text, kind))
    assert dict(stored.fetchall()) == pytest.approx(scores)
    decoded = connection.execute(f"SELECT id, {function}({field}, ?) FROM docs", (text,))
    assert dict(decoded.fetchall()) == pytest.approx(scores)
    connection.close()


def test_a_vector_is_decoded_by_its_type(connection: sqlite3.Connection) -> None:
    def shown(call: str) -> object:
        return connection.execute(f"SELECT {call}").fetchone()[0]

    assert shown("milvus_vector(x'0000803f00000040')") == "[1.0, 2.0]"
    assert shown("milvus_vector(x'003c0040', 'FLOAT16_VECTOR')") == "[1.0, 2.0]"
    assert shown("milvus_vector(x'01ff', 'BINARY_VECTOR')") == "[1, 255]"
    assert shown("milvus_vector(x'070000000000803f', 'SPARSE_FLOAT_VECTOR')") == '{"7": 1.0}'
    assert shown("milvus_vector_list(x'0000803f000000400000803f00000040', 'FLOAT_VECTOR', 2)") == (
        "[[1.0, 2.0], [1.0, 2.0]]"
    )
    assert shown("milvus_time(1)") == "1970-01-01T00:00:00.000001Z"


@pytest.mark.parametrize(
    "call",
    [
        "milvus_vector(NULL)",
        "milvus_vector(7)",
        "milvus_vector('text')",
        "milvus_vector(x'')",
        "milvus_vector(x'000080')",
        "milvus_vector(x'0000803f00000040', 'FLOAT_VECTOR', 3)",
        "milvus_vector(x'0000803f00000040', 'FLOAT_VECTOR', -1)",
        "milvus_vector(x'0000c07f0000c07f')",  # NaN
        "milvus_vector(x'0000803f00000040', 'NO_VECTOR')",
        "milvus_vector(x'0000803f00000040', 'INT64')",
        "milvus_vector(x'000080', 'SPARSE_FLOAT_VECTOR')",
        "milvus_vector_list(x'0000803f', 'FLOAT_VECTOR', 2)",
        "milvus_time('text')",
        "milvus_time(9223372036854775807)",
        "milvus_l2(NULL, '[1, 2]')",
        "milvus_l2(7, '[1, 2]')",
        "milvus_l2('text', '[1, 2]')",
        "milvus_l2('[1, NaN]', '[1, 2]')",
        "milvus_l2(x'000080', '[1, 2]')",
        "milvus_l2(x'0000c07f0000c07f', '[1, 2]')",
        "milvus_l2(x'0000803f00000040', '[1, 2]', 'BINARY_VECTOR')",
        "milvus_l2(x'0000803f00000040', '[1, 2]', 'NO_VECTOR')",
        "milvus_l2(x'070000000000803f', '[1, 2]', 'SPARSE_FLOAT_VECTOR')",
    ],
)
def test_a_damaged_value_is_null(connection: sqlite3.Connection, call: str) -> None:
    assert connection.execute(f"SELECT {call}").fetchone() == (None,)


# sqlite-utils and Datasette have Python report what functions raise, which pytest takes for a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "query",
    [None, 7, "", "text", "[1, 2", "[1]", "[1, 2, 3]", '["1", "2"]', "[[1, 2]]", "[1e999, 1]", "[" * 99999],
)
def test_a_query_that_is_no_vector_is_an_error(connection: sqlite3.Connection, query: object) -> None:
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("SELECT milvus_cosine(x'0000803f00000040', ?)", (query,)).fetchone()


def test_the_cosine_with_no_length_is_zero_as_in_a_search(connection: sqlite3.Connection) -> None:
    assert connection.execute("SELECT milvus_cosine('[0, 0]', '[1, 2]')").fetchone() == (0.0,)
