from __future__ import annotations

from typing import Any

import pytest

from milvus_store import CollectionSchema, DataType, FieldSchema, LoadState, MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    CollectionNotLoadedException,
    DataTypeNotSupportException,
    IndexNotExistException,
    MilvusException,
    ParamError,
    PrimaryKeyException,
    SchemaNotReadyException,
)


def two_fields(client: MilvusClient) -> CollectionSchema:
    schema = client.create_schema()
    schema.add_field("pk", DataType.INT64, is_primary=True)
    return schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)


def test_the_quick_form_has_milvus_default_names_and_is_ready_to_search(client: MilvusClient) -> None:
    client.create_collection("quick", dimension=4)
    described = client.describe_collection("quick")
    assert [(one["name"], one["type"]) for one in described["fields"]] == [
        ("id", DataType.INT64),
        ("vector", DataType.FLOAT_VECTOR),
    ]
    assert described["fields"][1]["params"] == {"dim": 4}
    assert described["enable_dynamic_field"] is True
    assert client.get_load_state("quick") == {"state": LoadState.Loaded}
    assert client.describe_index("quick", "vector")["metric_type"] == "COSINE"


def test_the_quick_form_takes_names_types_and_metric(client: MilvusClient) -> None:
    client.create_collection(
        "quick",
        dimension=2,
        primary_field_name="key",
        id_type="string",
        max_length=10,
        vector_field_name="embedding",
        metric_type="IP",
    )
    client.insert("quick", {"key": "a", "embedding": [1, 2]})
    assert client.search("quick", [[1, 2]])[0][0]["key"] == "a"
    assert client.describe_index("quick", "embedding")["metric_type"] == "IP"


def test_describe_shows_every_attribute_of_a_schema(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True, description="all of it")
    schema.add_field("pk", DataType.INT64, is_primary=True, auto_id=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2, description="the vector")
    schema.add_field("tenant", DataType.VARCHAR, max_length=9, is_partition_key=True)
    schema.add_field("n", DataType.INT8, nullable=True, default_value=3)
    client.create_collection("full", schema=schema, num_partitions=32, properties={"a": "b"})
    described = client.describe_collection("full")
    by_name = {one["name"]: one for one in described["fields"]}
    assert described["auto_id"] is True
    assert described["description"] == "all of it"
    assert described["num_partitions"] == 32
    assert described["properties"] == {"a": "b"}
    assert by_name["pk"]["auto_id"] is True
    assert by_name["v"]["description"] == "the vector"
    assert by_name["tenant"]["is_partition_key"] is True
    assert by_name["tenant"]["params"] == {"max_length": 9}
    assert by_name["n"]["nullable"] is True
    assert by_name["n"]["default_value"] == 3


def test_a_schema_without_an_index_is_created_but_not_loaded(client: MilvusClient) -> None:
    client.create_collection("bare", schema=two_fields(client))
    assert client.get_load_state("bare") == {"state": LoadState.NotLoad}
    with pytest.raises(CollectionNotLoadedException, match="load_collection") as caught:
        client.search("bare", [[1, 2]])
    assert caught.value.code == 101
    with pytest.raises(IndexNotExistException, match="'v'") as no_index:
        client.load_collection("bare")
    assert no_index.value.code == 700
    client.create_index("bare", client.prepare_index_params("v", index_type="AUTOINDEX", metric_type="L2"))
    client.load_collection("bare")
    assert client.search("bare", [[1, 2]]) == [[]]


def test_release_stops_reads_and_load_resumes_them(colors: MilvusClient) -> None:
    colors.release_collection("colors")
    assert colors.get_load_state("colors") == {"state": LoadState.NotLoad}
    for read in (
        lambda: colors.search("colors", [[1, 1, 1, 1]]),
        lambda: colors.query("colors", limit=1),
        lambda: colors.get("colors", 1),
    ):
        with pytest.raises(CollectionNotLoadedException):
            read()
    colors.load_collection("colors")
    assert len(colors.get("colors", 1)) == 1


def test_list_has_rename_drop(client: MilvusClient) -> None:
    for name in ("b", "a"):
        client.create_collection(name, dimension=2)
    assert client.list_collections() == ["b", "a"]
    client.insert("a", {"id": 1, "vector": [1, 2]})
    client.rename_collection("a", "c")
    assert (client.has_collection("a"), client.has_collection("c")) == (False, True)
    assert client.get_collection_stats("c") == {"row_count": 1}
    client.drop_collection("c")
    client.drop_collection("never_was")
    assert client.list_collections() == ["b"]
    assert client.get_load_state("c") == {"state": LoadState.NotExist}


def test_a_dropped_collection_leaves_no_rows_to_its_successor(colors: MilvusClient) -> None:
    colors.drop_collection("colors")
    colors.create_collection("colors", dimension=4)
    assert colors.get_collection_stats("colors") == {"row_count": 0}
    assert colors.search("colors", [[1, 1, 1, 1]]) == [[]]


