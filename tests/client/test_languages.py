"""``multi_analyzer_params``: each row's text is cut by the analyzer that another field names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymilvus
import pytest

from milvus_store import CollectionSchema, DataType, Function, FunctionType, MilvusClient
from milvus_store.errors import MilvusException

GERMAN = {"tokenizer": "standard", "filter": ["lowercase", {"type": "stemmer", "language": "german"}]}
PARAMS: dict[str, Any] = {
    "analyzers": {"english": {"type": "english"}, "german": GERMAN, "default": {"tokenizer": "whitespace"}},
    "by_field": "language",
    "alias": {"en": "english"},
}
ROWS = [
    {"id": 1, "language": "english", "text": "Running runners"},
    {"id": 2, "language": "en", "text": "The houses"},
    {"id": 3, "language": "german", "text": "Die Häuser"},
    {"id": 4, "language": None, "text": "Running Häuser"},
    {"id": 5, "language": "klingon", "text": "running wild"},
]


def schema(params: Any = PARAMS, **options: Any) -> CollectionSchema:
    made = CollectionSchema().add_field("id", DataType.INT64, is_primary=True)
    made.add_field("language", DataType.VARCHAR, max_length=20, nullable=True)
    options = {"enable_analyzer": True, "multi_analyzer_params": params, **options}
    made.add_field("text", DataType.VARCHAR, max_length=99, **options)
    made.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    return made.add_function(Function("f", FunctionType.BM25, "text", "words"))


def created(client: MilvusClient, made: Any) -> MilvusClient:
    index = client.prepare_index_params("words", index_type="AUTOINDEX", metric_type="BM25")
    client.create_collection("c", schema=made, index_params=index)
    client.insert("c", ROWS)
    return client


@pytest.mark.parametrize(
    ("text", "name", "ids"),
    [
        *[("runs", "english", [1]), ("runs", "en", [1]), ("house", "en", [2]), ("the", "en", [])],
        *[("Haus", "german", [3]), ("DIE", "german", [3])],
        *[
            ("Running", None, [4]),
            ("Running", "default", [4]),
            ("running", "unheard of", [5]),
            ("runs", None, []),
        ],
    ],
)
def test_rows_are_found_by_the_analyzer_of_their_language(
    client: MilvusClient, path: Path, text: str, name: str | None, ids: list[int]
) -> None:
    created(client, schema())
    params = {} if name is None else {"analyzer_name": name}
    with MilvusClient(path) as other:
        for given in (params, {"params": params}):
            assert other.search("c", [text], search_params=given)[0].ids == ids
            request = pymilvus.AnnSearchRequest([text], "words", given, 9)
            assert other.hybrid_search("c", [request], None)[0].ids == ids


def test_a_row_that_changes_its_language_is_cut_anew(client: MilvusClient) -> None:
    created(client, schema())
    client.upsert("c", {"id": 1, "language": "german", "text": "Running runners"})
    assert client.search("c", ["runs"], search_params={"analyzer_name": "english"})[0].ids == []
    assert client.search("c", ["running"], search_params={"analyzer_name": "german"})[0].ids == [5, 1]


def test_a_partial_update_of_the_language_alone_cuts_the_text_anew(client: MilvusClient) -> None:
    created(client, schema())
    client.upsert("c", {"id": 1, "language": "german"}, partial_update=True)
    assert client.search("c", ["runs"], search_params={"analyzer_name": "english"})[0].ids == []
    client.upsert("c", {"id": 1, "language": "en"}, partial_update=True)
    assert client.search("c", ["runs"], search_params={"analyzer_name": "english"})[0].ids == [1]


def test_the_parameters_are_described_and_taken_from_pymilvus(client: MilvusClient) -> None:
    theirs = pymilvus.MilvusClient.create_schema()
    theirs.add_field("id", pymilvus.DataType.INT64, is_primary=True)
    theirs.add_field("language", pymilvus.DataType.VARCHAR, max_length=20, nullable=True)
    theirs.add_field(
        "text", pymilvus.DataType.VARCHAR, max_length=99, enable_analyzer=True, multi_analyzer_params=PARAMS
    )
    theirs.add_field("words", pymilvus.DataType.SPARSE_FLOAT_VECTOR)
    theirs.add_function(pymilvus.Function("f", pymilvus.FunctionType.BM25, "text", "words"))
    created(client, theirs)
    assert client.describe_collection("c")["fields"][2]["params"]["multi_analyzer_params"] == PARAMS
    client.create_collection("c", schema=schema())  # the same
    assert client.search("c", ["Haus"], search_params={"analyzer_name": "german"})[0].ids == [3]


def test_the_analyzers_of_a_field_can_be_run(client: MilvusClient) -> None:
    created(client, schema())
    of_field: dict[str, Any] = {"collection_name": "c", "field_name": "text"}
    texts = ["Running Häuser", "Running Häuser"]
    found = client.run_analyzer(texts, **of_field, analyzer_names=["en", "german"])
    assert [one.tokens for one in found] == [["run", "häuser"], ["running", "haus"]]  # type: ignore[union-attr]
    assert str(client.run_analyzer("Running", **of_field, analyzer_names="en")) == "['run']"
    assert str(client.run_analyzer("Running", **of_field)) == "['Running']"
    for names in (["en", "en", "en"], 5, [5]):
        with pytest.raises(MilvusException, match="analyzer_names"):
            client.run_analyzer(texts, **of_field, analyzer_names=names)  # type: ignore[arg-type]
    with pytest.raises(MilvusException, match="name collection and field"):
        client.run_analyzer(texts, analyzer_names="en")


@pytest.mark.parametrize(
    ("params", "options", "message"),
    [
        ({**PARAMS, "by_field": "nope"}, {}, "'text': by_field .* VARCHAR field.*'nope'"),
        ({**PARAMS, "by_field": "id"}, {}, "VARCHAR field"),
        ({**PARAMS, "by_field": 5}, {}, "by_field"),
        ({"analyzers": PARAMS["analyzers"]}, {}, "needs by_field"),
        ({**PARAMS, "analyzers": {"english": {}}}, {}, "a dict with 'default'"),
        ({**PARAMS, "analyzers": {"default": {"tokenizer": "nope"}}}, {}, "'nope'"),
        ({**PARAMS, "alias": {"de": "deutsch"}}, {}, "alias .* default, english, german"),
        ({**PARAMS, "byfield": 1}, {}, "got 'byfield'"),
        (PARAMS, {"enable_match": True}, "no enable_match"),
        (PARAMS, {"enable_analyzer": False}, "needs enable_analyzer=True"),
        (PARAMS, {"analyzer_params": {"type": "english"}}, "got both"),
        (None, {"analyzer_params": PARAMS}, "belongs to multi_analyzer_params"),
        ("text", {}, "must be a dict"),
    ],
)
def test_what_cannot_be_is_named_and_makes_no_collection(
    client: MilvusClient, params: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(MilvusException, match=message):
        client.create_collection("c", schema=schema(params, **options))
    assert client.list_collections() == []


def test_what_rows_are_cut_by_cannot_be_dropped(client: MilvusClient) -> None:
    created(client, schema())
    with pytest.raises(MilvusException, match="names the analyzer of field 'text'"):
        client.drop_collection_field("c", "language")


def test_a_field_with_one_analyzer_has_no_names_of_analyzers(client: MilvusClient) -> None:
    created(client, schema(None))
    with pytest.raises(MilvusException, match="one analyzer.*'en'"):
        client.search("c", ["x"], search_params={"analyzer_name": "en"})
    client.create_collection("q", dimension=2)
    with pytest.raises(MilvusException, match="in a search for texts"):
        client.search("q", [[1, 1]], search_params={"analyzer_name": "en"})
