from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

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
        (("search", "docs", "[1, 2"), "VECTOR must be a JSON list"),
        (("search", "docs", "5"), "VECTOR must be a JSON list"),
        (("search", "docs", '["a", "b"]'), "numbers"),
        (("search", "docs", "[1, 2]", "--anns-field", "title"), "'title' is no vector field"),
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
