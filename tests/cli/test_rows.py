from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient

from .conftest import Run


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_query_prints_rows_without_vectors(run: Run, file: Path) -> None:
    outcome = run("query", file, "docs", "year in [1993, 1995]")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (
        '{"id": 3, "title": "título 3", "year": 1993}\n{"id": 5, "title": "título 5", "year": 1995}\n'
    )


def test_query_prints_the_fields_asked_for(run: Run, file: Path) -> None:
    assert lines(run("query", file, "docs", "id == 3", "--fields", "vector, year").out) == [
        {"id": 3, "vector": [3.0, 1.0], "year": 1993}
    ]
    assert lines(run("query", file, "docs", "id == 3", "--fields", "*").out) == [
        {"id": 3, "vector": [3.0, 1.0], "title": "título 3", "year": 1993}
    ]


def test_query_takes_an_empty_filter_and_a_limit(run: Run, file: Path) -> None:
    assert [row["id"] for row in lines(run("query", file, "docs", "", "--limit", 3).out)] == [0, 1, 2]
    assert len(lines(run("query", file, "docs", "").out)) == 20


def test_query_counts(run: Run, file: Path) -> None:
    assert run("query", file, "docs", "id > 3", "--fields", "count(*)").out == '{"count(*)": 16}\n'
    assert run("query", file, "docs", "", "--fields", "count(*)").out == '{"count(*)": 20}\n'


def test_query_as_one_json_list(run: Run, file: Path) -> None:
    assert json.loads(run("query", file, "docs", "id < 2", "--fields", "id", "--json").out) == [
        {"id": 0},
        {"id": 1},
    ]


def test_search_prints_the_nearest_first(run: Run, file: Path) -> None:
    outcome = run("search", file, "docs", "[7, 1]", "--limit", 2, "--filter", "id != 7")
    assert (outcome.code, outcome.err) == (0, "")
    assert lines(outcome.out) == [
        {"id": 6, "distance": 1.0, "entity": {"id": 6, "title": "título 6", "year": 1996}},
        {"id": 8, "distance": 1.0, "entity": {"id": 8, "title": "título 8", "year": 1998}},
    ]
    (hit,) = lines(run("search", file, "docs", "[7, 1]", "--limit", 1, "--fields", "vector").out)
    assert hit == {"id": 7, "distance": 0.0, "entity": {"vector": [7.0, 1.0]}}


def test_search_reads_the_vector_from_standard_input(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("[7, 1]"))
    (hit,) = lines(run("search", file, "docs", "-", "--limit", 1, "--fields", "").out)
    assert hit == {"id": 7, "distance": 0.0, "entity": {}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("query", "dogs", "id > 1"), "'dogs'"),
        (("query", "docs", "id > 1", "--limit", "0"), "limit"),
        (("query", "empty", "id > 1"), "not loaded"),
        (("search", "docs", "[1, 2, 3]"), "dimension"),
        (("search", "docs", "[1, 2"), "QUERY is not JSON"),
        (("search", "docs", "5"), "a text is searched in a full text field"),
        (("search", "docs", '["a", "b"]'), "numbers"),
        (("search", "docs", "[[1, 2], [3, 4]]"), "one vector"),
        (("search", "docs", "[" * 100_000), "QUERY is not JSON"),
        (("search", "docs", '{"a": 1}'), "whole numbers"),
        (("search", "docs", ""), "QUERY is empty"),
        (("search", "docs", "@/absent/query.json"), "cannot be read"),
        (("search", "docs"), "either QUERY or --id"),
        (("search", "docs", "[1, 2]", "--id", "3"), "either QUERY or --id"),
        (("search", "docs", "--id", "three"), "INT64"),
        (("search", "docs", "--id", "999"), "999"),
        (("search", "docs", "[1, 2]", "--anns-field", "title"), "'title' is not a vector field"),
        (("search", "docs", "[1, 2]", "--filter", "nope nope"), "column 6"),
    ],
)
def test_mistakes_are_one_message(run: Run, file: Path, arguments: tuple[str, ...], message: str) -> None:
    command, *others = arguments
    outcome = run(command, file, *others)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("milvus-store: error: ")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


@pytest.fixture
def varied(path: Path) -> Path:
    """A file whose collection ``varied`` has a vector of each kind, and texts."""
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("key", DataType.VARCHAR, max_length=9, is_primary=True)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("text", DataType.VARCHAR, max_length=99, enable_analyzer=True)
        schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, "text", "words"))
        index = client.prepare_index_params("dense", index_type="FLAT", metric_type="L2")
        index.add_index("sparse", index_type="AUTOINDEX", metric_type="IP")
        index.add_index("words", index_type="AUTOINDEX", metric_type="BM25")
        client.create_collection("varied", schema=schema, index_params=index)
        texts = ["red shoes", "blue hat", "2024 calendar"]
        client.insert(
            "varied",
            [{"key": f"k{i}", "dense": [i, 1], "sparse": {i: 1.0}, "text": texts[i]} for i in range(3)],
        )
    return path


def test_search_takes_what_each_kind_of_field_is_searched_by(run: Run, varied: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "query.npy", np.array([2, 1], dtype=np.float32))
    (tmp_path / "query.json").write_text('{"1": 0.5}')
    (tmp_path / "query.txt").write_text("a red thing\n")
    for query, key in (
        (["[0.1, 1]"], "k0"),
        (["[[0.1, 1]]"], "k0"),
        (['{"1": 0.5}'], "k1"),
        (["red hat shoes"], "k0"),
        (["2024"], "k2"),
        (['"blue"'], "k1"),
        ([f"@{tmp_path / 'query.npy'}"], "k2"),
        ([f"@{tmp_path / 'query.json'}"], "k1"),
        ([f"@{tmp_path / 'query.txt'}"], "k0"),
        (["--id", "k1", "--anns-field", "dense"], "k1"),
    ):
        outcome = run("search", varied, "varied", *query, "--limit", 1, "--fields", "")
        assert (outcome.code, outcome.err) == (0, ""), query
        assert lines(outcome.out)[0]["key"] == key, query


def test_search_by_a_row_finds_itself_first(run: Run, file: Path) -> None:
    found = lines(run("search", file, "docs", "--id", 7, "--limit", 2, "--fields", "").out)
    assert found[0] == {"id": 7, "distance": 0.0, "entity": {}}


def test_a_binary_vector_is_given_by_its_bits(run: Run, path: Path) -> None:
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("bits", DataType.BINARY_VECTOR, dim=8)
        index = client.prepare_index_params("bits", index_type="BIN_FLAT", metric_type="HAMMING")
        client.create_collection("bits", schema=schema, index_params=index)
        client.insert("bits", [{"id": 1, "bits": b"\x0f"}, {"id": 2, "bits": b"\xf0"}])
    (hit,) = lines(run("search", path, "bits", "[1,1,1,1,0,0,0,0]", "--limit", 1, "--fields", "").out)
    assert (hit["id"], hit["distance"]) == (2, 0.0)
    assert "0 and 1" in run("search", path, "bits", "[1,1,1,1,0,0,0,5]").err


def test_a_missing_extra_is_an_error_with_its_pip_line(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ImportError("this needs a package: pip install 'milvus-store[text]'")

    monkeypatch.setattr(MilvusClient, "search", fails)
    outcome = run("search", file, "docs", "[1, 2]")
    assert (outcome.code, outcome.err) == (
        2,
        "milvus-store: error: this needs a package: pip install 'milvus-store[text]'\n",
    )
