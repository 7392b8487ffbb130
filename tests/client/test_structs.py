"""Arrays of structs: defined, written, shown and asked for like in Milvus, scalar members only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pymilvus
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.backends.remote.types import to_pymilvus
from milvus_store.errors import (
    DatabaseCorruptError,
    DataNotMatchException,
    FilterError,
    ParamError,
    SchemaNotReadyException,
)
from milvus_store_lite.checks import check_file
from milvus_store_lite.salvage import recover_file

ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "chunks": [{"text": "Red fox", "page": 1, "ok": True}, {"text": "blue", "page": 2, "ok": False}],
    },
    {"id": 2, "chunks": []},
    {"id": 3, "chunks": None},
    {"id": 4, "chunks": [{"text": "Red 'é'\n", "page": -(2**63), "ok": True}]},
    {"id": 5, "chunks": [{"text": "", "page": 9, "ok": False}] * 3},
]


def schema_by(client: Any, types: Any = DataType) -> Any:
    """The same schema by our builders or by pymilvus's."""
    chunk = client.create_struct_field_schema()
    chunk.add_field("text", types.VARCHAR, max_length=9)
    chunk.add_field("page", types.INT64)
    chunk.add_field("ok", types.BOOL)
    schema = client.create_schema()
    schema.add_field("id", types.INT64, is_primary=True)
    schema.add_field("vector", types.FLOAT_VECTOR, dim=2)
    schema.add_field(
        "chunks",
        datatype=types.ARRAY,
        element_type=types.STRUCT,
        struct_schema=chunk,
        max_capacity=4,
        nullable=True,
    )
    return schema


@pytest.fixture(params=["ours", "pymilvus"])
def client(path: Path, request: pytest.FixtureRequest) -> Any:
    client = MilvusClient(path)
    theirs = request.param == "pymilvus"
    schema = schema_by(pymilvus.MilvusClient, pymilvus.DataType) if theirs else schema_by(MilvusClient)
    index = client.prepare_index_params("vector", metric_type="L2")
    client.create_collection("c", schema=schema, index_params=index)
    client.insert("c", [{**row, "vector": [row["id"], 0]} for row in ROWS])
    yield client
    client.close()


def test_rows_come_back_as_they_were(client: MilvusClient, path: Path) -> None:
    wanted = [{"id": row["id"], "chunks": row["chunks"]} for row in ROWS]
    assert client.query("c", "id > 0", ["chunks"]) == wanted
    hits = client.search("c", [[1, 0]], limit=5, output_fields=["chunks"])[0]
    assert [hit["entity"]["chunks"] for hit in hits] == [row["chunks"] for row in ROWS]
    client.upsert("c", {"id": 2, "vector": [2, 0], "chunks": [{"ok": True, "page": 7, "text": "new"}]})
    client.close()
    with MilvusClient(path) as again:
        assert again.get("c", 2, ["chunks"])[0]["chunks"] == [{"text": "new", "page": 7, "ok": True}]


def test_single_members_are_shown_when_they_are_asked_for(client: MilvusClient) -> None:
    texts = [{"text": "Red fox"}, {"text": "blue"}]
    assert client.get("c", 1, ["chunks[text]"]) == [{"id": 1, "chunks": texts}]
    (hit,) = client.search("c", [[1, 0]], limit=1, output_fields=["chunks[page]", "chunks[text]"])[0]
    assert hit["entity"] == {"chunks": [{"text": "Red fox", "page": 1}, {"text": "blue", "page": 2}]}
    for asked in (["chunks", "chunks[text]"], ["*", "chunks[text]"]):
        assert client.get("c", 1, asked)[0]["chunks"] == ROWS[0]["chunks"]
    assert client.get("c", 3, ["chunks[text]"]) == [{"id": 3, "chunks": None}]
    with pytest.raises(ParamError, match=r"'chunks\[no\]' does not exist.*text, page, ok"):
        client.get("c", 1, ["chunks[no]"])