def test_taken_names_are_refused_and_nothing_changes(colors: MilvusClient) -> None:
    colors.create_collection("other", dimension=2)
    with pytest.raises(MilvusException, match="'colors' already exists"):
        colors.create_collection("colors", dimension=2)
    with pytest.raises(MilvusException, match="'colors' already exists"):
        colors.rename_collection("other", "colors")
    assert colors.list_collections() == ["colors", "other"]


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.describe_collection("nope"),
        lambda c: c.insert("nope", {"id": 1}),
        lambda c: c.upsert("nope", {"id": 1}),
        lambda c: c.delete("nope", ids=[1]),
        lambda c: c.get("nope", 1),
        lambda c: c.query("nope", limit=1),
        lambda c: c.search("nope", [[1.0]]),
        lambda c: c.rename_collection("nope", "x"),
        lambda c: c.load_collection("nope"),
        lambda c: c.release_collection("nope"),
        lambda c: c.flush("nope"),
        lambda c: c.list_indexes("nope"),
        lambda c: c.get_collection_stats("nope"),
        lambda c: c.create_index("nope", c.prepare_index_params("v")),
    ],
)
def test_every_call_names_a_collection_that_does_not_exist(client: MilvusClient, call: Any) -> None:
    with pytest.raises(CollectionNotExistException, match="'nope'") as caught:
        call(client)
    assert caught.value.code == 100


def test_schemas_that_cannot_be(client: MilvusClient) -> None:
    def schema(*fields: FieldSchema, **options: Any) -> CollectionSchema:
        return CollectionSchema(list(fields), **options)

    pk = FieldSchema("pk", DataType.INT64, is_primary=True)
    vector = FieldSchema("v", DataType.FLOAT_VECTOR, dim=2)
    cases: list[tuple[CollectionSchema, type[MilvusException], str]] = [
        (schema(FieldSchema("pk", DataType.INT64), vector), PrimaryKeyException, "exactly one primary key"),
        (schema(pk), SchemaNotReadyException, "vector field"),
        (schema(pk, vector, vector), SchemaNotReadyException, "duplicated field name: v"),
        (schema(pk, FieldSchema("v", DataType.FLOAT_VECTOR)), SchemaNotReadyException, "dim"),
        (schema(pk, FieldSchema("v", DataType.FLOAT_VECTOR, dim=1)), SchemaNotReadyException, "got 1"),
        (schema(pk, vector, FieldSchema("t", DataType.VARCHAR)), SchemaNotReadyException, "max_length"),
        (
            schema(FieldSchema("pk", DataType.FLOAT, is_primary=True), vector),
            PrimaryKeyException,
            "INT64 or VARCHAR",
        ),
        (
            schema(pk, vector, FieldSchema("k", DataType.JSON, is_partition_key=True)),
            SchemaNotReadyException,
            "partition key",
        ),
        (
            schema(pk, vector, FieldSchema("k", DataType.INT64, is_partition_key=True, nullable=True)),
            SchemaNotReadyException,
            "nullable",
        ),
        (
            schema(pk, FieldSchema("v", DataType.STRING)),
            DataTypeNotSupportException,
            "STRING",
        ),
        (
            schema(pk, vector, FieldSchema("n", DataType.INT8, default_value=300)),
            SchemaNotReadyException,
            "300",
        ),
        (schema(pk, vector, FieldSchema("a b", DataType.INT8)), ParamError, "'a b'"),
    ]
    for bad, error, message in cases:
        with pytest.raises(error, match=message):
            client.create_collection("bad", schema=bad)
    assert client.list_collections() == []


def test_bad_arguments_of_create_collection(client: MilvusClient) -> None:
    with pytest.raises(ParamError, match="dimension or a schema"):
        client.create_collection("x")
    with pytest.raises(ParamError, match="invalid collection name '1x'"):
        client.create_collection("1x", dimension=2)
    with pytest.raises(ParamError, match="metric_type.*'EUCLID'"):
        client.create_collection("x", dimension=2, metric_type="EUCLID")
    with pytest.raises(ParamError, match="'num_partition'; did you mean 'num_partitions'"):
        client.create_collection("x", dimension=2, num_partition=3)
    with pytest.raises(SchemaNotReadyException, match="dim must be an int, got 'four'"):
        client.create_collection("x", dimension="four")  # type: ignore[arg-type]
    with pytest.raises(PrimaryKeyException, match="id_type"):
        client.create_collection("x", dimension=2, id_type="float")
    assert client.list_collections() == []


def test_field_names_that_sqlite_would_confuse_are_kept_apart(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("V", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    names = ["pk", "seq", "SEQ", "partition", "dynamic", "select", "Name", "name", "NAME"]
    for name in names:
        schema.add_field(name, DataType.VARCHAR, max_length=20)
    index = client.prepare_index_params("V")
    index.add_index("v")
    client.create_collection("odd", schema=schema, index_params=index)
    row = {"id": 1, "V": [1.0, 2.0], "v": [3.0, 4.0], **{name: f"<{name}>" for name in names}, "extra": 1}
    client.insert("odd", row)
    assert client.get("odd", 1) == [row]
    for name in names:
        assert len(client.query("odd", f'{name} == "<{name}>"')) == 1
