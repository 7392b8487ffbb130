"""``membership_match``: what sets of keys that a client has built answer, and which bytes are no such set."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pymilvus
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh64_intdigest

from milvus_store_lite.filters import FilterError, compile_filter
from milvus_store_lite.filters.evaluation import bloom, roaring, xxh64

from .key_sets import array, bitmap, bits, bloom_of, count, part, roaring_of, runs
from .schemas import DYNAMIC
from .test_meaning import matching

BLOOM: bytes = bloom_of([1, 2, -3])
WORDS: bytes = bloom_of(["a", "漢字"])
ROARING: bytes = roaring_of([1, 2, -3])

INT64 = st.integers(-(2**63), 2**63 - 1)
NEIGHBOURS = st.tuples(INT64, st.integers(1, 9_000), st.integers(1, 3)).map(
    lambda chosen: range(max(chosen[0] - chosen[1], -(2**63)), chosen[0], chosen[2])
)
"""Runs, and containers of more than 4,096 values."""


def test_hashes_are_those_of_xxhash() -> None:
    numbers = np.array([0, 1, -1, 2**63 - 1, -(2**63), 7**20], dtype=np.int64)
    assert xxh64.of_integers(numbers).tolist() == [
        xxh64_intdigest(struct.pack("<q", number)) for number in numbers.tolist()
    ]
    small = np.array([-128, 127], dtype=np.int8)
    assert xxh64.of_integers(small).tolist() == xxh64.of_integers(small.astype(np.int64)).tolist()


@given(st.lists(st.one_of(NEIGHBOURS, st.lists(INT64, max_size=5)), max_size=4), st.data())
def test_a_roaring_bitmap_has_its_keys_and_no_others(parts: list[Any], data: Any) -> None:
    keys = {key for part in parts for key in part}
    found = roaring.read_roaring(roaring_of(keys))
    known = sorted(keys)[:: max(1, len(keys) // 50)]
    near = [key + step for key in known for step in (-1, 1, 2**16, 2**32) if key + step < 2**63 - 1]
    asked = [*known, *(key for key in near if key >= -(2**63)), *data.draw(st.lists(INT64, max_size=9))]
    assert found.holds_integers(np.array(asked, dtype=np.int64)).tolist() == [key in keys for key in asked]


@given(st.lists(INT64, max_size=200), st.lists(st.text(), max_size=50))
def test_a_bloom_filter_has_its_keys(numbers: list[int], words: list[str]) -> None:
    found = bloom.read_bloom(bloom_of(numbers, blocks=4))
    assert found.holds_integers(np.array(numbers, dtype=np.int64)).all()
    assert bloom.read_bloom(bloom_of(words, blocks=4)).holds_words(words).all()


@pytest.mark.skipif(
    not hasattr(pymilvus, "build_bloom_filter"), reason="this pymilvus builds no sets of keys"
)
def test_sets_of_keys_are_those_of_pymilvus() -> None:
    numbers = [*range(-50, 100_000, 7), *range(2**40, 2**40 + 70_000), 2**63 - 1, -(2**63)]
    words = [str(number) for number in numbers]
    asked = np.array([number + step for number in numbers[:-2] for step in (0, 1)], dtype=np.int64)
    ours, theirs = map(roaring.read_roaring, (roaring_of(numbers), pymilvus.build_roaring_bitmap(numbers)))
    assert ours.holds_integers(asked).tolist() == theirs.holds_integers(asked).tolist()
    theirs_of_words = bloom.read_bloom(pymilvus.build_bloom_filter(words))
    assert theirs_of_words.holds_words(words).all()
    same_size = bloom.read_bloom(bloom_of(words, blocks=len(theirs_of_words.words) // 8))
    assert np.array_equal(same_size.words, theirs_of_words.words)


def test_a_bloom_filter_has_few_others() -> None:
    found = bloom.read_bloom(bloom_of(range(10_000), blocks=512))
    assert found.holds_integers(np.arange(10_000, 110_000)).mean() < 0.01
    named = bloom.read_bloom(bloom_of(map(str, range(10_000)), blocks=512))
    assert named.holds_words([str(key) for key in range(10_000, 110_000)]).mean() < 0.01


ROWS = [
    {"big": 1, "tiny": -3, "name": "a", "meta": {"k": 1}, "$meta": {"color": "漢字"}},
    {"big": 4, "tiny": 2, "name": "漢字", "meta": {"k": "a"}},
    {"meta": {"k": 1.0}, "$meta": {"color": 5}},
    {"meta": {"k": None}},
    {"meta": {"k": [1]}},
    {"meta": {"k": 2**63}},
]


@pytest.mark.parametrize(
    ("text", "keys", "found"),
    [
        ("membership_match(big, {keys})", BLOOM, [0]),
        ("membership_match(big, {keys}, type=bloom)", BLOOM, [0]),
        ("membership_match(tiny, {keys}, type=BLOOM)", BLOOM, [0, 1]),
        ("not membership_match(big, {keys})", BLOOM, [1]),
        ("MEMBERSHIP_MATCH(name, {keys})", WORDS, [0, 1]),
        ("membership_match(meta['k'], {keys})", BLOOM, [0]),
        ("membership_match(meta['k'], {keys})", WORDS, [1]),
        # As in Milvus, a float is no key, and where there is neither a number nor a string no answer is known.
        ("not membership_match(meta['k'], {keys})", BLOOM, [1, 2, 5]),
        ("membership_match(color, {keys})", WORDS, [0]),
        ("membership_match($meta['color'], {keys})", WORDS, [0]),
        ("not membership_match(color, {keys})", WORDS, [2]),
        ("membership_match(meta, {keys})", BLOOM, []),
        ("membership_match(big, {keys}, type=roaring)", ROARING, [0]),
        ("membership_match(tiny, {keys})", ROARING, [0, 1]),
        ("not membership_match(big, {keys})", ROARING, [1]),
        ("membership_match(big, {keys}) or name == '漢字'", ROARING, [0, 1]),
        ("membership_match(big, {keys})", roaring_of([]), []),
        ("not membership_match(big, {keys})", bloom_of([]), [0, 1]),
        ("not membership_match(name, {keys})", bloom_of([]), [0, 1]),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_rows_that_have_a_key_match(text: str, keys: bytes, found: list[int]) -> None:
    assert matching(text, ROWS, {"keys": keys}) == found


def test_a_whole_document_may_be_the_value() -> None:
    assert matching("membership_match(meta, {keys})", [{"meta": 1}, {"meta": "1"}], {"keys": BLOOM}) == [0]


def test_integers_and_words_of_the_same_bytes_are_different_keys() -> None:
    word = "ABCDEFGH"
    (number,) = struct.unpack("<q", word.encode())
    rows = [{"meta": {"k": number}}, {"meta": {"k": word}}]
    for key, found in ((number, [0]), (word, [1])):
        keys = bloom_of([key])
        assert matching("membership_match(meta['k'], {keys})", rows, {"keys": keys}) == found


def test_the_type_may_be_the_name_of_a_field_too() -> None:
    rows = [{"$meta": {"type": 1}}, {"$meta": {"type": 4}}]
    assert matching("membership_match(type, {keys}, type=bloom)", rows, {"keys": BLOOM}) == [0]


@pytest.mark.parametrize(
    ("text", "keys", "message"),
    [
        (
            "membership_match(big, «[1, 2])",
            BLOOM,
            "takes a template, {keys}: the bytes of pymilvus.build_bloom",
        ),
        (
            "membership_match(big, «{keys})",
            [1, 2],
            "'keys' must be the bytes of pymilvus.build_bloom_filter()",
        ),
        ("membership_match(big, «{keys})", b"MXF1" + BLOOM[4:], "of another format"),
        ("membership_match(big, «{keys})", b"", "got 0 bytes of another format"),
        ("membership_match(big, «{nothing})", BLOOM, "no value is given for template 'nothing'"),
        ("«membership_match(big)", BLOOM, "takes 2 arguments, got 1"),
        ("membership_match(big, {keys}, type=«roaring)", BLOOM, "the bytes are a bloom filter"),
        ("membership_match(big, {keys}, type=«cuckoo)", BLOOM, "is bloom or roaring"),
        ("membership_match(big, {keys}, type=«'bloom')", BLOOM, "is bloom or roaring"),
        ("membership_match(big, {keys}, threshold=«1)", BLOOM, "no option 'threshold'"),
        ("text_match(text, 'a', type=«bloom)", BLOOM, "text_match has no option 'type'"),
        (
            "membership_match(«flag, {keys})",
            BLOOM,
            "needs an integer or VARCHAR field, or a JSON path, got field 'f",
        ),
        ("membership_match(«ranks[0], {keys})", BLOOM, "got element ranks[0]"),
        ("membership_match(«chunks[page], {keys})", BLOOM, "got field 'chunks'"),
        ("membership_match(big «+ 1, {keys})", BLOOM, "got a calculated number"),
        ("membership_match(«name, {keys})", BLOOM, "the keys are integers, which field 'name'"),
        ("membership_match(«big, {keys})", WORDS, "the keys are strings, which field 'big'"),
        ("membership_match(«name, {keys})", ROARING, "for integer fields, got field 'name'"),
        ("membership_match(«meta['k'], {keys})", ROARING, "for integer fields, got JSON path"),
        ("match_any(ranks, «membership_match($, {keys}))", BLOOM, "not about the elements of an array"),
        ("big in «{keys}", BLOOM, "bytes are for membership_match"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_error_says_what_is_expected(text: str, keys: Any, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text.replace("«", ""), DYNAMIC, {"keys": keys})
    assert message in caught.value.message
    assert caught.value.column == text.index("«") + 1


def _with(blob: bytes, at: int, form: str, value: int) -> bytes:
    return blob[:at] + struct.pack(form, value) + blob[at + struct.calcsize(form) :]


def _array(*values: int, high: int = 0, low: int = 0, card: int | None = None) -> bytes:
    described = [(low, len(values) if card is None else card)]
    return part(high, array(*values), described=described, runs=[False])


def _runs(*pairs: tuple[int, int], card: int) -> bytes:
    return part(0, runs(*pairs), described=[(0, card)], runs=[True])


FULL = part(0, bits(range(5000)), described=[(0, 5000)], runs=[False])


def test_what_the_faults_below_are_made_of_is_sound() -> None:
    for blob, keys in (
        (bitmap(count(1), _array(3, 9), keys=2), {3, 9}),
        (bitmap(count(2), _array(3), _array(1, high=2), keys=2), {3, (2 << 32) + 1}),
        (bitmap(count(1), _runs((2, 1), (4, 0), card=3), keys=3), {2, 3, 4}),
        (bitmap(count(1), FULL, keys=5000), set(range(5000))),
        (bitmap(count(1), struct.pack("<III", 7, 12346, 0), keys=0), set()),
    ):
        asked = [*range(6000), 2 << 32, (2 << 32) + 1, 1 << 16, 7 << 32]
        found = roaring.read_roaring(blob).holds_integers(np.array(asked))
        assert found.tolist() == [key in keys for key in asked]


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (BLOOM[:31], "header of 32 bytes, got 31"),
        (_with(BLOOM, 4, "<H", 2), "version 1 is read here, got version 2"),
        (_with(BLOOM, 6, "<H", 2), "algorithm 1"),
        (_with(BLOOM, 24, "<I", 2), "2 blocks in 32 bytes"),
        (_with(BLOOM, 24, "<I", 0), "0 blocks in 32 bytes"),
        (_with(BLOOM, 24, "<I", 3) + bytes(64), "3 blocks in 96 bytes"),
        (_with(BLOOM, 28, "<B", 4), "integers (1), words (2) or both"),
        (_with(BLOOM, 31, "<B", 1), "and then zeros"),
        (BLOOM + b"\0", "1 blocks in 33 bytes"),
        (BLOOM[:32], "1 blocks in 0 bytes"),
        (ROARING[:31], "header of 32 bytes, got 31"),
        (_with(ROARING, 4, "<H", 0), "version 1 is read here, got version 0"),
        (_with(ROARING, 6, "<H", 9), "format 1"),
        (_with(ROARING, 8, "<Q", 4), "says that it has 4 keys, and has 3"),
        (_with(ROARING, 16, "<Q", 2**63), "and has"),
        (_with(ROARING, 24, "<Q", 1), "ends with a zero, got 1"),
        (ROARING + b"\0", "and has"),
        (bitmap(count(2**63), keys=0), "at most 262144 different upper halves"),
        (bitmap(count(200_000), keys=0), "cut off: 8 bytes are expected"),
        (bitmap(b"\0", keys=0), "cut off: 8 bytes are expected"),
        (bitmap(count(0), b"\0", keys=0), "ends after 8 of its 9 bytes"),
        (bitmap(count(1), struct.pack("<II", 0, 5), keys=0), "begins with 12346 or 12347, got 5"),
        (bitmap(count(1), struct.pack("<III", 0, 12346, 2**31), keys=0), "at most 65536 containers"),
        (bitmap(count(1), struct.pack("<III", 0, 12346, 65536), keys=0), "cut off: 262144 bytes"),
        (bitmap(count(1), struct.pack("<IHH", 0, 12347, 65535), keys=0), "cut off: 8192 bytes"),
        (bitmap(count(1), _array(1, 2, card=3), keys=3), "cut off: 6 bytes"),
        (bitmap(count(1), _array(2, 2), keys=2), "not in order"),
        (bitmap(count(1), _array(2, 1), keys=2), "not in order"),
        (
            bitmap(count(2), _array(1), _array(1), keys=2),
            "upper halves of the Roaring bitmap are not in order",
        ),
        (bitmap(count(1), _runs((2, 3), (5, 1), card=6), keys=6), "not in order"),
        (bitmap(count(1), _runs((65535, 1), card=2), keys=2), "not in order"),
        (bitmap(count(1), _runs((1, 1), card=3), keys=3), "more or fewer keys than it says"),
        (bitmap(count(1), _runs(card=1), keys=1), "has none"),
        (bitmap(count(1), _runs((1, 1), card=2)[:-2], keys=2), "cut off: 4 bytes"),
        (bitmap(count(1), FULL[:-1] + b"\1", keys=5000), "has 5001 keys instead of 5000"),
        (bitmap(count(1), FULL[:-1], keys=5000), "cut off: 8192 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bytes_that_are_no_set_of_keys_are_refused(blob: bytes, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter("membership_match(big, {keys})", DYNAMIC, {"keys": blob})
    assert message in caught.value.message


def test_containers_that_are_not_in_order_are_refused() -> None:
    described = struct.pack("<IIIHHHHII", 0, 12346, 2, 1, 0, 1, 0, 24, 26)
    blob = bitmap(count(1), described + struct.pack("<HH", 1, 2), keys=2)
    with pytest.raises(ValueError, match="containers of the Roaring bitmap are not in order"):
        roaring.read_roaring(blob)


def test_sets_of_keys_have_a_bound() -> None:
    with pytest.raises(ValueError, match="at most 67108864 bytes"):
        bloom.read_bloom(BLOOM + bytes(64 << 20))
    with pytest.raises(ValueError, match="at most 67108864 bytes"):
        roaring.read_roaring(ROARING + bytes(64 << 20))
    many = struct.pack("<III", 0, 12346, 60_000)
    with pytest.raises(ValueError, match="may unpack to 67108864 bytes"):
        roaring.read_roaring(bitmap(count(1), many, bytes(63 << 20), keys=0))


@given(st.data())
def test_a_damaged_set_is_refused_or_answers(data: Any) -> None:
    """No byte of a set leads outside of it, or to an error of another kind."""
    whole = data.draw(
        st.sampled_from([BLOOM, ROARING, bitmap(count(1), _runs((2, 3), (9, 1), card=6), keys=6)])
    )
    damaged = bytearray(whole)
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(4, len(whole) - 1), st.integers(0, 255)), max_size=3)
    ):
        damaged[at] = value
    read = bloom.read_bloom if whole is BLOOM else roaring.read_roaring
    try:
        found = read(bytes(damaged[: data.draw(st.integers(0, len(whole)))]))
    except ValueError:
        return
    assert found.holds_integers(np.arange(-5, 99_999)).dtype == np.bool_
