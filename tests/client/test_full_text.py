"""Full text search: BM25 over fields that a function fills, against the published formula worked out in Python."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pymilvus
import pytest

from examples.corpus import unique_sections
from milvus_store import DataType, Function, FunctionType, MilvusClient, MilvusException
from milvus_store.errors import DataNotMatchException, ParamError, SchemaNotReadyException
from milvus_store_lite.text.analyzer import analyzer

QUERIES = [
    "with statement context manager",
    "async function",
    "raise an exception in a try block",
    "list list display",
]


def paragraphs() -> list[str]:
    """The examples' corpus, split in paragraphs."""
    found = (part for section in unique_sections() for part in section.body.split("\n\n"))
    return [part for part in found if len(part) > 40]


def bm25(texts: dict[int, str], query: str, params: Any, k1: float, b: float) -> dict[int, float]:
    """Scores above 0 by the formula of https://milvus.io/docs/full-text-search.md, document after document."""

    def cut(text: str) -> list[str]:
        return analyzer(params).tokens([text])[0]

    documents = {pk: Counter(cut(text)) for pk, text in texts.items()}
    mean = sum(one.total() for one in documents.values()) / len(documents)
    having = Counter(term for one in documents.values() for term in one)
    scores = {}
    for pk, counts in documents.items():
        score = 0.0
        for term in cut(query):
            idf = math.log(1 + (len(documents) - having[term] + 0.5) / (having[term] + 0.5))
            length = 1 - b + b * counts.total() / mean
            score += idf * counts[term] * (k1 + 1) / (counts[term] + k1 * length)
        if score > 0:
            scores[pk] = score
    return scores


def check(client: MilvusClient, texts: dict[int, str], params: Any, k1: float = 1.2, b: float = 0.75) -> None:
    results = client.search("docs", QUERIES, anns_field="sparse", limit=10_000)
    for query, hits in zip(QUERIES, results, strict=True):
        expected = bm25(texts, query, params, k1, b)
        assert {hit.id: hit.distance for hit in hits} == pytest.approx(expected, rel=1e-5)
        assert hits.distances == sorted(hits.distances, reverse=True)


def make(client: MilvusClient, params: Any = None, index: dict[str, Any] | None = None, **text: Any) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field(
        "text", DataType.VARCHAR, max_length=65_535, enable_analyzer=True, analyzer_params=params, **text
    )
    schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
    indexes = client.prepare_index_params("sparse", metric_type="BM25", params=index or {})
    client.create_collection("docs", schema=schema, index_params=indexes)


def rows(texts: dict[int, str]) -> list[dict[str, Any]]:
    return [{"id": pk, "text": text, "tenant": f"t{pk % 50}"} for pk, text in texts.items()]


@pytest.mark.parametrize("params", [None, {"type": "english"}], ids=["standard", "english"])
def test_scores_are_those_of_the_formula_before_and_after_deleting_half(
    client: MilvusClient, params: Any
) -> None:
    texts = dict(enumerate(paragraphs()))
    assert len(texts) > 1500
    make(client, params)
    for start in range(0, len(texts), 1000):
        client.insert("docs", rows({pk: texts[pk] for pk in list(texts)[start : start + 1000]}))
        if start == 0:
            check(client, {pk: texts[pk] for pk in range(1000)}, params)
    check(client, texts, params)
    client.delete("docs", ids=list(range(0, len(texts), 2)))
    texts = {pk: text for pk, text in texts.items() if pk % 2}
    check(client, texts, params)
    changed = {1: "async async function", 3: "", 5: "with"}
    client.upsert("docs", rows(changed))
    check(client, {**texts, **changed}, params)


def test_statistics_are_those_of_the_whole_collection_in_any_part_of_it(client: MilvusClient) -> None:
    texts = dict(enumerate(paragraphs()[:800]))
    make(client, index={"bm25_k1": 1.8, "bm25_b": 0.4})
    client.insert("docs", rows(texts))
    check(client, texts, None, 1.8, 0.4)
    everything = {hit.id: hit.distance for hit in client.search("docs", QUERIES[:1], limit=10_000)[0]}
    for expression, belongs in (
        ('tenant == "t7"', lambda pk: pk % 50 == 7),
        ("id < 100 and not (text like '%with%')", lambda pk: pk < 100 and "with" not in texts[pk]),
    ):
        (hits,) = client.search("docs", QUERIES[0], filter=expression, limit=10_000)
        assert {hit.id: hit.distance for hit in hits} == {
            pk: score for pk, score in everything.items() if belongs(pk)
        }


