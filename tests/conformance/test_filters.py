"""One table of expressions, answered by Milvus Lite through pymilvus and by this engine, on the same rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pymilvus
import pytest

from milvus_store import MilvusClient
from milvus_store.errors import FilterError

from .filter_table import EXPRESSIONS, ROWS, schema_of

pytestmark = [
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(sys.platform == "win32", reason="Milvus Lite does not run on Windows"),
]

# Where the two answer differently, the Milvus documentation decides; docs/filters.md tells what it says.
DIFFERENT = {
    "a JSON path that is missing, or of another type, satisfies !=": [
        'doc["a"] != 4',
        'doc["b"]["c"] != "x"',
        "size != 4",
        '$meta["color"] != "red"',
        'not (doc["a"] == 4)',
        'not (doc["a"] < 4)',
        'not (doc["a"] >= 4)',
    ],
    "a null is unknown, also under not in": [
        "n64 not in [0]",
        "word not in ['red']",
    ],
    "dividing integers gives an integer": [
        "n8 / 2 == 1",
        "n8 / 2 == -1",
    ],
    "a point on the boundary is not within; a null is unknown, also under not": [
        "st_within(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')",
        "not st_within(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')",
    ],
}
ONLY_LITE_ANSWERS = [
    "flag > true",
    "text_match(word, 'red')",
    "n8 / 0 == 1",
    "n8 == 1 == true",
]
ONLY_WE_ANSWER = [
    "n8 == 0x3",
    "n8 == 0b11",
    "n8 == +3",
    "f == .5",
    "f == 1.",
    "f == 0x1.8p0",
    "word == 'na\\u00efve caf\\u00e9'",
    'word == "\\x72ed"',
    'doc["a"] in [0, 4, "text"]',
    'doc["a"] not in [0]',
    "1 < n8 < 5",
    "1 <= n8 <= 5",
    "5 > n8 >= 1",
    "0.1 < d <= 0.5",
    "'a' <= word < 'r'",
    '1 < doc["a"] < 9',
    "1 < size <= 7",
    "word like 'a\\%b%'",
    "word like 'a\\%b\\_c'",
    "word =~ 'r.d'",
    "word !~ 'r.d'",
    "word =~ '^red$'",
    'doc["a"] =~ "t.x"',
    'word =~ r"\\s"',
    "n8 % 2 == 0",
    "n8 % 3 == -1",
    "n8 ** 2 == 4",
    "(n8 & 1) == 1",
    "(n8 | 1) == 3",
    "(n8 ^ 1) == 2",
    "n8 << 1 == 4",
    "n8 >> 1 == 1",
    "~n8 == 2",
    "array_length(ranks) in [0, 1]",
    "ranks == [0, 1]",
    "ranks != [0, 1]",
    "ranks[0] in [0]",
    'array_length(doc["list"]) == 3',
    "text_match(text, 'quick fox', minimum_should_match=2)",
    "phrase_match(text, 'quick brown')",
    "phrase_match(text, 'brown quick', 2)",
    "phrase_match(text, 'quick fox', 1)",
    "moment + interval 'P1M' > ISO '2025-02-05T00:00:00Z'",
    "moment > ISO '2025-01-05T00:00:00'",
    "moment > ISO '2025-01-05 00:00:00'",
    "ISO '2025-01-02T00:00:00Z' < moment <= ISO '2025-01-05T12:00:00Z'",
    "phrase_match(text, 'brown the quick', 3)",
    "st_equals(place, 'POINT (4 1)')",
    "st_touches(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')",
    "match_any(ranks, $ > 1)",
    "match_all(ranks, $ >= 0)",
    "element_filter(ranks, $ == 2)",
    "word == r'red'",
    'word == u8"red"',
    "word == L'red'",
    "word == 're\\144'",
    '5 >= doc["a"] > 1',
    "0 <= ranks[0] < 2",
    "[0, 1] == ranks",
    "text_match_fuzzy(text, 'qiuck', max_edit_distance=1)",
    "TEXT_MATCH_FUZZY(text, 'lasy foxs', MAX_EDIT_DISTANCE=1)",
    "not text_match_fuzzy(text, 'dog', max_edit_distance=0)",
    "empty(word)",
    "starts_with(word, 're')",
    "STARTS_WITH(word, 'a%')",
    "st_overlaps(place, 'POLYGON ((0 0, 5 0, 5 5, 0 5, 0 0))')",
    "st_crosses(place, 'LINESTRING (0 0, 5 5)')",
    "match_least(ranks, $ > 0, threshold=2)",
    "match_most(ranks, $ > 0, threshold=1)",
    "MATCH_EXACT(ranks, 0 < $ < 3, THRESHOLD=1)",
    "match_any(tags, $ like 'r%')",
    'match_any(doc["list"], $ == 1 or $ == "q")',
    'match_all(doc["list"], $ in [1, 2, 4])',
    "n8 > 100 and random_sample(0.5)",
    "nope",
]


def answer(client: Any, text: str) -> list[int] | None:
    """The ids of the rows that match, None if the expression is refused."""
    try:
        return sorted(row["id"] for row in client.query("c", text, output_fields=["id"], limit=100))
    except (FilterError, pymilvus.MilvusException):
        return None


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Any, Any]]]:
    """Both answers to each expression, Milvus Lite's first."""
    folder = tmp_path_factory.mktemp("filters")
    theirs, ours = pymilvus.MilvusClient(str(folder / "lite.db")), MilvusClient(folder / "ours.db")
    for client in (theirs, ours):
        index = client.prepare_index_params()
        index.add_index("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("c", schema=schema_of(client), index_params=index)
        client.load_collection("c")
        client.insert("c", ROWS)
    yield {text: (answer(theirs, text), answer(ours, text)) for text in EXPRESSIONS}
    ours.close()
    theirs.close()


def test_the_table_is_large_and_mostly_answered_by_both(answers: dict[str, tuple[Any, Any]]) -> None:
    assert len(answers) >= 200
    assert sum(None not in pair for pair in answers.values()) >= 200


def test_only_the_listed_expressions_are_answered_differently(answers: dict[str, tuple[Any, Any]]) -> None:
    differing = {text for text, (one, other) in answers.items() if None not in (one, other) and one != other}
    assert differing == {text for texts in DIFFERENT.values() for text in texts}


def test_only_the_listed_expressions_are_answered_by_one_alone(answers: dict[str, tuple[Any, Any]]) -> None:
    assert {text for text, (one, other) in answers.items() if one is not None and other is None} == {
        *ONLY_LITE_ANSWERS
    }
    assert {text for text, (one, other) in answers.items() if one is None and other is not None} == {
        *ONLY_WE_ANSWER
    }
