"""Vectors of every type through the client: in, found, shown, replaced, reopened, and seen by another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DataNotMatchException, MilvusException, ParamError

COUNT, DIM = 60, 16
RANDOM = np.random.default_rng(31)
FLOATS = RANDOM.standard_normal((COUNT, DIM)).astype(np.float32)
HALVES = FLOATS.astype(np.float16)
BYTES = RANDOM.integers(-128, 128, (COUNT, DIM)).astype(np.int8)
BITS = RANDOM.integers(0, 256, (COUNT, DIM // 8)).astype(np.uint8)


def truncated(values: np.ndarray) -> np.ndarray:
    """``values`` as bfloat16 holds them, exactly: the lower half of each float32 is gone."""
    return (values.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)


BRAINS = truncated(FLOATS)
BRAIN_BYTES = (BRAINS.view(np.uint32) >> 16).astype("<u2")

# Type → what is inserted, the same as numbers, and the bytes that are stored and shown.
VECTORS: dict[DataType, tuple[Any, np.ndarray, list[bytes]]] = {
    DataType.FLOAT16_VECTOR: (HALVES, HALVES, [vector.tobytes() for vector in HALVES]),
    DataType.BFLOAT16_VECTOR: (
        [vector.tobytes() for vector in BRAIN_BYTES],
        BRAINS,
        [vector.tobytes() for vector in BRAIN_BYTES],
    ),
    DataType.INT8_VECTOR: (BYTES, BYTES, [vector.tobytes() for vector in BYTES]),
}
DENSE = list(VECTORS)
BINARY_METRICS = ["HAMMING", "JACCARD", "TANIMOTO", "SUBSTRUCTURE", "SUPERSTRUCTURE"]


def make(client: MilvusClient, dtype: DataType, metric: str, index: str = "FLAT", **options: Any) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("v", dtype, dim=DIM, **options)
    params = client.prepare_index_params("v", index_type=index, metric_type=metric)
    client.create_collection("c", schema=schema, index_params=params)


def naive(metric: str, rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    wide, asked = rows.astype(np.float64), query.astype(np.float64)
    if metric == "L2":
        return np.asarray(((wide - asked) ** 2).sum(axis=1))
    products = wide @ asked
    if metric == "COSINE":
        products /= np.linalg.norm(wide, axis=1) * np.linalg.norm(asked)
    return np.asarray(products)


@pytest.mark.parametrize("metric", ["L2", "IP", "COSINE"])
@pytest.mark.parametrize("dtype", DENSE)
def test_narrow_vectors_are_ranked_by_their_exact_values(
    client: MilvusClient, path: Path, dtype: DataType, metric: str
) -> None:
    given, numbers, stored = VECTORS[dtype]
    make(client, dtype, metric)
    client.insert("c", [{"id": i, "v": vector} for i, vector in enumerate(given)])
    truth = naive(metric, numbers, numbers[7])
    order = np.argsort(truth if metric == "L2" else -truth, kind="stable")[:9]
    asked: list[Any] = [numbers[7].tolist(), numbers[7].astype(np.float32), stored[7]]
    for query in asked:
        (hits,) = client.search("c", [query], limit=9, output_fields=["v"])
        assert hits.ids == order.tolist()
        np.testing.assert_allclose(hits.distances, truth[order], rtol=1e-6, atol=1e-6)
        assert [hit["v"] for hit in hits] == [stored[i] for i in order]  # hits show the bytes themselves
    assert client.query("c", "id == 5") == [{"id": 5, "v": [stored[5]]}]  # and queries show them in a list
    assert client.get("c", 5) == [{"id": 5, "v": [stored[5]]}]
    client.close()
    with MilvusClient(path) as again:
        assert again.search("c", asked[:1], limit=9)[0].ids == order.tolist()


@pytest.mark.parametrize("index", ["BIN_FLAT", "BIN_IVF_FLAT", "AUTOINDEX"])
@pytest.mark.parametrize("metric", BINARY_METRICS)
def test_binary_vectors_know_five_metrics(client: MilvusClient, metric: str, index: str) -> None:
    if index == "BIN_IVF_FLAT" and metric.endswith("STRUCTURE"):
        with pytest.raises(ParamError, match="metric_type of field 'v' .* HAMMING, JACCARD, TANIMOTO, got"):
            make(client, DataType.BINARY_VECTOR, metric, index)
        return
    make(client, DataType.BINARY_VECTOR, metric, index)
    rows = BITS & BITS[::-1]  # few bits, so that some lie in others
    client.insert("c", [{"id": i, "v": vector} for i, vector in enumerate(rows)])
    query = rows[7] | rows[8]
    sets = [set(np.flatnonzero(np.unpackbits(row)).tolist()) for row in rows]
    asked = set(np.flatnonzero(np.unpackbits(query)).tolist())
    truth = {
        "HAMMING": [len(one ^ asked) for one in sets],
        "JACCARD": [1 - len(one & asked) / len(one | asked) for one in sets],
        "TANIMOTO": [-np.log2(max(len(one & asked) / len(one | asked), 1e-300)) for one in sets],
        "SUBSTRUCTURE": [0 if asked <= one else None for one in sets],
        "SUPERSTRUCTURE": [0 if one <= asked else None for one in sets],
    }[metric]
    found = [(i, value) for i, value in enumerate(truth) if value is not None and value < 900]
    expected = sorted(found, key=lambda pair: pair[1])
    for form in (query, query.tobytes(), query.tolist(), [query.tobytes()]):
        (hits,) = client.search("c", [form], limit=len(expected) or 1, output_fields=["v"])
        assert hits.ids == [i for i, _ in expected]
        np.testing.assert_allclose(hits.distances, [value for _, value in expected], rtol=1e-6)
        assert all(hit["v"] == rows[hit.id].tobytes() for hit in hits)
    assert client.query("c", "id == 3") == [{"id": 3, "v": [rows[3].tobytes()]}]


ALL = {**{dtype: given for dtype, (given, _, _) in VECTORS.items()}, DataType.BINARY_VECTOR: BITS}
ALL |= {DataType.FLOAT_VECTOR: FLOATS}


@pytest.mark.parametrize("dtype", ALL)
def test_null_vectors_come_back_as_none_and_are_never_found(client: MilvusClient, dtype: DataType) -> None:
    make(client, dtype, "", "AUTOINDEX", nullable=True)
    given = ALL[dtype]
    client.insert("c", [{"id": i, "v": None if i % 3 == 0 else given[i]} for i in range(COUNT)])
    client.insert("c", [{"id": 1000}])
    (hits,) = client.search("c", [given[0]], limit=100, output_fields=["v"])
    assert sorted(hits.ids) == [i for i in range(COUNT) if i % 3]
    assert [row["v"] for row in client.query("c", "id in [3, 1000]")] == [None, None]
    client.upsert("c", [{"id": 3, "v": given[3]}, {"id": 4, "v": None}])
    (hits,) = client.search("c", [given[0]], limit=100)
    assert sorted(hits.ids) == sorted({i for i in range(COUNT) if i % 3} - {4} | {3})
    assert client.search("c", [given[0]], limit=100, filter="id in [4, 6]")[0].ids == []
    with pytest.raises(ParamError, match="query vector 0: .* got NoneType"):
        client.search("c", [None])
    with pytest.raises(ParamError, match=r"'v' is null in some of the rows to search by: IDs = \[4\]"):
        client.search("c", ids=[3, 4])
    pages = client.search_iterator("c", [given[0]], batch_size=25)
    assert sum(len(pages.next()) for _ in range(3)) == len(hits)


@pytest.mark.parametrize("dtype", [one for one in ALL if one is not DataType.FLOAT_VECTOR])
def test_what_a_query_shows_can_be_put_back(client: MilvusClient, dtype: DataType) -> None:
    make(client, dtype, "", "AUTOINDEX")
    client.insert("c", [{"id": i, "v": ALL[dtype][i]} for i in range(5)])
    rows = list(client.query("c", "id >= 0"))
    client.upsert("c", [{**row, "id": row["id"] + 1} for row in rows])
    assert [row["v"] for row in client.query("c", "id > 0")] == [row["v"] for row in rows]


def test_vector_fields_of_several_types_live_side_by_side(client: MilvusClient, path: Path) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    for dtype in ALL:
        schema.add_field(dtype.name.lower(), dtype, dim=DIM)
    params = client.prepare_index_params()
    for dtype in ALL:
        params.add_index(dtype.name.lower(), index_type="AUTOINDEX")
    client.create_collection("c", schema=schema, index_params=params)
    client.insert(
        "c", [{"id": i} | {dtype.name.lower(): ALL[dtype][i] for dtype in ALL} for i in range(COUNT)]
    )
    for dtype in ALL:
        name = dtype.name.lower()
        for place in (0, 33):
            assert client.search("c", [ALL[dtype][place]], anns_field=name, limit=1)[0].ids == [place]
        assert client.search("c", ids=[12], anns_field=name, limit=1)[0].ids == [12]
    # Another process finds them all, and this one finds what that one wrote.
    code = (
        "from milvus_store import MilvusClient\n"
        f"with MilvusClient({str(path)!r}) as client:\n"
        "    row = client.get('c', 7)[0]\n"
        "    names = [name for name in row if name != 'id']\n"
        "    found = [client.search('c', ids=[7], anns_field=name, limit=1)[0].ids for name in names]\n"
        f"    assert found == [[7]] * {len(ALL)}, found\n"
        "    client.delete('c', ids=[7]); client.insert('c', [{**row, 'id': 700}])\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    for dtype in ALL:
        found = client.search("c", [ALL[dtype][7]], anns_field=dtype.name.lower(), limit=1)[0].ids
        assert found == [700]


@pytest.mark.parametrize(
    ("dtype", "value", "message"),
    [
        (DataType.FLOAT16_VECTOR, [1.0] * 15, "expected a vector of dimension 16, got dimension 15"),
        (DataType.FLOAT16_VECTOR, [70_000.0] * 16, "finite numbers in the range of float16"),
        (DataType.FLOAT16_VECTOR, b"x" * 31, "expected 32 bytes, got bytes"),
        (DataType.BFLOAT16_VECTOR, [float("nan")] * 16, "in the range of bfloat16"),
        (DataType.INT8_VECTOR, [128] * 16, "integers between -128 and 127"),
        (DataType.INT8_VECTOR, [0.5] * 16, "integers between -128 and 127"),
        (DataType.BINARY_VECTOR, b"abc", "expected 2 bytes, one for every 8 dimensions"),
        (DataType.BINARY_VECTOR, [0, 1] * 8, "expected 2 bytes"),
        (DataType.BINARY_VECTOR, [256, 0], "expected 2 bytes"),
        (DataType.BINARY_VECTOR, np.zeros(2, dtype=np.float32), "expected 2 bytes"),
        (DataType.FLOAT_VECTOR, b"x" * 64, "expected a vector of 16 numbers"),
    ],
)
def test_values_that_do_not_fit_are_named(
    client: MilvusClient, dtype: DataType, value: Any, message: str
) -> None:
    make(client, dtype, "", "AUTOINDEX")
    good = {"id": 0, "v": ALL[dtype][0]}
    with pytest.raises(DataNotMatchException, match=f"row 1: field 'v' .*{message}"):
        client.insert("c", [good, {"id": 1, "v": value}])
    assert client.get_collection_stats("c") == {"row_count": 0}
    with pytest.raises(ParamError, match=f"query vector 1: field 'v' .*{message}"):
        client.search("c", [ALL[dtype][0], value])


@pytest.mark.parametrize("limit", [0, 10_000])
def test_a_bound_on_memory_changes_no_answer(path: Path, limit: int) -> None:
    with MilvusClient(path, memory_limit=limit) as client:
        make(client, DataType.BINARY_VECTOR, "HAMMING", "BIN_FLAT", nullable=True)
        client.insert("c", [{"id": i, "v": None if i % 7 == 0 else BITS[i]} for i in range(COUNT)])
        client.delete("c", ids=[5, 11])
        alive = [i for i in range(COUNT) if i % 7 and i not in (5, 11)]
        distances = {i: int(np.unpackbits(BITS[i] ^ BITS[5]).sum()) for i in alive}
        expected = sorted(alive, key=lambda i: (distances[i], i))
        for _ in range(2):
            assert client.search("c", [BITS[5]], limit=10)[0].ids == expected[:10]
            few = client.search("c", [BITS[5]], limit=10, filter="id < 20")[0].ids
            assert few == [i for i in expected if i < 20][:10]


@pytest.mark.parametrize(
    "vector", [[1e300, 0.0], np.array([1e300, 0.0]), np.array([1e300, 0]).astype(object), (1e300, 0)]
)
def test_numbers_beyond_float32_are_refused_and_cause_no_warning(client: MilvusClient, vector: Any) -> None:
    client.create_collection("c", dimension=2)
    for rows in ([vector], [[1.0, 0.0], vector], np.array([vector, vector], dtype=np.float64)):
        with pytest.raises(MilvusException, match=r"vector|quer"):
            client.insert("c", [{"id": n, "vector": one} for n, one in enumerate(rows)])
        with pytest.raises(MilvusException, match=r"vector|quer"):
            client.insert(
                "c", {"id": list(range(len(rows))), "vector": np.array(list(rows), dtype=np.float64)}
            )
        with pytest.raises(MilvusException, match=r"vector|quer"):
            client.search("c", rows)
