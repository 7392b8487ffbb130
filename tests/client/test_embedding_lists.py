"""Vectors within structs: written, shown, and searched by lists of embeddings, as in Milvus."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pymilvus
import pytest
from pymilvus.client.embedding_list import EmbeddingList as TheirEmbeddingList

from milvus_store import AnnSearchRequest, AsyncMilvusClient, DataType, EmbeddingList, MilvusClient, RRFRanker
from milvus_store.backends.remote.types import to_pymilvus
from milvus_store.errors import (
    DatabaseCorruptError,
    DataNotMatchException,
    FilterError,
    IndexNotExistException,
    ParamError,
)
from milvus_store_lite.checks import check_file
from milvus_store_lite.salvage import recover_file

ROWS: list[dict[str, Any]] = [
    {"id": 1, "tag": "a", "chunks": [{"text": "x", "emb": [1.0, 0.0]}, {"text": "y", "emb": [0.0, 2.0]}]},
    {"id": 2, "tag": "b", "chunks": [{"text": "z", "emb": [3.0, 4.0]}]},
    {"id": 3, "tag": "a", "chunks": []},
    {"id": 4, "tag": "b", "chunks": None},
    {"id": 5, "tag": "a", "chunks": [{"text": "w", "emb": [-1.0, 0.5]}] * 3},
]
QUERY = [[1.0, 0.0], [0.0, 1.0]]
VALUES = {
    "MAX_SIM_COSINE": {1: 2.0, 2: 1.4, 5: -0.4472135955},
    "MAX_SIM": {1: 2.0, 2: 1.4, 5: -0.4472135955},
    "MAX_SIM_IP": {2: 7.0, 1: 3.0, 5: -0.5},
    "MAX_SIM_L2": {1: 1.0, 5: 5.5, 2: 38.0},
}
"""The rows that each metric finds, the nearest first: computed by hand."""


def schema_by(client: Any, types: Any = DataType, kind: str = "FLOAT_VECTOR") -> Any:
    """The same schema by our builders or by pymilvus's."""
    chunk = client.create_struct_field_schema()
    chunk.add_field("text", types.VARCHAR, max_length=9)
    chunk.add_field("emb", getattr(types, kind), dim=2)
    schema = client.create_schema()
    schema.add_field("id", types.INT64, is_primary=True)
    schema.add_field("tag", types.VARCHAR, max_length=9)
    schema.add_field(
        "chunks",
        datatype=types.ARRAY,
        element_type=types.STRUCT,
        struct_schema=chunk,
        max_capacity=4,
        nullable=True,
    )
    return schema


def made(client: MilvusClient, metric: str = "MAX_SIM_COSINE", kind: str = "FLOAT_VECTOR") -> None:
    indexes = client.prepare_index_params()
    indexes.add_index("chunks[emb]", index_type="HNSW", metric_type=metric, params={"M": 8})
    client.create_collection("c", schema=schema_by(MilvusClient, kind=kind), index_params=indexes)


@pytest.fixture
def client(path: Path) -> Any:
    with MilvusClient(path) as client:
        made(client)
        client.insert("c", ROWS)
        yield client


def found(client: Any, query: Any = None, **options: Any) -> list[int]:
    (hits,) = client.search("c", [EmbeddingList(query or QUERY)], anns_field="chunks[emb]", **options)
    return [hit["id"] for hit in hits]


@pytest.mark.parametrize("metric", VALUES)
@pytest.mark.parametrize("kind", [EmbeddingList, TheirEmbeddingList])
def test_rows_are_ranked_by_the_metric(path: Path, metric: str, kind: Any) -> None:
    with MilvusClient(path) as client:
        made(client, metric)
        client.insert("c", ROWS)
        (hits,) = client.search("c", [kind(QUERY)], anns_field="chunks[emb]", output_fields=["tag"])
        assert [hit["id"] for hit in hits] == list(VALUES[metric])
        assert [hit["distance"] for hit in hits] == pytest.approx(list(VALUES[metric].values()), rel=1e-6)
        by_default = client.search("c", [kind(QUERY)])  # it is the only vector field
        assert [hit["id"] for hit in by_default[0]] == list(VALUES[metric])


