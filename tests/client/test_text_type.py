"""TEXT: texts of any length, which are shown, searched for words and embedded, and not compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milvus_store import (
    DataType,
    FieldSchema,
    Function,
    FunctionType,
    LexicalHighlighter,
    MilvusClient,
    embeddings,
)
from milvus_store.cli import main
from milvus_store.errors import DataNotMatchException, FilterError, MilvusException, ParamError

LONG = "a brown fox " * 20_000
"""Longer than a VARCHAR can be."""


def make(client: MilvusClient, **options: Any) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("body", DataType.TEXT, enable_analyzer=True, enable_match=True, nullable=True, **options)
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, "body", "terms"))
    index = client.prepare_index_params("terms", metric_type="BM25")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert("docs", [{"id": 1, "body": LONG}, {"id": 2, "body": "a dog"}, {"id": 3, "body": None}])


def test_long_texts_are_kept_shown_and_searched(path: Path) -> None:
    with MilvusClient(path) as client:
        make(client)
        client.upsert("docs", {"id": 2, "body": LONG + "dog"}, partial_update=True)
    with MilvusClient(path) as client:
        rows = client.query("docs", "id > 0", output_fields=["body"])
        assert {row["id"]: row["body"] for row in rows} == {1: LONG, 2: LONG + "dog", 3: None}
        (hits,) = client.search(
            "docs", ["dogs dog"], highlighter=LexicalHighlighter(highlight_search_text=True)
        )
        assert [(hit["id"], hit.highlight["body"]["fragments"]) for hit in hits] == [(2, ["<em>dog</em>"])]
        for words in ("text_match(body, 'dog')", "text_match_fuzzy(body, 'dgo', max_edit_distance=1)"):
            assert [row["id"] for row in client.query("docs", words)] == [2]
        assert [row["id"] for row in client.query("docs", "phrase_match(body, 'fox dog')")] == [2]
        (described,) = (f for f in client.describe_collection("docs")["fields"] if f["name"] == "body")
        assert described["type"] is DataType.TEXT
        assert "max_length" not in described["params"]
    assert main(["check", str(path)]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "body == 'a dog'",
        "body in ['a dog']",
        "body like 'a%'",
        "body =~ 'dog'",
        "body is null",
        "body is not null",
        "starts_with(body, 'a')",
        "empty(body)",
        "body < 'b'",
    ],
)
def test_a_filter_looks_for_words_and_compares_no_long_texts(client: MilvusClient, text: str) -> None:
    make(client)
    with pytest.raises(FilterError, match=r"field 'body' \(TEXT\) cannot be compared: look for words by"):
        client.query("docs", text)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (FieldSchema("x", DataType.TEXT, is_primary=True), "must be INT64 or VARCHAR, got TEXT"),
        (FieldSchema("x", DataType.TEXT, is_partition_key=True), "must be INT64 or VARCHAR, got TEXT"),
        (FieldSchema("x", DataType.TEXT, default_value="a"), "default_value is not allowed"),
        (FieldSchema("x", DataType.TEXT, max_length=9), "max_length is not allowed"),
        (
            FieldSchema("x", DataType.ARRAY, element_type=DataType.TEXT, max_capacity=3),
            "element_type must be one of",
        ),
    ],
)
def test_what_milvus_does_not_take_either_is_refused(
    client: MilvusClient, field: FieldSchema, message: str
) -> None:
    schema = client.create_schema()
    if not field.is_primary:
        schema.add_field("id", DataType.INT64, is_primary=True)
    schema.fields.append(field)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    with pytest.raises(MilvusException, match=message):
        client.create_collection("docs", schema=schema)


def test_no_index_and_no_groups_are_made_of_long_texts(client: MilvusClient) -> None:
    make(client)
    with pytest.raises(ParamError, match="body"):
        client.create_index("docs", client.prepare_index_params("body", index_type="INVERTED"))
    with pytest.raises(ParamError, match="body"):
        client.search("docs", ["dog"], group_by_field="body")


def test_a_value_is_a_text_and_not_endless(client: MilvusClient, monkeypatch: pytest.MonkeyPatch) -> None:
    make(client)
    with pytest.raises(DataNotMatchException, match=r"field 'body' \(TEXT\): expected a str, got int"):
        client.insert("docs", {"id": 4, "body": 5})
    monkeypatch.setattr("milvus_store_lite.codec.scalars.MAX_TEXT_LENGTH", 10)
    with pytest.raises(DataNotMatchException, match="expected at most 10 bytes of UTF-8, got 11"):
        client.insert("docs", {"id": 4, "body": "é" * 5 + "a"})


def test_a_text_is_embedded(client: MilvusClient) -> None:
    embeddings.register("length", lambda texts: [[len(text), 1] for text in texts])
    try:
        schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("body", DataType.TEXT)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        kind = FunctionType.TEXTEMBEDDING
        schema.add_function(Function("embed", kind, "body", "vector", params={"provider": "length"}))
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert("docs", [{"id": 1, "body": LONG}, {"id": 2, "body": "a"}])
        assert client.search("docs", [LONG], limit=1)[0][0]["id"] == 1
    finally:
        embeddings.unregister("length")


def test_a_field_of_long_texts_is_added_later(client: MilvusClient) -> None:
    client.create_collection("docs", dimension=2)
    client.insert("docs", {"id": 1, "vector": [1, 2]})
    client.add_collection_field("docs", "body", DataType.TEXT, nullable=True)
    client.upsert("docs", {"id": 1, "body": LONG}, partial_update=True)
    assert client.get("docs", 1, output_fields=["body"])[0]["body"] == LONG