def test_the_schema_is_described(client: MilvusClient) -> None:
    described = client.describe_collection("c")
    (field,) = [one for one in described["fields"] if one["name"] == "chunks"]
    assert (field["type"], field["element_type"]) == (DataType.ARRAY, DataType.STRUCT)
    assert field["params"] == {"max_capacity": 4}
    assert field["nullable"] is True
    assert [(one["name"], one["type"], one["params"]) for one in field["struct_fields"]] == [
        ("text", DataType.VARCHAR, {"max_length": 9}),
        ("page", DataType.INT64, {}),
        ("ok", DataType.BOOL, {}),
    ]
    theirs = pymilvus.CollectionSchema.construct_from_dict(described)
    assert [one.name for one in theirs.struct_fields] == ["chunks"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('MATCH_ANY(chunks, $[text] LIKE "Red%")', [1, 4]),
        ('element_filter(chunks, $[text] LIKE "Red%" && $[page] == 1)', [1]),
        ("match_any(chunks, $[page] == 1 and $[ok])", [1]),
        ("match_any(chunks, $[page] == 2 and $[ok])", []),
        ("MATCH_ALL(chunks, $[ok])", [2, 4]),
        ("not MATCH_ALL(chunks, $[ok])", [1, 5]),
        ("MATCH_LEAST(chunks, $[page] > 1, 3)", [5]),
        ("MATCH_LEAST(chunks, $[page] > 1, threshold=1)", [1, 5]),
        ("MATCH_MOST(chunks, $[page] > 1, 1)", [1, 2, 4]),
        ("MATCH_EXACT(chunks, $[page] > 1, threshold=0)", [2, 4]),
        ("match_exact(chunks, true, threshold=2)", [1]),
        ("match_any(chunks, $[page] + 1 in [2, 10])", [1, 5]),
        ("match_any(chunks, 1 < $[page] <= {most})", [1]),
        ("array_length(chunks) == 3", [5]),
        ("array_contains(chunks[page], 2)", [1]),
        ('array_contains_any(chunks[text], ["blue", ""])', [1, 5]),
        ("chunks[page] == [1, 2]", [1]),
        ("chunks[0][page] == 9", [5]),
        ("chunks[1][page] is null", [2, 3, 4]),
        ("chunks is null", [3]),
        ("chunks is not null and id > 1", [2, 4, 5]),
    ],
)
def test_filters_look_into_structs(client: MilvusClient, expression: str, found: list[int]) -> None:
    rows = client.query("c", expression, ["id"], filter_params={"most": 5})
    assert [row["id"] for row in rows] == found
    client.upsert("c", [{**row, "vector": [0, 1]} for row in ROWS])  # what is in memory is extended
    assert sorted(row["id"] for row in client.query("c", expression, filter_params={"most": 5})) == found


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("match_any(chunks, $[pag] == 1)", r"members text, page, ok: write \$\[text\]"),
        ("match_any(chunks, $ == 1)", r"members text, page, ok: write \$\[text\]"),
        ("match_any(chunks, $[page] == 'a')", "cannot compare field 'page'"),
        ("match_any(chunks, id == 1)", "may use only '\\$'"),
        ("match_any(chunks[page], $ == 1)", "takes the array of structs"),
        ("array_contains(chunks, 1)", r"name a member of them: chunks\[text\]"),
        ("chunks[0] == 1", r"write chunks\[text\] or chunks\[0\]\[text\]"),
        ("chunks[nope] == [1]", "members text, page, ok"),
        ("match_least(chunks, $[ok])", "needs a threshold.*got none"),
        ("match_least(chunks, $[ok], 1, threshold=1)", "needs a threshold.*got 2"),
        ("match_any(chunks, $[ok], 1)", "takes 2 arguments"),
    ],
)
def test_filters_that_do_not_fit_structs(client: MilvusClient, expression: str, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        client.query("c", expression)


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([{"text": "a", "page": 1}], "row 1: .*ARRAY<STRUCT>.*element 0 to be a dict of text, page, ok"),
        ([{"text": "a", "page": 1, "ok": True, "x": 1}], "element 0 to be a dict"),
        ([{"text": "a", "page": 1, "ok": True}, 5], "element 1 to be a dict"),
        ([{"text": "a", "page": 2**63, "ok": True}], "row 1: field 'chunks', element 0, member 'page'"),
        ([{"text": None, "page": 1, "ok": True}], "member 'text'.*expected a str"),
        ([{"text": "0123456789", "page": 1, "ok": True}], "member 'text'.*at most 9"),
        ([{"text": "a", "page": 1, "ok": True}] * 5, "max_capacity=4"),
        ("text", "expected a list"),
    ],
)
def test_structs_that_do_not_fit_change_nothing(client: MilvusClient, chunks: Any, message: str) -> None:
    good = {"id": 9, "vector": [0, 0], "chunks": [{"text": "a", "page": 1, "ok": True}]}
    with pytest.raises(DataNotMatchException, match=message):
        client.insert("c", [good, {"id": 10, "vector": [0, 0], "chunks": chunks}])
    assert client.get("c", [9, 10]) == []


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"datatype": DataType.SPARSE_FLOAT_VECTOR}, "member 'm' \\(SPARSE_FLOAT_VECTOR\\): expected one of"),
        ({"datatype": DataType.FLOAT_VECTOR}, "dim must be an int"),
        ({"datatype": DataType.JSON}, "member 'm' \\(JSON\\): expected one of"),
        ({"datatype": DataType.INT64, "nullable": True}, "the array as a whole may be nullable"),
        ({"datatype": DataType.INT64, "is_primary": True}, "a member has a type"),
        ({"datatype": DataType.VARCHAR}, "max_length must be an int"),
    ],
)
def test_members_that_cannot_be(path: Path, member: dict[str, Any], message: str) -> None:
    chunk = MilvusClient.create_struct_field_schema().add_field("m", **member)
    schema = schema_by(MilvusClient)
    schema.add_field(
        "more", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=chunk, max_capacity=4
    )
    with MilvusClient(path) as client, pytest.raises(SchemaNotReadyException, match=message):
        client.create_collection("c", schema=schema)