def test_vectors_are_shown_in_their_structs(client: MilvusClient) -> None:
    assert client.query("c", "", ["chunks"], limit=9) == [
        {"id": row["id"], "chunks": row["chunks"]} for row in ROWS
    ]
    assert client.get("c", 2)[0]["chunks"] == ROWS[1]["chunks"]
    assert client.get("c", [1, 4], ["chunks[emb]"]) == [
        {"id": 1, "chunks": [{"emb": [1.0, 0.0]}, {"emb": [0.0, 2.0]}]},
        {"id": 4, "chunks": None},
    ]
    assert client.get("c", 2, ["chunks[text]"]) == [{"id": 2, "chunks": [{"text": "z"}]}]
    assert client.get("c", 2, ["chunks[text]", "chunks[emb]"])[0]["chunks"] == ROWS[1]["chunks"]
    (hits,) = client.search("c", [EmbeddingList(QUERY)], limit=1, output_fields=["*"])
    assert hits[0]["entity"] == ROWS[0]


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("FLOAT16_VECTOR", np.float16), ("BFLOAT16_VECTOR", np.uint16), ("INT8_VECTOR", np.int8)],
)
def test_narrow_vectors(path: Path, kind: str, numbers: Any) -> None:
    chunks = [{"text": "a", "emb": [1, 0]}, {"text": "b", "emb": [3, 4]}]
    with MilvusClient(path) as client:
        made(client, "MAX_SIM_IP", kind)
        client.insert("c", {"id": 1, "tag": "", "chunks": chunks})
        query = np.array([[1, 2]], np.int8 if kind == "INT8_VECTOR" else np.float32)
        (hits,) = client.search("c", [EmbeddingList(query)], output_fields=["chunks"])
        assert hits[0]["distance"] == 11
        shown = hits[0]["entity"]["chunks"][1]["emb"]
        assert [type(number) for number in shown] == [numbers, numbers]
        assert np.array(shown).tobytes() == (
            b"\x40\x40\x80\x40" if numbers is np.uint16 else np.array([3, 4], numbers).tobytes()
        )
        client.upsert("c", hits[0]["entity"] | {"id": 2, "tag": ""})  # as it is shown
        again = np.array([chunk["emb"] for chunk in hits[0]["entity"]["chunks"]])
        (hits,) = client.search("c", [EmbeddingList(again[:1])])
        assert [hit["distance"] for hit in hits] == [3, 3]


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        ("MAX_SIM_HAMMING", {2: 0.0, 1: 1.0, 4: 5.0}),
        ("MAX_SIM_JACCARD", {2: 0.0, 1: 1 / 3, 4: 1 / 3 + 1.0}),
    ],
)
def test_lists_of_bits(path: Path, metric: str, values: dict[int, float]) -> None:
    chunk = MilvusClient.create_struct_field_schema().add_field("b", DataType.BINARY_VECTOR, dim=8)
    schema = MilvusClient.create_schema().add_field("id", DataType.INT64, is_primary=True)
    array = {"element_type": DataType.STRUCT, "struct_schema": chunk, "max_capacity": 9, "nullable": True}
    schema.add_field("c", DataType.ARRAY, **array)
    lists: list[Any] = [[], [b"\x07", b"\x10"], [b"\x03", b"\x10", b"\xff"], None, [b"\x07"]]
    with MilvusClient(path) as client:
        indexes = client.prepare_index_params()
        indexes.add_index("c[b]", index_type="HNSW", metric_type=metric)
        client.create_collection("c", schema=schema, index_params=indexes)
        rows = [
            {"id": number, "c": None if bits is None else [{"b": one} for one in bits]}
            for number, bits in enumerate(lists)
        ]
        client.insert("c", rows)
        query = EmbeddingList([b"\x03", b"\x10"])
        (hits,) = client.search("c", [query], output_fields=["c"])
        assert [hit["id"] for hit in hits] == list(values)
        assert [hit["distance"] for hit in hits] == pytest.approx(list(values.values()))
        assert hits[0]["entity"]["c"] == [{"b": [one]} for one in lists[2]]
        (hits,) = client.search("c", [query], filter="id in [1, 4]", limit=1)
        assert [hit["id"] for hit in hits] == [1]
        client.upsert("c", {"id": 2, "c": [{"b": [b"\x00"]}]})  # as it is shown
        assert client.get("c", 2)[0]["c"] == [{"b": [b"\x00"]}]
        with pytest.raises(DataNotMatchException, match="'b'.*expected 1 bytes"):
            client.insert("c", {"id": 9, "c": [{"b": b"ab"}]})
    assert check_file(path).is_sound