def test_another_process_is_seen_and_memory_may_be_short(client: MilvusClient, path: Path) -> None:
    texts = dict(enumerate(paragraphs()[:300]))
    make(client)
    client.insert("docs", rows(texts))
    check(client, texts, None)
    program = (
        "import sys; from milvus_store import MilvusClient; client = MilvusClient(sys.argv[1]);"
        "client.insert('docs', {'id': 9000, 'text': 'zyzzyva with async', 'tenant': 't1'});"
        "client.delete('docs', ids=[2, 4, 6])"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    texts = {pk: text for pk, text in texts.items() if pk not in (2, 4, 6)} | {9000: "zyzzyva with async"}
    check(client, texts, None)
    client.insert("docs", {"id": 9001, "text": "a zyzzyva", "tenant": "t1"})
    assert client.search("docs", ["zyzzyva"])[0].ids == [9001, 9000]
    client.compact("docs")
    client.close()
    with MilvusClient(path, memory_limit=10_000) as other:
        check(other, {**texts, 9001: "a zyzzyva"}, None)


def test_a_text_without_known_words_finds_nothing(client: MilvusClient) -> None:
    make(client, {"type": "english"}, nullable=True)
    assert client.search("docs", ["anything"]) == [[]]
    client.insert("docs", [{"id": 1, "text": None, "tenant": "a"}, {"id": 2, "text": "the", "tenant": "a"}])
    assert [hits.ids for hits in client.search("docs", ["the", "", "unheard of"])] == [[], [], []]
    client.insert("docs", {"id": 3, "text": "hearing", "tenant": "a"})
    assert [hits.ids for hits in client.search("docs", ["the", "unheard", "hear"])] == [[], [], [3]]


def test_rows_may_be_searched_by_the_text_they_have(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", rows({1: "red apple", 2: "red red car", 3: "blue car", 4: "sky"}))
    by_id = client.search("docs", ids=[2], anns_field="sparse")
    assert by_id[0].ids == client.search("docs", "red red car")[0].ids == [2, 1, 3]


def test_the_function_fills_the_field_and_nobody_else_does(client: MilvusClient) -> None:
    make(client)
    client.insert("docs", {"id": 1, "text": "one", "tenant": "a"})
    with pytest.raises(
        DataNotMatchException, match="row 0: field 'sparse' is filled by function 'bm25' from"
    ):
        client.insert("docs", {"id": 2, "text": "two", "tenant": "a", "sparse": {1: 1.0}})
    with pytest.raises(ParamError, match="output field 'sparse' is filled by function 'bm25'"):
        client.query("docs", "id > 0", output_fields=["sparse"])
    assert client.query("docs", "id > 0") == [{"id": 1, "text": "one", "tenant": "a"}]
    with pytest.raises(ParamError, match="query 1: field 'sparse'.*expected a text to search for, got dict"):
        client.search("docs", ["one", {1: 1.0}])
    with pytest.raises(ParamError, match="UTF-8"):
        client.search("docs", ["\ud800"])
    with pytest.raises(ParamError, match="field 'text' is the input of function 'bm25'"):
        client.drop_collection_field("docs", "text")


def test_functions_and_analyzers_are_described(client: MilvusClient) -> None:
    make(client, {"type": "english"})
    described = client.describe_collection("docs")
    assert described["functions"] == [
        {
            "name": "bm25",
            "description": "",
            "type": FunctionType.BM25,
            "input_field_names": ["text"],
            "output_field_names": ["sparse"],
            "params": {},
        }
    ]
    text, sparse = described["fields"][1], described["fields"][3]
    assert text["params"]["analyzer_params"] == {"type": "english"}
    assert sparse["is_function_output"] is True
    assert client.describe_index("docs", "sparse")["metric_type"] == "BM25"


def test_a_schema_of_pymilvus_is_taken(client: MilvusClient) -> None:
    schema = pymilvus.MilvusClient.create_schema()
    schema.add_field("id", pymilvus.DataType.INT64, is_primary=True)
    schema.add_field(
        "text",
        pymilvus.DataType.VARCHAR,
        max_length=100,
        enable_analyzer=True,
        analyzer_params={"type": "english"},
    )
    schema.add_field("sparse", pymilvus.DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["sparse"]))
    index = client.prepare_index_params("sparse", index_type="AUTOINDEX", metric_type="BM25")
    client.create_collection("docs", schema=schema, index_params=index)
    client.insert("docs", [{"id": 1, "text": "running"}, {"id": 2, "text": "sleeping"}])
    assert client.search("docs", ["runs"])[0].ids == [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": FunctionType.RERANK}, "of type BM25, TEXTEMBEDDING, MINHASH only, got RERANK"),
        ({"inputs": ["text", "id"]}, "reads one field and writes one"),
        ({"inputs": ["id"]}, "field 'id' must be VARCHAR or TEXT, and is INT64"),
        ({"inputs": ["nowhere"]}, "field 'nowhere' must be VARCHAR or TEXT, and does not exist"),
        ({"outputs": ["dense"]}, r"field 'dense' must be SPARSE_FLOAT_VECTOR, and is FLOAT_VECTOR\(dim=2\)"),
        ({"text": {}}, r"its input field 'text' \(VARCHAR\(max_length=9\)\) must have enable_analyzer=True"),
        ({"sparse": {"nullable": True}}, "output field 'sparse' cannot be nullable"),
        ({"params": {"k1": 1}}, "takes no params"),
        (
            {"text": {"enable_analyzer": True, "analyzer_params": {"type": "x"}}},
            "field 'text': 'type' of analyzer",
        ),
        ({"metric": "IP"}, "must be one of BM25, got 'IP'"),
    ],
)
def test_functions_that_cannot_be_are_refused(
    client: MilvusClient, change: dict[str, Any], message: str
) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=9, **change.get("text", {"enable_analyzer": True}))
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR, **change.get("sparse", {}))
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=2)
    kind = change.get("kind", FunctionType.BM25)
    inputs, outputs = change.get("inputs", ["text"]), change.get("outputs", ["sparse"])
    schema.add_function(Function("f", kind, inputs, outputs, params=change.get("params")))
    index = client.prepare_index_params("sparse", metric_type=change.get("metric", "BM25"))
    with pytest.raises(MilvusException, match=message):
        client.create_collection("docs", schema=schema, index_params=index)
    assert client.list_collections() == []


