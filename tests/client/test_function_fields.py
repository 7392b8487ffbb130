"""Full text that comes to a collection with rows, and goes: the function, its field and its index together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, FieldSchema, Function, FunctionType, MilvusClient
from milvus_store.errors import MilvusException, ParamError, SchemaNotReadyException
from milvus_store_lite.checks import check_file
from milvus_store_lite.collection import function_fields

TEXTS = ["red sky", "blue sea and sky", None, "", "red red sea", "green"]
OF_TEXT = {"max_length": 99, "enable_analyzer": True, "nullable": True}


def make(client: MilvusClient, name: str = "docs", *, with_function: bool = False, **of_text: Any) -> None:
    schema = client.create_schema()
    schema.add_field("pk", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("language", DataType.VARCHAR, max_length=9)
    schema.add_field("text", DataType.VARCHAR, **{**OF_TEXT, **of_text})
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    if with_function:
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(bm25())
        index.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    client.create_collection(name, schema=schema, index_params=index)


def rows() -> list[dict[str, Any]]:
    return [
        {"pk": pk, "vector": [pk, 0], "text": text, "language": "english" if pk % 2 else "other"}
        for pk, text in enumerate(TEXTS)
    ]


def bm25(output: str = "words") -> Function:
    return Function("bm25", FunctionType.BM25, ["text"], [output])


WORDS = FieldSchema("words", DataType.SPARSE_FLOAT_VECTOR)


def bound(client: MilvusClient, field: str = "words", **params: Any) -> Any:
    given = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "BM25", **params}
    return client.prepare_index_params(field, **given)


def scores(client: MilvusClient, name: str = "docs") -> list[dict[int, float]]:
    found = (client.search(name, [word], anns_field="words")[0] for word in ("red", "sky sea", "none"))
    return [{hit["pk"]: hit["distance"] for hit in hits} for hits in found]


SEVERAL = {"analyzers": {"english": {"type": "english"}, "default": {"tokenizer": "standard"}}}


@pytest.mark.parametrize("of_text", [{}, {"multi_analyzer_params": {**SEVERAL, "by_field": "language"}}])
def test_rows_that_are_there_are_found_as_if_the_function_had_been_there(
    client: MilvusClient, path: Path, monkeypatch: pytest.MonkeyPatch, of_text: dict[str, Any]
) -> None:
    monkeypatch.setattr(function_fields, "_ROWS_AT_ONCE", 2)
    make(client, **of_text)
    make(client, "whole", with_function=True, **of_text)
    for name in ("docs", "whole"):
        client.insert(name, [*rows(), {**rows()[0], "pk": 99}])
        client.delete(name, [99])
    client.add_function_field("docs", WORDS, bm25(), bound(client))
    assert scores(client) == scores(client, "whole")
    assert set(scores(client)[0]) == {0, 4}
    described = client.describe_collection("docs")
    assert [function["name"] for function in described["functions"]] == ["bm25"]
    assert described["fields"][-1]["is_function_output"] is True
    assert client.list_indexes("docs") == ["vector", "words"]
    # The function fills the field of later rows, too.
    for name in ("docs", "whole"):
        client.upsert(name, {"pk": 0, "text": "new red"}, partial_update=True)
        client.insert(name, {"pk": 7, "vector": [7, 0], "text": "sky", "language": "english"})
    assert scores(client) == scores(client, "whole")
    client.close()
    assert check_file(path).problems == ()


def test_function_and_field_go_together_and_may_come_again(client: MilvusClient, path: Path) -> None:
    make(client, with_function=True)
    client.insert("docs", rows())
    before = scores(client)
    client.drop_function_field("docs", "bm25")
    described = client.describe_collection("docs")
    assert (described["functions"], [field["name"] for field in described["fields"]]) == (
        [],
        ["pk", "vector", "language", "text"],
    )
    assert client.list_indexes("docs") == ["vector"]
    with pytest.raises(ParamError, match="anns_field 'words' is not a vector field"):
        scores(client)
    client.upsert("docs", {"pk": 1, "text": "other"}, partial_update=True)
    client.upsert("docs", {"pk": 1, "text": TEXTS[1]}, partial_update=True)
    client.add_function_field("docs", WORDS, bm25(), bound(client, bm25_k1=1.2))
    assert scores(client) == before
    client.close()
    assert check_file(path).problems == ()


def test_a_collection_without_rows_and_one_that_is_released(client: MilvusClient) -> None:
    make(client)
    client.release_collection("docs")
    client.add_function_field("docs", WORDS, bm25(), bound(client))
    client.load_collection("docs")
    assert scores(client) == [{}, {}, {}]
    client.insert("docs", rows())
    assert set(scores(client)[0]) == {0, 4}


def test_what_cannot_be_added_changes_nothing(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", rows())
    before = client.describe_collection("docs")
    dense = FieldSchema("words", DataType.FLOAT_VECTOR, dim=2)
    other = Function("bm25", FunctionType.BM25, ["language"], ["words"])
    vector = FieldSchema("vector", DataType.SPARSE_FLOAT_VECTOR)
    kind = FunctionType.TEXTEMBEDDING
    embedding = Function("e", kind, ["text"], ["words"], params={"provider": "openai"})
    wrong: list[tuple[Any, Any, Any, str]] = [
        (WORDS, bm25("terms"), bound(client), "expected a new field of this name, got 'words'"),
        (dense, bm25(), bound(client), "field 'words' must be SPARSE_FLOAT_VECTOR"),
        (vector, bm25("vector"), bound(client, "vector"), "duplicated field name: vector"),
        (WORDS, other, bound(client), "input field 'language' .* must have enable_analyzer=True"),
        (WORDS, bm25(), bound(client, metric_type="IP"), "metric_type of field 'words'"),
        (WORDS, bm25(), bound(client, index_type="HNSW"), "cannot have index type 'HNSW'"),
        (WORDS, bm25(), bound(client, "text"), "must have one index, on field 'words'"),
        (WORDS, bm25(), bound(client, index_type=""), "and with an index_type"),
        (WORDS, bm25(), client.prepare_index_params(), "must have one index"),
        (WORDS, embedding, bound(client), "a collection has it from the start"),
    ]
    for field, function, index, message in wrong:
        with pytest.raises(MilvusException, match=message):
            client.add_function_field("docs", field, function, index)
    assert client.describe_collection("docs") == before
    client.add_function_field("docs", WORDS, bm25(), bound(client))
    with pytest.raises(SchemaNotReadyException, match="duplicated field name: words"):
        client.add_function_field("docs", WORDS, bm25(), bound(client))
    with pytest.raises(ParamError, match="no function 'bm26', the collection has bm25; did you mean 'bm25'"):
        client.drop_function_field("docs", "bm26")
    with pytest.raises(ParamError, match="field 'words' is the output of function 'bm25'"):
        client.drop_collection_field("docs", "words")
    client.drop_index("docs", "none")
    client.release_collection("docs")
    client.drop_index("docs", "vector")
    client.drop_collection_field("docs", "vector")
    with pytest.raises(ParamError, match="fills the only vector field 'words'"):
        client.drop_function_field("docs", "bm25")


@pytest.mark.parametrize("call", ["add", "drop"])
def test_a_function_alone_is_refused_as_in_milvus(client: MilvusClient, call: str) -> None:
    make(client)
    given = {"add": [bm25()], "drop": ["bm25"]}[call]
    with pytest.raises(ParamError, match="add_function_field"):
        getattr(client, f"{call}_collection_function")("docs", *given)