def test_upserts_deletions_and_partial_updates(client: MilvusClient) -> None:
    client.upsert("c", {"id": 2, "tag": "b", "chunks": [{"text": "new", "emb": [-5, -5]}]})
    assert found(client) == [1, 5, 2]
    client.upsert("c", [{"id": 2, "tag": "other"}], partial_update=True)
    assert client.get("c", 2)[0] == {
        "id": 2,
        "tag": "other",
        "chunks": [{"text": "new", "emb": [-5.0, -5.0]}],
    }
    client.upsert("c", [{"id": 2, "chunks": [{"text": "q", "emb": [1, 1]}]}], partial_update=True)
    assert found(client, [[1, 1]], limit=1) == [2]
    client.delete("c", ids=[1])
    assert found(client) == [2, 5]
    client.upsert("c", [{"id": 2, "chunks": None}], partial_update=True)
    assert found(client) == [5]


def test_filters_partitions_limit_and_offset(client: MilvusClient) -> None:
    assert found(client, filter="tag == 'a'") == [1, 5]
    assert found(client, filter="array_length(chunks) == 1") == [2]
    assert found(client, filter='match_any(chunks, $[text] == "w")') == [5]
    assert found(client, limit=1, offset=1) == [2]
    client.create_partition("c", "p")
    client.insert("c", {"id": 9, "tag": "a", "chunks": [{"text": "", "emb": [1, 1]}]}, partition_name="p")
    assert found(client, partition_names=["p"]) == [9]
    (hits,) = client.search("c", ids=[5], limit=1)
    assert hits[0]["id"] == 5
    assert hits[0]["distance"] == pytest.approx(3.0)


def test_arrays_with_no_other_members_know_their_length(path: Path) -> None:
    chunk = MilvusClient.create_struct_field_schema().add_field("emb", DataType.FLOAT_VECTOR, dim=2)
    schema = MilvusClient.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("c", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=chunk, max_capacity=4)
    with MilvusClient(path) as client:
        indexes = client.prepare_index_params()
        indexes.add_index("c[emb]")
        client.create_collection("c", schema=schema, index_params=indexes)
        client.insert("c", [{"id": n, "c": [{"emb": [n, 1]}] * n} for n in range(4)])
        assert [row["id"] for row in client.query("c", "array_length(c) >= 2")] == [2, 3]
        assert client.get("c", [2])[0]["c"] == [{"emb": [2.0, 1.0]}] * 2
        assert client.describe_index("c", "c[emb]")["metric_type"] == "MAX_SIM_COSINE"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"data": [[1.0, 0.0]]}, "query vector 0: field 'chunks.emb.'.*expected an EmbeddingList"),
        ({"data": [EmbeddingList()]}, "EmbeddingList of at least one vector"),
        ({"data": [EmbeddingList([[1.0, 2.0, 3.0]])]}, "expected a vector of dimension 2, got dimension 3"),
        ({"data": [EmbeddingList([[1.0, float("nan")]])]}, "query vector 0: .*finite numbers"),
        ({"search_params": {"params": {"radius": 0.5}}}, "range of distances is not supported.*as in Milvus"),
        ({"group_by_field": "tag"}, "group_by_field is not supported.*as in Milvus"),
        ({"anns_field": "chunks"}, "'chunks' is not a vector field.*expected one of chunks.emb."),
        ({"anns_field": "chunks[text]"}, "is not a vector field"),
        ({"search_params": {"metric_type": "COSINE"}}, "metric_type of field 'chunks.emb.'"),
        ({"ids": [3]}, r"IDs = \[3\]"),
    ],
)
def test_searches_that_do_not_fit(client: MilvusClient, call: dict[str, Any], message: str) -> None:
    data = {} if "ids" in call else {"data": [EmbeddingList(QUERY)]}
    with pytest.raises(ParamError, match=message):
        client.search("c", **{**data, **call})


