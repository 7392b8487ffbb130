from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import DataNotMatchException, MilvusException, ParamError


@pytest.fixture
def tenants(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``tenants``: partition key ``who``, one row each for a, b and c."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("who", DataType.VARCHAR, max_length=20, is_partition_key=True)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection("tenants", schema=schema, index_params=index, properties={"note": "x"})
    client.insert("tenants", [{"id": n, "vector": [n, n], "who": who} for n, who in enumerate("abc")])
    return client


def test_properties_are_set_and_removed(tenants: MilvusClient) -> None:
    tenants.alter_collection_properties("tenants", {"mmap.enabled": True, "note": "y"})
    assert tenants.describe_collection("tenants")["properties"] == {"note": "y", "mmap.enabled": True}
    tenants.drop_collection_properties("tenants", ["note", "never set"])
    assert tenants.describe_collection("tenants")["properties"] == {"mmap.enabled": True}


def test_isolation_makes_every_search_name_one_tenant(tenants: MilvusClient) -> None:
    tenants.alter_collection_properties("tenants", {"partitionkey.isolation": True})
    assert tenants.search("tenants", [[0, 0]], filter='who == "b"')[0].ids == [1]
    assert tenants.search("tenants", [[0, 0]], filter='who == "b" and id > 5')[0].ids == []
    for expression in ("", "id > 0", 'who in ["a", "b"]', 'who != "a"', 'who == "a" or id == 1'):
        with pytest.raises(ParamError, match=r"partitionkey\.isolation.*'who == \.\.\.'"):
            tenants.search("tenants", [[0, 0]], filter=expression)
    assert len(tenants.query("tenants", "id >= 0")) == 3
    tenants.alter_collection_properties("tenants", {"partitionkey.isolation": "false"})
    assert len(tenants.search("tenants", [[0, 0]])[0]) == 3


def test_properties_that_cannot_be(tenants: MilvusClient) -> None:
    tenants.create_collection("plain", dimension=2)
    with pytest.raises(ParamError, match="is_partition_key"):
        tenants.alter_collection_properties("plain", {"partitionkey.isolation": True})
    for properties in ({"mmap.enabled": "perhaps"}, {"a": [1]}, {1: 2}, "text"):
        with pytest.raises(ParamError, match=r"must be"):
            tenants.alter_collection_properties("tenants", properties)  # type: ignore[arg-type]
    assert tenants.describe_collection("tenants")["properties"] == {"note": "x"}


def test_a_field_is_added_to_rows_that_are_there(colors: MilvusClient, path: Path) -> None:
    with MilvusClient(path) as other:
        assert len(other.query("colors", "n >= 0")) == 6
        colors.add_collection_field("colors", "stock", DataType.INT64, nullable=True, default_value=7)
        colors.add_collection_field(
            "colors", "note", DataType.VARCHAR, "a remark", nullable=True, max_length=9
        )
        # Another client sees the new fields at once, in filters and in output.
        other.insert("colors", {"id": 10, "vector": [0] * 4, "stock": 1, "note": "it's"})
        assert [row["id"] for row in other.query("colors", "stock == 7 and note is null")] == [*range(6)]
        assert colors.query("colors", 'note == "it\'s"', ["stock", "note"]) == [
            {"id": 10, "stock": 1, "note": "it's"}
        ]
    described = {one["name"]: one for one in colors.describe_collection("colors")["fields"]}
    assert described["note"]["description"] == "a remark"
    assert len({one["field_id"] for one in described.values()}) == 4
    with pytest.raises(DataNotMatchException, match="note"):
        colors.insert("colors", {"id": 11, "vector": [0] * 4, "note": "far too long"})


def test_fields_that_cannot_be_added(colors: MilvusClient) -> None:
    before = colors.describe_collection("colors")
    for field, expectation in (
        ({"field_name": "n2", "data_type": DataType.INT64}, "nullable=True"),
        ({"field_name": "v2", "data_type": DataType.FLOAT_VECTOR, "dim": 4}, "nullable=True"),
        ({"field_name": "id", "data_type": DataType.INT64, "nullable": True}, "duplicated"),
        ({"field_name": "k", "data_type": DataType.INT64, "nullable": True, "default_value": "x"}, "default"),
        ({"field_name": "a b", "data_type": DataType.INT64, "nullable": True}, "invalid field name"),
    ):
        with pytest.raises(MilvusException, match=expectation):
            colors.add_collection_field("colors", **field)  # type: ignore[arg-type]
    assert colors.describe_collection("colors") == before


def test_an_array_and_an_analyzed_text_are_added(colors: MilvusClient) -> None:
    of_array = {"element_type": DataType.INT64, "max_capacity": 2, "nullable": True}
    colors.add_collection_field("colors", "numbers", DataType.ARRAY, **of_array)
    of_text = {"max_length": 50, "enable_analyzer": True, "enable_match": True, "nullable": True}
    colors.add_collection_field("colors", "words", DataType.VARCHAR, **of_text)
    (row,) = colors.query("colors", "", ["*"], limit=1)
    assert (row["numbers"], row["words"]) == (None, None)
    colors.upsert("colors", {**row, "numbers": [1, 2], "words": "deep blue"})
    assert colors.query("colors", "array_length(numbers) == 2") == colors.query(
        "colors", "text_match(words, 'blue')"
    )
    with pytest.raises(DataNotMatchException, match="max_capacity=2"):
        colors.upsert("colors", {**row, "numbers": [1, 2, 3]})


def test_fields_differing_by_case_only_come_and_go(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("A", DataType.INT64)
    schema.add_field("a", DataType.INT64)
    client.create_collection("c", schema=schema, index_params=client.prepare_index_params("vector"))
    client.insert("c", [{"id": n, "vector": [n, n], "A": n, "a": -n} for n in range(4)])
    client.add_collection_field("c", "seq", DataType.BOOL, nullable=True, default_value=True)
    client.compact("c")
    assert client.query("c", "a < -2") == [{"id": 3, "vector": [3.0, 3.0], "A": 3, "a": -3, "seq": True}]
    client.drop_collection_field("c", "A")
    assert client.query("c", "a < -2") == [{"id": 3, "vector": [3.0, 3.0], "a": -3, "seq": True}]
    client.add_collection_field("c", "A", DataType.VARCHAR, nullable=True, max_length=3)
    client.insert("c", {"id": 4, "vector": [4, 4], "A": "new", "a": -4})
    client.compact("c")
    assert client.query("c", "a < -2", ["A", "a", "seq"]) == [
        {"id": 3, "A": None, "a": -3, "seq": True},
        {"id": 4, "A": "new", "a": -4, "seq": True},
    ]
    numbers = [one["field_id"] for one in client.describe_collection("c")["fields"]]
    assert len(set(numbers)) == 5
    client.drop_collection_field("c", field_id=numbers[-1])
    assert "A" not in client.query("c", "id == 4")[0]


def test_a_new_field_hides_the_dynamic_key_of_its_name(colors: MilvusClient) -> None:
    colors.insert("colors", {"id": 100, "vector": [1, 2, 3, 4], "stock": "many", "other": 1})
    assert colors.get("colors", 100)[0]["stock"] == "many"
    colors.add_collection_field("colors", "stock", DataType.INT64, nullable=True)
    for asked in (["*"], ["stock", "other"], ["stock", "$meta"]):
        (row,) = colors.get("colors", 100, asked)
        assert (row["stock"], row["other"]) == (None, 1)
        (hit,) = colors.search("colors", [[1, 2, 3, 4]], filter="id == 100", output_fields=asked)[0]
        assert (hit["entity"]["stock"], hit["entity"]["other"]) == (None, 1)
    assert "stock" not in colors.get("colors", 100, ["$meta"])[0]
    assert colors.query("colors", "id == 100 and stock is null")
    colors.upsert("colors", {"id": 100, "vector": [1, 2, 3, 4], "stock": 3})
    assert colors.get("colors", 100)[0]["stock"] == 3


def test_fields_that_cannot_be_dropped(colors: MilvusClient) -> None:
    colors.add_collection_field("colors", "stock", DataType.INT64, nullable=True)
    colors.create_index("colors", colors.prepare_index_params("stock", index_type="INVERTED"))
    for field, reason in (
        ("id", "primary key"),
        ("vector", "only vector field"),
        ("nope", "no field 'nope'"),
        ("stock", r"drop_index\('stock'\)"),
        ("", "field's name or number"),
    ):
        with pytest.raises(ParamError, match=reason):
            colors.drop_collection_field("colors", field)
    colors.drop_index("colors", "stock")
    colors.drop_collection_field("colors", "stock")


def test_a_text_field_grows_and_shrinks_to_what_it_holds(typed: MilvusClient) -> None:
    typed.insert("typed", {"pk": "a", "vector": [0, 0], "text": "äöü"[:2] + "x"})
    with pytest.raises(ParamError, match="at least 5"):
        typed.alter_collection_field("typed", "text", {"max_length": 4})
    typed.alter_collection_field("typed", "text", {"max_length": 10})
    typed.insert("typed", {"pk": "b", "vector": [0, 0], "text": "ten  bytes"})
    for field, params, message in (
        ("text", {"max_length": 0}, "between 1 and"),
        ("text", {"max_size": 4}, "'max_size' cannot be altered, expected max_length"),
        ("i64", {"max_length": 4}, "'max_length' cannot be altered, expected none"),
        ("nope", {"max_length": 4}, "no field 'nope'"),
    ):
        with pytest.raises(MilvusException, match=message):
            typed.alter_collection_field("typed", field, params)


def test_a_collection_gets_a_dynamic_field(typed: MilvusClient) -> None:
    typed.insert("typed", {"pk": "a", "vector": [0, 0]})
    typed.alter_collection_properties("typed", {"dynamicfield.enabled": True})
    typed.insert("typed", {"pk": "b", "vector": [0, 0], "extra": 5})
    assert [row["pk"] for row in typed.query("typed", "extra == 5")] == ["b"]
    assert "extra" not in typed.query("typed", 'pk == "a"')[0]
    typed.compact("typed")
    assert typed.query("typed", 'pk == "b"', ["extra"]) == [{"pk": "b", "extra": 5}]
    with pytest.raises(ParamError, match=r"dynamicfield\.enabled"):
        typed.alter_collection_properties("typed", {"dynamicfield.enabled": False})


def test_truncating_removes_the_rows_and_leaves_the_collection(colors: MilvusClient, path: Path) -> None:
    with MilvusClient(path) as other:
        assert len(other.search("colors", [[1, 1, 1, 1]])[0]) == 6
        colors.truncate_collection("colors")
        assert len(other.search("colors", [[1, 1, 1, 1]])[0]) == 0
    assert colors.get_collection_stats("colors") == {"row_count": 0}
    colors.insert("colors", {"id": 1, "vector": [0, 0, 0, 1]})
    assert colors.search("colors", [[1, 1, 1, 1]])[0].ids == [1]


def test_a_vector_field_comes_and_goes(colors: MilvusClient) -> None:
    colors.add_collection_field("colors", "v2", DataType.FLOAT_VECTOR, nullable=True, dim=2)
    colors.create_index("colors", colors.prepare_index_params("v2", metric_type="L2"))
    assert colors.search("colors", [[0, 0]], anns_field="v2")[0].ids == []
    colors.upsert("colors", {"id": 3, "vector": [0] * 4, "v2": [1, 1]})
    assert colors.search("colors", [[0, 0]], anns_field="v2")[0].ids == [3]
    assert colors.get("colors", [2], ["v2"]) == [{"id": 2, "v2": None}]
    colors.compact("colors")
    colors.release_collection("colors")
    colors.drop_index("colors", "v2")
    colors.drop_collection_field("colors", "v2")
    colors.load_collection("colors")
    assert len(colors.search("colors", [[1, 1, 1, 1]])[0]) == 6