def test_analyzers_belong_to_text(client: MilvusClient) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True, enable_analyzer=True)
    schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
    with pytest.raises(SchemaNotReadyException, match="'id'.*enable_analyzer is not allowed for this field"):
        client.create_collection("docs", schema=schema)


def test_analyzers_can_be_tried(client: MilvusClient) -> None:
    make(client, {"type": "english"})
    text = "Naïve runners"
    assert client.run_analyzer(text).tokens == ["naïve", "runners"]
    assert [str(one) for one in client.run_analyzer([text, ""], {"type": "english"})] == [
        "['naïv', 'runner']",
        "[]",
    ]
    assert client.run_analyzer(text, collection_name="docs", field_name="text").tokens == ["naïv", "runner"]
    detailed = client.run_analyzer(text, '{"tokenizer": "standard"}', with_detail=True)
    assert detailed.tokens[1] == {
        "token": "runners",
        "start_offset": 7,
        "end_offset": 14,
        "position": 1,
        "position_length": 1,
    }
    for bad, message in (
        ({"analyzer_names": "x"}, "name collection and field"),
        ({"collection_name": "docs", "field_name": "id"}, r"\(of 'docs': text\), got 'id'"),
        ({"collection_name": "docs", "analyzer_params": {}}, "got both"),
    ):
        with pytest.raises(ParamError, match=message):
            client.run_analyzer(text, **bad)


def test_tokens_have_milvus_numbers(client: MilvusClient) -> None:
    found = client.run_analyzer("123456789", with_hash=True)
    assert found.tokens == [{"token": "123456789", "hash": 0xCBF43926}]  # the check value of CRC-32
    (token,) = client.run_analyzer("ab", with_hash=True, with_detail=True).tokens
    assert {"hash", "start_offset", "position"} <= token.keys()
    long = client.run_analyzer("a" * 150, with_hash=True).tokens[0]["hash"]
    assert long == client.run_analyzer("a" * 100, with_hash=True).tokens[0]["hash"]