def test_more_that_does_not_fit(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="an iterator is not supported.*as in Milvus"):
        client.search_iterator("c", [EmbeddingList(QUERY)], batch_size=2, anns_field="chunks[emb]")
    with pytest.raises(FilterError, match="member 'emb' of field 'chunks' is a vector"):
        client.query("c", "chunks[emb] is null")
    with pytest.raises(FilterError, match="member 'emb' of field 'chunks' is a vector"):
        client.query("c", "match_any(chunks, $[emb] == 1)")
    with pytest.raises(ParamError, match="metric_type of field 'chunks.emb.' .*MAX_SIM_COSINE"):
        client.create_index(
            "c", MilvusClient.prepare_index_params("chunks[emb]", index_type="HNSW", metric_type="HAMMING")
        )
    with pytest.raises(ParamError, match="cannot have index type 'RNSG'"):
        client.create_index("c", MilvusClient.prepare_index_params("chunks[emb]", index_type="RNSG"))
    client.release_collection("c")
    client.drop_index("c", "chunks[emb]")
    with pytest.raises(IndexNotExistException, match=r"vector field 'chunks\[emb\]'"):
        client.load_collection("c")


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([{"text": "a"}], "element 0 to be a dict of text, emb"),
        (
            [{"text": "a", "emb": [1, 2]}, {"text": "a", "emb": [1]}],
            "row 1: field 'chunks', element 1.*'emb'",
        ),
        ([{"text": "a", "emb": None}], "row 1: field 'chunks', element 0, member 'emb'.*got None"),
        ([{"text": "a", "emb": [1, float("inf")]}], "row 1: field 'chunks', element 0.*finite"),
        ([{"text": "a", "emb": [1, 2]}] * 5, "max_capacity=4"),
    ],
)
def test_vectors_that_do_not_fit_change_nothing(client: MilvusClient, chunks: Any, message: str) -> None:
    good = {"id": 8, "tag": "", "chunks": []}
    with pytest.raises(DataNotMatchException, match=message):
        client.insert("c", [good, {"id": 9, "tag": "", "chunks": chunks}])
    assert client.get("c", [8, 9]) == []


def test_a_field_whose_vectors_are_needed_is_kept(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="'chunks' is the only vector field"):
        client.drop_collection_field("c", "chunks")
    client.add_collection_field("c", "w", DataType.FLOAT_VECTOR, dim=2, nullable=True)
    with pytest.raises(ParamError, match=r"while it has an index: drop_index\('chunks\[emb\]'\)"):
        client.drop_collection_field("c", "chunks")
    client.release_collection("c")
    client.drop_index("c", "chunks[emb]")
    client.drop_collection_field("c", "chunks")
    assert [field["name"] for field in client.describe_collection("c")["fields"]] == ["id", "tag", "w"]
    assert client.insert("c", {"id": 20, "tag": "x", "w": None})["insert_count"] == 1


def test_vectors_that_memory_may_not_hold_are_read_at_each_search(client: MilvusClient, path: Path) -> None:
    with MilvusClient(path, memory_limit=8) as small:
        assert found(small) == [1, 2, 5]
        assert found(small, filter="tag == 'a'") == [1, 5]


def test_hybrid_search_takes_lists(client: MilvusClient) -> None:
    requests = [
        AnnSearchRequest([EmbeddingList(query)], "chunks[emb]", {}, limit=3)
        for query in (QUERY, [[3.0, 4.0]])
    ]
    (hits,) = client.hybrid_search("c", requests, RRFRanker(), limit=2, output_fields=["chunks[text]"])
    assert {hit["id"] for hit in hits} == {1, 2}
    with pytest.raises(ParamError, match="group_by_field is not supported"):
        client.hybrid_search("c", requests, RRFRanker(), limit=2, group_by_field="tag")


def test_structs_with_vectors_are_added_to_rows_that_are_there(client: MilvusClient, path: Path) -> None:
    notes = MilvusClient.create_struct_field_schema().add_field("v", DataType.FLOAT_VECTOR, dim=3)
    client.add_collection_struct_field("c", "notes", notes, max_capacity=2)
    indexes = client.prepare_index_params()
    indexes.add_index("notes[v]", metric_type="MAX_SIM_L2")
    client.create_index("c", indexes)
    assert client.get("c", 1, ["notes"]) == [{"id": 1, "notes": None}]
    client.insert("c", {"id": 7, "tag": "", "chunks": [], "notes": [{"v": [1, 2, 3]}]})
    (hits,) = client.search("c", [EmbeddingList([[0, 0, 0]])], anns_field="notes[v]")
    assert [(hit["id"], hit["distance"]) for hit in hits] == [(7, 14.0)]
    client.close()
    assert check_file(path).is_sound