def test_an_incomplete_array_of_structs_is_refused(path: Path) -> None:
    schema = MilvusClient.create_schema()
    array = {"datatype": DataType.ARRAY, "element_type": DataType.STRUCT}
    with pytest.raises(SchemaNotReadyException, match="expected struct_schema="):
        schema.add_field("a", **array, max_capacity=4)
    chunk = MilvusClient.create_struct_field_schema()
    with pytest.raises(ParamError, match="unknown parameter 'dim'"):
        schema.add_field("a", **array, struct_schema=chunk, dim=4)
    for fields, options, message in (
        ([], {"max_capacity": 4}, "at least one field"),
        (["x", "x"], {"max_capacity": 4}, "share a name"),
        (["x"], {}, "max_capacity must be an int"),
    ):
        chunk = MilvusClient.create_struct_field_schema()
        for name in fields:
            chunk.add_field(name, DataType.INT64)
        schema = schema_by(MilvusClient)
        schema.add_field("a", **array, struct_schema=chunk, **options)
        with MilvusClient(path) as client, pytest.raises(SchemaNotReadyException, match=message):
            client.create_collection("c", schema=schema)


def test_our_schema_is_pymilvus_schema_on_a_server() -> None:
    theirs = schema_by(pymilvus.MilvusClient, pymilvus.DataType)
    assert (
        to_pymilvus(schema_by(MilvusClient)).to_dict()["struct_fields"] == theirs.to_dict()["struct_fields"]
    )
    assert schema_by(MilvusClient).to_dict()["struct_fields"][0]["max_capacity"] == 4
    alone = to_pymilvus(MilvusClient.create_struct_field_schema().add_field("n", DataType.INT64))
    assert isinstance(alone, pymilvus.StructFieldSchema)
    assert [one.name for one in alone.fields] == ["n"]


@pytest.mark.parametrize(
    "stored", ['[{"text": "a"}]', "[5]", '[{"text": "a", "page": "x", "ok": true}]', "{"]
)
def test_damaged_structs_are_refused_and_found(client: MilvusClient, path: Path, stored: str) -> None:
    client.close()
    assert check_file(path).is_sound
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rows_1 SET chunks = ? WHERE pk = 1", (stored,))
    with MilvusClient(path) as again, pytest.raises(DatabaseCorruptError, match="collection 1.*'chunks'"):
        again.query("c", "match_any(chunks, $[page] > 0)")
    problem, checksum = check_file(path).problems
    assert problem.place == checksum.place
    assert problem.place.endswith("field 'chunks'")
    assert "expected ARRAY<STRUCT> of at most 4: 1 row" in problem.message
    assert "not what was written, by the checksum: 1 row" in checksum.message


