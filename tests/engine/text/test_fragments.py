"""The parts of a text around marked words, beside rules that are tried character by character."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milvus_store_lite import Token, analyzer
from milvus_store_lite.text.fragments import fragments

TEXT = "one two three four five six seven"


def marked(
    words: str,
    text: str = TEXT,
    *,
    offset: int = 0,
    size: int = 100,
    most: int = 5,
    before: tuple[str, ...] = ("<",),
    after: tuple[str, ...] = (">",),
) -> list[str]:
    tokens = analyzer().positioned(text)
    return fragments(
        text, tokens, set(words.split()), tags=(before, after), offset=offset, size=size, most=most
    )


@pytest.mark.parametrize(
    ("words", "shape", "found"),
    [
        ("three", {}, ["<three> four five six seven"]),
        ("three", {"offset": 4}, ["two <three> four five six seven"]),
        ("three", {"offset": 400, "size": 5}, ["one two <three>"]),
        ("three", {"size": 7}, ["<three> f"]),
        ("three", {"size": 1}, ["<three>"]),
        ("one five", {"size": 6}, ["<one> tw", "<five> s"]),
        ("one two", {"size": 4}, ["<one> <two>"]),
        ("one three", {"size": 7}, ["<one> two", "<three> f"]),
        ("one three", {"size": 8}, ["<one> two <three>"]),
        ("one three five seven", {"size": 3, "most": 2}, ["<one>", "<three>"]),
        ("one", {"most": 0}, []),
        ("none", {}, []),
        ("seven", {"size": 100}, ["<seven>"]),
        (
            "one two three",
            {"before": ("<", "["), "after": (">", "]")},
            ["<one> [two] <three> four five six seven"],
        ),
        (
            "one two three",
            {"before": ("<", "["), "after": (">",)},
            ["<one> [two> <three> four five six seven"],
        ),
        ("one six", {"before": ("<", "["), "size": 3}, ["<one>", "<six>"]),
    ],
)
def test_a_fragment_begins_at_a_word_and_takes_in_those_that_begin_in_it(
    words: str, shape: dict[str, object], found: list[str]
) -> None:
    assert marked(words, **shape) == found  # type: ignore[arg-type]


def test_offsets_are_characters() -> None:
    assert marked("café", "naïve café 東京", size=6) == ["<café> 東"]


def test_words_that_overlap_are_marked_as_one() -> None:
    tokens = [Token("北", 0, 1, 0), Token("北京", 0, 2, 0), Token("京", 1, 2, 1), Token("大学", 2, 4, 2)]
    tags = (("<",), (">",))
    for words, found in (
        ({"北京"}, "<北京>大学"),
        ({"北", "京"}, "<北京>大学"),
        ({"大学", "北"}, "<北>京<大学>"),
    ):
        assert fragments("北京大学", tokens, words, tags=tags, offset=0, size=9, most=5) == [found]


def by_rules(text: str, words: set[str], offset: int, size: int, most: int) -> list[str]:
    """Words of one letter, between spaces."""
    places = [at for at, letter in enumerate(text) if letter in words]
    found: list[tuple[int, int, list[int]]] = []
    for at in places:
        if found and at <= found[-1][1]:
            start, end, inside = found[-1]
            found[-1] = start, max(end, at + 1), [*inside, at]
        elif len(found) == most:
            break
        else:
            start = max(0, at - offset)
            found.append((start, min(len(text), max(start + size, at + 1)), [at]))
    return [
        "".join(f"<{text[at]}>" if at in inside else text[at] for at in range(start, end))
        for start, end, inside in found
    ]


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from("abcd"), max_size=20).map(" ".join),
    st.sets(st.sampled_from("abcd")),
    st.integers(0, 9),
    st.integers(1, 9),
    st.integers(0, 4),
)
def test_fragments_are_those_of_the_rules(
    text: str, words: set[str], offset: int, size: int, most: int
) -> None:
    assert marked(" ".join(words), text, offset=offset, size=size, most=most) == by_rules(
        text, words, offset, size, most
    )