def test_the_schema_is_pymilvus_schema_on_a_server() -> None:
    theirs = schema_by(pymilvus.MilvusClient, pymilvus.DataType)
    assert (
        to_pymilvus(schema_by(MilvusClient)).to_dict()["struct_fields"] == theirs.to_dict()["struct_fields"]
    )
    translated = to_pymilvus([EmbeddingList(QUERY)])
    assert isinstance(translated[0], TheirEmbeddingList)
    assert translated[0].to_numpy().tolist() == QUERY


def test_a_list_is_pymilvus_list() -> None:
    for kind in (EmbeddingList, TheirEmbeddingList):
        made = kind(np.ones((2, 3), np.float32)).add([1, 2, 3]).add_batch([[4.0, 5.0, 6.0]])
        assert (len(made), made.dim, made.shape, made.total_dim, made.nbytes) == (4, 3, (4, 3), 12, 48)
        assert made.dtype == np.float32
        assert made[3].tolist() == [4, 5, 6]
        assert made.to_flat_array().shape == (12,)
        assert [len(vector) for vector in made] == [3] * 4
        assert made.clear().is_empty
        assert kind(dim=3, dtype="float16").add([1, 2, 3]).dtype == np.float16
    assert EmbeddingList([[1, 2]], dtype=DataType.INT8_VECTOR).dtype == np.int8
    with pytest.raises(ParamError, match="dimension 3, got dimension 2"):
        EmbeddingList([[1, 2, 3], [1, 2]])
    with pytest.raises(ParamError, match="dtype must be"):
        EmbeddingList(dtype=DataType.JSON)
    with pytest.raises(ParamError, match="is empty"):
        EmbeddingList().to_flat_array()


async def test_the_asynchronous_client_searches_by_lists(client: MilvusClient, path: Path) -> None:
    async with AsyncMilvusClient(path) as other:
        (hits,) = await other.search("c", [EmbeddingList(QUERY)], anns_field="chunks[emb]")
    assert [hit["id"] for hit in hits] == [1, 2, 5]


def test_a_tenant_sees_its_own_lists(path: Path) -> None:
    schema = schema_by(MilvusClient)
    schema.fields[1].is_partition_key = True
    with MilvusClient(path) as client:
        indexes = client.prepare_index_params()
        indexes.add_index("chunks[emb]")
        client.create_collection("c", schema=schema, index_params=indexes)
        client.insert("c", ROWS)
        (hits,) = client.for_tenant("c", "b").search(
            "c", data=[EmbeddingList(QUERY)], anns_field="chunks[emb]"
        )
        assert [hit["id"] for hit in hits] == [2]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE {vectors} SET value = zeroblob(8) WHERE seq = 1", "expected a vector for each struct"),
        ("UPDATE {vectors} SET value = zeroblob(7) WHERE seq = 2", "expected 8 bytes for each value"),
        ("DELETE FROM {vectors} WHERE seq = 1", "no vector for 1 row"),
        ("UPDATE rows_1 SET chunks = '[]' WHERE seq = 1", "expected a vector for each struct"),
    ],
)
def test_damaged_lists_are_refused_and_found(
    client: MilvusClient, path: Path, statement: str, problem: str
) -> None:
    client.close()
    assert check_file(path).is_sound
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement.format(vectors='"vectors_1_chunks[emb]"'))
    with MilvusClient(path) as again, pytest.raises(DatabaseCorruptError, match="collection 1"):
        again.query("c", "", ["chunks"], limit=9)
    problems = check_file(path).problems
    assert any(problem in found.message for found in problems), problems


def test_lists_are_salvaged(client: MilvusClient, path: Path, tmp_path: Path) -> None:
    client.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("""UPDATE "vectors_1_chunks[emb]" SET value = zeroblob(8) WHERE seq = 2""")
    saved = tmp_path / "saved.db"
    recover_file(path, saved)
    assert check_file(saved).is_sound
    with MilvusClient(saved) as again:
        assert [row["id"] for row in again.query("c", "", ["id"], limit=9)] == [1, 3, 4, 5]
        assert found(again) == [1, 5]
