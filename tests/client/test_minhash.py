"""MINHASH functions and the metric MHJACCARD."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, FieldSchema, Function, FunctionType, MilvusClient
from milvus_store.errors import DataNotMatchException, ParamError, SchemaNotReadyException
from milvus_store_lite.checks import check_file

pytest.importorskip("tantivy")

TEXTS = [
    "the quick brown fox jumps over the lazy dog",
    "the quick brown fox jumps over the lazy cat",
    "numbers count what nobody has counted before",
]


def create(
    client: MilvusClient, dim: int = 32 * 64, index: dict[str, Any] | None = None, **params: Any
) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200, nullable=True)
    schema.add_field("signature", DataType.BINARY_VECTOR, dim=dim, nullable=True)
    schema.add_function(Function("f", FunctionType.MINHASH, "text", "signature", params=params))
    given = {"index_type": "MINHASH_LSH", "metric_type": "MHJACCARD", **(index or {})}
    client.create_collection(
        "c", schema=schema, index_params=client.prepare_index_params("signature", **given)
    )


def fill(client: MilvusClient, **params: Any) -> None:
    create(client, **params)
    client.insert("c", [{"id": number, "text": text} for number, text in enumerate(TEXTS)])


@pytest.mark.parametrize("kind", ["MINHASH_LSH", "BIN_FLAT", "AUTOINDEX"])
def test_a_text_finds_its_near_duplicates(client: MilvusClient, kind: str) -> None:
    fill(client, shingle_size=2, index={"index_type": kind})
    (hits,) = client.search("c", [TEXTS[0]], limit=3)
    assert [hit["id"] for hit in hits] == [0, 1, 2]
    assert hits[0]["distance"] == 1.0
    assert 0.5 < hits[1]["distance"] < 1.0
    assert hits[2]["distance"] < 0.2


def test_a_score_is_the_share_of_equal_hashes(client: MilvusClient) -> None:
    fill(client, shingle_size=1)
    rows = client.query("c", filter="id >= 0", output_fields=["signature"])
    stored = {row["id"]: np.frombuffer(row["signature"][0], dtype="<u4") for row in rows}
    (hits,) = client.search("c", [TEXTS[1]], limit=3)
    for hit in hits:
        assert hit["distance"] == pytest.approx(np.mean(stored[hit["id"]] == stored[1]))


def test_texts_as_bytes_need_no_words(client: MilvusClient) -> None:
    fill(client, token_level="char", hash_function="sha1", seed=5)
    assert client.search("c", [TEXTS[2]], limit=1)[0].ids == [2]


def test_a_changed_text_has_another_signature(client: MilvusClient) -> None:
    fill(client)
    client.upsert("c", [{"id": 2, "text": TEXTS[0]}], partial_update=True)
    (hits,) = client.search("c", [TEXTS[0]], limit=2)
    assert sorted(hits.ids) == [0, 2]
    assert [hit["distance"] for hit in hits] == [1.0, 1.0]


def test_a_null_has_no_signature(client: MilvusClient) -> None:
    fill(client)
    client.insert("c", [{"id": 9, "text": None}])
    assert sorted(client.search("c", [TEXTS[0]], limit=9)[0].ids) == [0, 1, 2]


def test_a_range_keeps_what_is_nearer(client: MilvusClient) -> None:
    fill(client, shingle_size=1)
    near = {"params": {"radius": 0.5, "mh_search_with_jaccard": True}}
    assert client.search("c", [TEXTS[0]], search_params=near)[0].ids == [0, 1]


def test_a_filter_is_obeyed(client: MilvusClient) -> None:
    fill(client, shingle_size=1)
    assert client.search("c", [TEXTS[0]], filter="id != 0", limit=1)[0].ids == [1]


def test_signatures_are_there_after_opening_again(path: Path) -> None:
    with MilvusClient(path) as client:
        fill(client)
    with MilvusClient(path) as client:
        assert client.search("c", [TEXTS[1]], limit=1)[0].ids == [1]
        (function,) = client.describe_collection("c")["functions"]
        assert function["type"] == FunctionType.MINHASH


def test_signatures_are_made_of_rows_that_are_there(path: Path) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("text", DataType.VARCHAR, max_length=200, nullable=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        index = client.prepare_index_params("vector", index_type="FLAT")
        client.create_collection("c", schema=schema, index_params=index)
        rows = [{"id": number, "text": text, "vector": [1, 2]} for number, text in enumerate([*TEXTS, None])]
        client.insert("c", rows)
        field = FieldSchema("signature", DataType.BINARY_VECTOR, dim=32 * 64, nullable=True)
        index = client.prepare_index_params("signature", index_type="MINHASH_LSH", metric_type="MHJACCARD")
        client.add_function_field("c", field, Function("f", FunctionType.MINHASH, "text", "signature"), index)
        client.insert("c", {"id": 9, "text": TEXTS[1], "vector": [1, 2]})
        (hits,) = client.search("c", [TEXTS[1]], anns_field="signature", limit=9)
        assert [hit["distance"] for hit in hits][:2] == [1.0, 1.0]
        assert sorted(hits.ids[:2]) == [1, 9]
        assert 3 not in hits.ids
    assert check_file(path).problems == ()
    with MilvusClient(path) as client:
        client.drop_function_field("c", "f")
        assert "signature" not in {one["name"] for one in client.describe_collection("c")["fields"]}
    assert check_file(path).problems == ()


def test_rows_give_no_signature(client: MilvusClient) -> None:
    create(client)
    with pytest.raises(DataNotMatchException, match="field 'signature' is filled by function 'f'"):
        client.insert("c", [{"id": 1, "text": "a", "signature": bytes(256)}])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"num_hashes": 63}, r"must have 32 bits for each of num_hashes=63, which is dim=2016, got dim=2048"),
        ({"num_hashes": 0}, "num_hashes must be an int of at least 1, got 0"),
        ({"shingle_size": "two"}, "shingle_size must be an int of at least 1, got 'two'"),
        ({"hash_function": "md5"}, "hash_function must be one of xxhash, xxhash64, sha1, got 'md5'"),
        ({"token_level": "line"}, "token_level must be one of word, char, character, got 'line'"),
        ({"seed": 1.5}, "seed must be an int, got 1.5"),
        ({"hashes": 5}, "unexpected parameter 'hashes'"),
    ],
)
def test_parameters_are_checked(client: MilvusClient, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        create(client, **params)


def test_the_output_is_a_binary_vector(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=64)
    schema.add_function(Function("f", FunctionType.MINHASH, "text", "vector"))
    with pytest.raises(SchemaNotReadyException, match=r"\(MINHASH\): field 'vector' must be BINARY_VECTOR"):
        client.create_collection("c", schema=schema)


def test_the_hashes_of_a_function_have_32_bits(client: MilvusClient) -> None:
    with pytest.raises(
        ParamError, match="'mh_element_bit_width' of an index on field 'signature' must be 32"
    ):
        create(client, index={"params": {"mh_element_bit_width": 8}})
    create(client, index={"params": {"mh_lsh_band": 4}})
    assert client.describe_index("c", "signature")["mh_element_bit_width"] == 32


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_own_signatures_have_hashes_of_any_width(client: MilvusClient, bits: int) -> None:
    kind = np.dtype(f"<u{bits // 8}")
    own = np.array([[1, 2, 3], [1, 2, 9], [1, 8, 9], [7, 8, 9]], dtype=kind)
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("signature", DataType.BINARY_VECTOR, dim=3 * bits)
    params = {"mh_element_bit_width": bits, "mh_lsh_band": 3}
    index = client.prepare_index_params(
        "signature", index_type="MINHASH_LSH", metric_type="MHJACCARD", params=params
    )
    client.create_collection("c", schema=schema, index_params=index)
    client.insert("c", [{"id": number, "signature": one.tobytes()} for number, one in enumerate(own)])
    (hits,) = client.search("c", [own[0].tobytes()], limit=4)
    assert hits.ids == [0, 1, 2, 3]
    assert [hit["distance"] for hit in hits] == pytest.approx([1, 2 / 3, 1 / 3, 0])


def test_a_width_that_no_hash_has_is_refused(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("signature", DataType.BINARY_VECTOR, dim=96)
    for bits, message in ((24, "must be one of 8, 16, 32, 64, got 24"), (64, "got 64")):
        params = {"mh_element_bit_width": bits}
        index = client.prepare_index_params(
            "signature", index_type="BIN_FLAT", metric_type="MHJACCARD", params=params
        )
        with pytest.raises(ParamError, match=message):
            client.create_collection("c", schema=schema, index_params=index)
