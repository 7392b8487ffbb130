"""``text_match`` and ``phrase_match``, by themselves and beside tantivy, the library Milvus asks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store_lite.filters import compile_filter

from .rows import MemoryRows
from .schemas import STRICT

TEXTS = [
    "The machine learning textbook",
    "Learning machines: machine deep learning!",
    "robotics, then machine",
    "",
    None,
]


def matching(text: str, texts: list[str | None], params: dict[str, Any] | None = None) -> list[int]:
    table = MemoryRows([{"text": one} for one in texts])
    return np.flatnonzero(compile_filter(text, STRICT, params).mask(table)).tolist()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("text_match(text, 'MACHINE')", [0, 1, 2]),
        ("TEXT_MATCH(text, 'textbook robotics')", [0, 2]),
        ("not text_match(text, 'machine')", [3]),
        ("text_match(text, 'machine learning robotics', minimum_should_match=2)", [0, 1, 2]),
        ("text_match(text, 'machine machine', minimum_should_match=2)", []),
        ("text_match(text, '')", []),
        ("text_match(text, '!?')", []),
        ("text_match(text, {words}) and text is not null", [2]),
        ("phrase_match(text, 'machine learning')", [0]),
        ("phrase_match(text, 'machine learning', 1)", [0, 1]),
        ("phrase_match(text, 'learning machine', 1)", [1]),
        ("phrase_match(text, 'learning machine', 2)", [0, 1]),
        ("phrase_match(text, 'then')", [2]),
        ("phrase_match(text, '')", []),
        ("not phrase_match(text, 'machine learning')", [1, 2, 3]),
    ],
)
def test_words_are_looked_for_as_the_analyzer_cuts_them(text: str, found: list[int]) -> None:
    assert matching(text, TEXTS, {"words": "ROBOTICS x"}) == found


words = st.lists(st.sampled_from("abc"), max_size=7).map(" ".join)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(words, min_size=1, max_size=5),
    st.lists(st.sampled_from("abc"), min_size=2, max_size=3),
    st.integers(0, 3),
)
def test_a_phrase_is_found_where_tantivy_finds_it(texts: list[str], phrase: list[str], slop: int) -> None:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text")
    builder.add_unsigned_field("row", stored=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(15_000_000, 1)
    for row, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=text, row=row))
    writer.commit()
    index.reload()
    query = tantivy.Query.phrase_query(index.schema, "text", list(phrase), slop)
    searcher = index.searcher()
    hits = [address for _, address in searcher.search(query, limit=10).hits]
    theirs = sorted(searcher.doc(address)["row"][0] for address in hits)
    ours = matching(
        "phrase_match(text, {phrase}, {slop})", list(texts), {"phrase": " ".join(phrase), "slop": slop}
    )
    if slop == 0 or len(phrase) == 2:
        assert ours == theirs
    # For more words tantivy adds up moves in an order that depends on how frequent the words are.
    assert set(ours) >= set(theirs)
