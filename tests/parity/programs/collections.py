"""Collections, their fields, functions, aliases, partitions and databases."""

from __future__ import annotations

from typing import Any

import pymilvus

from milvus_store import embeddings

from .setup import ROWS, TYPES, full, ids, index, quick, schema, with_text


def _schema_in_parts(c: Any) -> None:
    fields = [
        c.create_field_schema("id", TYPES.INT64, is_primary=True, auto_id=True),
        c.create_field_schema("vector", data_type=TYPES.FLOAT_VECTOR, dim=2),
        c.create_field_schema("n", TYPES.INT32, nullable=True, default_value=7, desc="a number"),
        c.create_field_schema("tenant", TYPES.VARCHAR, max_length=9, is_partition_key=True),
        c.create_field_schema("tags", TYPES.ARRAY, element_type=TYPES.INT64, max_capacity=3),
    ]
    made = c.create_schema(fields=fields, description="parts", auto_id=True)
    c.create_collection("c", schema=made, index_params=index(c))
    c.insert("c", [{"vector": [1, 2], "tenant": "a", "tags": [1]}])
    assert c.query("c", filter="n == 7", output_fields=["tags"])[0]["tags"] == [1]
    assert c.describe_collection("c")["description"] == "parts"


def _schema_with_functions(c: Any) -> None:
    made = c.create_schema(
        functions=[pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"])]
    )
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("text", TYPES.VARCHAR, max_length=99, enable_analyzer=True)
    made.add_field("terms", TYPES.SPARSE_FLOAT_VECTOR)
    c.create_collection("c", schema=made, index_params=index(c, "terms", "SPARSE_INVERTED_INDEX", "BM25"))
    c.insert("c", [{"id": 1, "text": "a fox"}])
    assert len(c.search("c", ["fox"], anns_field="terms")[0]) == 1


def _structs(c: Any) -> None:
    members = c.create_struct_field_schema(description="parts")
    members.add_field("page", TYPES.INT64)
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
    made.add_field("parts", TYPES.ARRAY, element_type=TYPES.STRUCT, struct_schema=members, max_capacity=3)
    c.create_collection("c", schema=made, index_params=index(c))
    c.insert("c", [{"id": 1, "vector": [1, 2], "parts": [{"page": 4}]}])
    assert c.get("c", [1], output_fields=["parts"])[0]["parts"] == [{"page": 4}]


def _struct_fields(c: Any) -> None:
    members = pymilvus.StructFieldSchema()
    members.name = "parts"
    members.max_capacity = 3
    members.add_field("page", TYPES.INT64)
    made = c.create_schema(
        fields=[
            pymilvus.FieldSchema("id", TYPES.INT64, is_primary=True),
            pymilvus.FieldSchema("vector", TYPES.FLOAT_VECTOR, dim=2),
        ],
        struct_fields=[members],
    )
    c.create_collection("c", schema=made, index_params=index(c))
    c.insert("c", [{"id": 1, "vector": [1, 2], "parts": [{"page": 4}]}])
    assert c.get("c", [1], output_fields=["parts"])[0]["parts"] == [{"page": 4}]


def _nullable_structs(c: Any) -> None:
    members = c.create_struct_field_schema(nullable=True)
    members.add_field("page", TYPES.INT64)
    made = schema(c)
    made.add_field("parts", TYPES.ARRAY, element_type=TYPES.STRUCT, struct_schema=members, max_capacity=3)
    c.create_collection("c", schema=made, index_params=index(c))
    c.insert("c", [{**ROWS[0], "parts": None}])
    assert c.get("c", [0], output_fields=["parts"])[0]["parts"] is None


def _quick_form(c: Any) -> None:
    c.create_collection(
        "c",
        dimension=2,
        primary_field_name="key",
        id_type="string",
        vector_field_name="place",
        metric_type="IP",
        auto_id=False,
        max_length=9,
        enable_dynamic_field=False,
        description="quick",
        consistency_level="Strong",
    )
    c.insert("c", [{"key": "a", "place": [1.0, 2.0]}])
    assert c.search("c", [[1, 1]])[0][0]["distance"] == 3.0
    described = c.describe_collection("c")
    assert described["description"] == "quick"
    assert not described["enable_dynamic_field"]


def _partitions_and_properties(c: Any) -> None:
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
    made.add_field("tenant", TYPES.VARCHAR, max_length=9, is_partition_key=True)
    c.create_collection("c", schema=made, num_partitions=4, properties={"timezone": "Europe/Berlin"})
    described = c.describe_collection("c")
    assert described["num_partitions"] == 4
    assert described["properties"]["timezone"] == "Europe/Berlin"


def _two_ways(c: Any) -> None:
    quick(c)
    c.rename_collection("c", "d")
    assert c.list_collections() == ["d"]
    assert c.has_collection("d")
    assert not c.has_collection("c")
    assert c.get_collection_stats("d") == {"row_count": 3}
    c.truncate_collection("d")
    assert c.get_collection_stats("d") == {"row_count": 0}
    c.drop_collection("d")
    assert c.list_collections() == []


def _to_another_database(c: Any) -> None:
    quick(c)
    c.create_database("other")
    c.rename_collection("c", "d", target_db="other")
    c.use_database("other")
    assert c.list_collections() == ["d"]


def _properties(c: Any) -> None:
    quick(c)
    c.alter_collection_properties("c", {"timezone": "Asia/Tokyo"})
    assert c.describe_collection("c")["properties"]["timezone"] == "Asia/Tokyo"
    c.drop_collection_properties("c", ["timezone"])
    assert "timezone" not in c.describe_collection("c")["properties"]


def _fields(c: Any) -> None:
    full(c)
    c.alter_collection_field("c", "tenant", {"max_length": 30})
    c.alter_collection_field("c", field_name="tenant", field_params={"max_length": 31})
    c.add_collection_field("c", "later", TYPES.INT64, desc="added", nullable=True, default_value=5)
    assert c.query("c", filter="id == 1", output_fields=["later"])[0]["later"] == 5
    c.drop_collection_field("c", "later")
    number = next(one["field_id"] for one in c.describe_collection("c")["fields"] if one["name"] == "n")
    c.drop_collection_field("c", field_id=number)
    assert not {"later", "n"} & {one["name"] for one in c.describe_collection("c")["fields"]}


def _added_array(c: Any) -> None:
    quick(c)
    c.add_collection_field("c", "tags", TYPES.ARRAY, element_type=TYPES.INT64, max_capacity=3, nullable=True)
    c.insert("c", [{"id": 9, "vector": [1, 2], "tags": [1, 2]}])
    assert ids(c.query("c", filter="array_contains(tags, 2)")) == [9]


def _added_structs(c: Any) -> None:
    quick(c)
    members = c.create_struct_field_schema()
    members.add_field("page", TYPES.INT64)
    c.add_collection_struct_field("c", "parts", members, max_capacity=3, desc="added", nullable=True)
    c.insert("c", [{"id": 9, "vector": [1, 2], "parts": [{"page": 4}]}])
    assert c.get("c", [9], output_fields=["parts"])[0]["parts"] == [{"page": 4}]


def _loading(c: Any) -> None:
    quick(c)
    c.release_collection("c")
    assert c.get_load_state("c")["state"].name == "NotLoad"
    c.load_collection("c")
    c.refresh_load("c")
    assert c.get_load_state("c")["state"].name == "Loaded"


def _partitions(c: Any) -> None:
    quick(c)
    c.create_partition("c", "p")
    assert c.has_partition("c", "p")
    assert sorted(c.list_partitions("c")) == ["_default", "p"]
    c.insert("c", [{"id": 9, "vector": [1, 2]}], partition_name="p")
    assert c.get_partition_stats("c", "p") == {"row_count": 1}
    c.release_partitions("c", ["p"])
    assert c.get_load_state("c", partition_name="p")["state"].name == "NotLoad"
    c.load_partitions("c", ["p"])
    assert c.get_load_state("c", partition_name="p")["state"].name == "Loaded"
    c.release_partitions("c", ["p"])
    c.drop_partition("c", "p")
    assert c.list_partitions("c") == ["_default"]


def _one_partition_loaded(c: Any) -> None:
    quick(c)
    c.create_partition("c", "p")
    c.release_collection("c")
    c.load_collection("c", partition_names=["p"])
    assert c.get_load_state("c", "p")["state"].name == "Loaded"
    assert c.get_load_state("c", "_default")["state"].name == "NotLoad"


def _aliases(c: Any) -> None:
    quick(c)
    quick(c, "d")
    c.create_alias("c", "a")
    assert c.describe_alias("a")["collection_name"] == "c"
    c.alter_alias("d", "a")
    assert c.list_aliases("d")["aliases"] == ["a"]
    c.drop_alias("a")
    assert c.list_aliases(collection_name="d")["aliases"] == []


def _databases(c: Any) -> None:
    c.create_database("other", properties={"timezone": "UTC"})
    assert c.list_databases() == ["default", "other"]
    c.alter_database_properties("other", {"timezone": "Asia/Tokyo"})
    assert c.describe_database("other")["timezone"] == "Asia/Tokyo"
    c.drop_database_properties("other", ["timezone"])
    assert "timezone" not in c.describe_database("other")
    c.use_database("other")
    quick(c)
    c.using_database("default")
    assert c.list_collections() == []
    c.use_database("other")
    c.drop_collection("c")
    c.use_database("default")
    c.drop_database("other")
    assert c.list_databases() == ["default"]


def _indexes(c: Any) -> None:
    full(c)
    wanted = c.prepare_index_params("tenant", index_type="INVERTED", index_name="of_tenant")
    c.create_index("c", index_params=wanted, sync=True)
    assert c.list_indexes("c", field_name="tenant") == ["of_tenant"]
    assert c.describe_index("c", "of_tenant")["field_name"] == "tenant"
    c.drop_index("c", "of_tenant")
    assert c.list_indexes("c") == ["vector"]


def _index_properties(c: Any) -> None:
    full(c)
    c.release_collection("c")
    c.alter_index_properties("c", "vector", properties={"mmap.enabled": True})
    assert str(c.describe_index("c", "vector")["mmap.enabled"]).lower() == "true"
    c.drop_index_properties("c", "vector", property_keys=["mmap.enabled"])
    assert "mmap.enabled" not in c.describe_index("c", "vector")


_BM25 = pymilvus.FunctionType.BM25


def _functions_of_a_collection(c: Any) -> None:
    made = schema(c)
    made.add_field("terms", TYPES.SPARSE_FLOAT_VECTOR, nullable=True)
    indexes = index(c)
    indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    c.create_collection("c", schema=made, index_params=indexes)
    c.insert("c", ROWS)
    c.add_collection_function("c", pymilvus.Function("bm25", _BM25, ["text"], ["terms"]))
    assert [one["name"] for one in c.describe_collection("c")["functions"]] == ["bm25"]
    c.alter_collection_function("c", "bm25", pymilvus.Function("bm25", _BM25, ["text"], ["terms"], "words"))
    assert [one["description"] for one in c.describe_collection("c")["functions"]] == ["words"]
    c.drop_collection_function("c", "bm25")
    assert not c.describe_collection("c").get("functions")


def _added_function(c: Any) -> None:
    full(c)
    c.add_collection_function("c", pymilvus.Function("bm25", _BM25, ["text"], ["terms"]))


def _dropped_index_properties(c: Any) -> None:
    full(c)
    c.release_collection("c")
    c.drop_index_properties("c", "vector", property_keys=["mmap.enabled"])


def _aliases_of_a_database(c: Any) -> None:
    quick(c)
    c.create_alias("c", "a")
    assert c.list_aliases("c", db_name="default")["aliases"] == ["a"]


def _altered_function(c: Any) -> None:
    def embedding(model: str) -> pymilvus.Function:
        params = {"provider": "openai", "model_name": model}
        return pymilvus.Function(
            "embed", pymilvus.FunctionType.TEXTEMBEDDING, ["text"], ["made"], params=params
        )

    made = schema(c)
    made.add_field("made", TYPES.FLOAT_VECTOR, dim=4)
    made.add_function(embedding("one"))
    indexes = index(c)
    indexes.add_index("made", index_type="FLAT", metric_type="L2")
    embeddings.register(
        "openai", lambda texts, model_name: [[1, 2, 3, 4]] * len(texts)
    )  # no service is asked
    try:
        c.create_collection("c", schema=made, index_params=indexes)
        c.alter_collection_function("c", "embed", embedding("another"))
    finally:
        embeddings.unregister("openai")
    assert [one["params"]["model_name"] for one in c.describe_collection("c")["functions"]] == ["another"]


def _dropped_function(c: Any) -> None:
    with_text(c)
    c.drop_collection_function("c", "bm25")


def _function_fields(c: Any) -> None:
    full(c)
    c.add_function_field(
        "c",
        pymilvus.FieldSchema("terms", TYPES.SPARSE_FLOAT_VECTOR),
        pymilvus.Function("bm25", _BM25, ["text"], ["terms"]),
        index(c, "terms", "SPARSE_INVERTED_INDEX", "BM25"),
    )
    assert ids(c.search("c", ["word4"], anns_field="terms")[0]) == [4]
    c.drop_function_field("c", "bm25")
    assert "terms" not in {one["name"] for one in c.describe_collection("c")["fields"]}


def _dropped_function_field(c: Any) -> None:
    with_text(c)
    c.drop_function_field("c", "bm25")


def _namespaces(c: Any) -> None:
    c.create_collection("c", schema=schema(c), index_params=index(c), enable_namespace=True)
    c.insert("c", ROWS, namespace="one")


def _external_field(c: Any) -> None:
    c.create_field_schema("id", TYPES.INT64, external_field="key")


def _external_fields_added(c: Any) -> None:
    quick(c)
    c.add_collection_field("c", "key", TYPES.INT64, nullable=True, external_field="key")


PROGRAMS = {
    "a schema of parts": _schema_in_parts,
    "a schema with functions": _schema_with_functions,
    "a schema with structs": _structs,
    "a schema with struct_fields": _struct_fields,
    "structs that may be null": _nullable_structs,
    "the quick form": _quick_form,
    "partitions by a key, properties": _partitions_and_properties,
    "rename, truncate, drop": _two_ways,
    "rename into another database": _to_another_database,
    "properties": _properties,
    "fields": _fields,
    "an array, later": _added_array,
    "an array of structs, later": _added_structs,
    "loading": _loading,
    "partitions": _partitions,
    "one partition loaded": _one_partition_loaded,
    "aliases": _aliases,
    "databases": _databases,
    "indexes": _indexes,
    "properties of an index": _index_properties,
    "functions of a collection": _functions_of_a_collection,
    "a function added": _added_function,
    "properties of an index dropped": _dropped_index_properties,
    "aliases of a database": _aliases_of_a_database,
    "a function altered": _altered_function,
    "a function dropped": _dropped_function,
    "function fields": _function_fields,
    "a function field dropped": _dropped_function_field,
    "namespaces": _namespaces,
    "a field of an external source": _external_field,
    "a field of an external source, added": _external_fields_added,
}