@pytest.mark.parametrize("types", [MilvusClient, pymilvus.MilvusClient])
def test_an_array_of_structs_is_added_to_rows_that_are_there(
    client: MilvusClient, path: Path, types: Any
) -> None:
    notes = types.create_struct_field_schema()
    notes.add_field(
        "by", DataType.VARCHAR if types is MilvusClient else pymilvus.DataType.VARCHAR, max_length=9
    )
    assert len(client.query("c", "match_any(chunks, true)")) == 3  # what is in memory is left as it is
    client.add_collection_struct_field("c", "notes", notes, max_capacity=2, desc="remarks")
    (field,) = [one for one in client.describe_collection("c")["fields"] if one["name"] == "notes"]
    assert (field["nullable"], field["params"], field["description"]) == (
        True,
        {"max_capacity": 2},
        "remarks",
    )
    assert len(client.query("c", "notes is null")) == 5
    client.insert("c", {"id": 9, "vector": [0, 0], "chunks": None, "notes": [{"by": "Ann"}, {"by": "Bo"}]})
    assert client.query("c", 'MATCH_ANY(notes, $[by] == "Bo")', ["notes[by]"]) == [
        {"id": 9, "notes": [{"by": "Ann"}, {"by": "Bo"}]}
    ]
    assert client.query("c", 'not match_any(notes, $[by] == "x")', ["id"]) == [{"id": 9}]
    with MilvusClient(path, durability="normal") as other:
        assert other.get("c", 1, ["notes"]) == [{"id": 1, "notes": None}]
    client.close()
    assert check_file(path).is_sound


def test_an_array_of_structs_that_cannot_be_added(client: MilvusClient) -> None:
    struct = MilvusClient.create_struct_field_schema().add_field("n", DataType.INT64)
    for name, options, message in (
        ("notes", {"nullable": False}, "'notes': expected nullable=True"),
        ("chunks", {}, "duplicated field name: chunks"),
        ("notes", {"max_capacity": 5_000}, "max_capacity"),
        ("notes", {"struct_schema": {"n": 1}}, "expected struct_schema="),
    ):
        with pytest.raises(SchemaNotReadyException, match=message):
            client.add_collection_struct_field(
                "c", name, **{"struct_schema": struct, "max_capacity": 3, **options}
            )
    assert "notes" not in [one["name"] for one in client.describe_collection("c")["fields"]]


def test_members_have_indexes(client: MilvusClient, path: Path) -> None:
    indexes = client.prepare_index_params()
    indexes.add_index("chunks[text]", index_type="INVERTED", index_name="by_text")
    indexes.add_index("chunks[page]", index_type="STL_SORT")
    indexes.add_index("chunks[ok]", index_type="BITMAP")
    client.create_index("c", indexes)
    assert {"by_text", "chunks[page]", "chunks[ok]"} <= set(client.list_indexes("c"))
    assert client.list_indexes("c", field_name="chunks[text]") == ["by_text"]
    described = client.describe_index("c", "by_text")
    assert (described["field_name"], described["index_type"]) == ("chunks[text]", "INVERTED")
    assert described["pending_index_rows"] == 0
    assert [row["id"] for row in client.query("c", "match_any(chunks, $[page] == 9)", ["id"])] == [5]
    with pytest.raises(ParamError, match="field 'chunks.ok.' .BOOL. cannot have index type 'STL_SORT'"):
        client.create_index("c", client.prepare_index_params("chunks[ok]", index_type="STL_SORT"))
    with pytest.raises(ParamError, match="cannot index field 'chunks.other.'"):
        client.create_index("c", client.prepare_index_params("chunks[other]", index_type="INVERTED"))
    with pytest.raises(ParamError, match=r"cannot be dropped while it has an index: drop_index\('by_text'\)"):
        client.drop_collection_field("c", "chunks")
    for name in ("by_text", "chunks[page]", "chunks[ok]"):
        client.drop_index("c", name)
    assert client.list_indexes("c", field_name="chunks[text]") == []
    client.create_index("c", indexes)
    client.close()
    assert check_file(path).is_sound
    saved = path.with_name("saved.db")
    recover_file(path, saved)
    with MilvusClient(saved) as again:
        assert again.describe_index("c", "by_text")["field_name"] == "chunks[text]"
