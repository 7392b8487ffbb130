"""Text to tree: literals, precedence, and how long or deep a text may be."""

from __future__ import annotations

import threading
import time

import pytest

from milvus_store_lite.filters import (
    MAX_DEPTH,
    MAX_TEXT_LENGTH,
    And,
    Arithmetic,
    Call,
    Compare,
    Element,
    Exists,
    FilterError,
    In,
    Instant,
    Interval,
    IsNull,
    Like,
    ListOf,
    Literal,
    Member,
    Name,
    Not,
    Or,
    Path,
    Range,
    Regex,
    Template,
    Unary,
    parse,
)
from milvus_store_lite.filters.syntax.lists import item_column

A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("42", 42),
        ("052", 42),
        ("0x2A", 42),
        ("0b101010", 42),
        ("-9223372036854775808", -(2**63)),
        ("+ 7", 7),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("2e-3", 0.002),
        ("0x1.8p1", 3.0),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        (r'"a\"b"', 'a"b'),
        (r"'a\'b'", "a'b"),
        (r"'\n\t\\\x41\101é\U0001F600'", "\n\t\\AA\u00e9\U0001f600"),
        (r"'100\%'", r"100\%"),
        (r'r"a\nb"', r"a\nb"),
        (r"R'it\'s'", r"it\'s"),
        ("''", ""),
    ],
)
def test_a_literal_stands_for_its_value(text: str, value: object) -> None:
    tree = parse(f"a == {text}")
    assert isinstance(tree, Compare)
    assert isinstance(tree.right, Literal)
    assert tree.right.value == value
    assert type(tree.right.value) is type(value)
    assert parse(f"a in [{text}]") == In(A, ListOf.of([value]))
    assert parse(f"a in [{text}, b]") == In(A, ListOf((tree.right, B)))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a == 1", Compare("==", A, Literal(1))),
        ("a or b and c", Or((A, And((B, C))))),
        ("a || b && c", Or((A, And((B, C))))),
        ("(a OR b) AND c", And((Or((A, B)), C))),
        ("not a == b", Not(Compare("==", A, B))),
        ("!a && b", And((Not(A), B))),
        ("not not a", Not(Not(A))),
        ("1 < a <= 5", Range(Literal(1), "<", A, "<=", Literal(5))),
        ("5 >= a['x'] > 1", Range(Literal(5), ">=", Path("a", ("x",)), ">", Literal(1))),
        ("a + b * c", Arithmetic("+", A, Arithmetic("*", B, C))),
        ("a - b - c", Arithmetic("-", Arithmetic("-", A, B), C)),
        ("-a ** 2", Unary("-", Arithmetic("**", A, Literal(2)))),
        ("a ** -b", Arithmetic("**", A, Unary("-", B))),
        ("a < b == c", Compare("==", Compare("<", A, B), C)),
        ("a in [1, -2, 'x', true,]", In(A, ListOf.of([1, -2, "x", True]))),
        ("a in [ ]", In(A, ListOf(()))),
        (
            "a not\n in [{b}, 1 + 1]",
            In(A, ListOf((Template("b"), Arithmetic("+", Literal(1), Literal(1)))), True),
        ),
        ("a NOT IN {ids}", In(A, Template("ids"), negated=True)),
        ("a like 'x%'", Like(A, Literal("x%"))),
        ("a is null", IsNull(A)),
        ("a IS  NOT NULL", IsNull(A, negated=True)),
        ("$meta['k'][0][\"é\"]", Path("$meta", ("k", 0, "é"))),
        ("a [ 'k' ]", Path("a", ("k",))),
        ("index_in == orange", Compare("==", Name("index_in"), Name("orange"))),
        ("is is null", IsNull(Name("is"))),
        ("a & b | c ^ d == 1", parse("(a & b) | (c ^ (d == 1))")),
        ("a << 1 + b >> c in [1]", parse("((a << (1 + b)) >> c) in [1]")),
        ("a == b & 1", Arithmetic("&", Compare("==", A, B), Literal(1))),
        ("~a ** 2 * b", parse("(~(a ** 2)) * b")),
        ("not a | b", Not(Arithmetic("|", A, B))),
        ("a =~ 'x' or a !~ r'\\d'", Or((Regex(A, Literal("x")), Regex(A, Literal(r"\d"), negated=True)))),
        ("not exists a['b']", Not(Exists(Path("a", ("b",))))),
        ("EXISTS a and b", And((Exists(A), B))),
        ("iso == interval", Compare("==", Name("iso"), Name("interval"))),
        ("a + INTERVAL 'P1D' < ISO \"x\"", Compare("<", Arithmetic("+", A, Interval("P1D")), Instant("x"))),
        ("f(a, [1, 2], b)", Call("f", (A, ListOf.of([1, 2]), B))),
        ("TEXT_MATCH(a, 'x', minimum_should_match=2)", parse("text_match(a, 'x', MINIMUM_SHOULD_MATCH=2)")),
        ("f()", Call("f", ())),
        ("f(a,)", Call("f", (A,))),
        ("match_any(a, $ > 1 and $[x] == 2)", Call("match_any", (A, parse("$ > 1 and $[x] == 2")))),
        ("1 < $[x] <= 5", Range(Literal(1), "<", Element("x"), "<=", Literal(5))),
        ("a[b] == a[0][b]", Compare("==", Member("a", "b"), Member("a", "b", 0))),
        ("a in [[1], [], [b, 'x']]", In(A, ListOf((ListOf.of([1]), ListOf(()), ListOf((B, Literal("x"))))))),
        ("a == u8'x'", Compare("==", A, Literal("x"))),
        ("a !in [1]", In(A, ListOf.of([1]), negated=True)),
    ],
)
def test_operators_bind_as_in_milvus(text: str, tree: object) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize("name", ["名", "größe", "_été2", "हिन्दी", "ชื่อ", "e\u0301tat"])
def test_a_name_may_be_in_any_script(name: str) -> None:
    assert parse(f"{name}==1") == Compare("==", Name(name), Literal(1))
    assert parse(f"a > {{{name}}}") == Compare(">", Name("a"), Template(name))


def test_nodes_remember_the_column_they_came_from() -> None:
    text = "a == 1\n  and b in [1, 'x']"
    tree = parse(text)
    assert isinstance(tree, And)
    first, second = tree.operands
    assert isinstance(first, Compare)
    assert isinstance(second, In)
    assert (first.left.at, first.at, first.right.at) == (1, 3, 6)
    assert second.choices.at == 19
    assert [item_column(text, 19, place) for place in (0, 1)] == [20, 23]


def test_equal_texts_share_one_tree() -> None:
    assert parse("a == 'cached'") is parse("a == 'cached'")


def test_a_long_chain_is_one_flat_node() -> None:
    tree = parse(" or ".join(f"a == {number}" for number in range(2_000)))
    assert isinstance(tree, Or)
    assert len(tree.operands) == 2_000


def test_a_list_of_ten_thousand_elements_is_read_quickly() -> None:
    text = "a in [" + ", ".join(map(str, range(10_000))) + "]"
    parse("a == 1")
    started = time.perf_counter()
    tree = parse(text)
    assert time.perf_counter() - started < 0.5, "about 0.03 s are usual"
    assert tree == In(A, ListOf.of(range(10_000)))


@pytest.mark.parametrize("text", ["(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, "a" + " == 1 and a" * 5_000])
def test_brackets_and_chains_may_be_long(text: str) -> None:
    assert isinstance(parse(text), Name | And)


@pytest.mark.parametrize(
    "text",
    [
        "not " * 5_000 + "a",
        "(" * 5_000 + "a" + ")" * 5_000,
        "~" * 5_000 + "a == 1",
        "f(" * 5_000 + "a" + ")" * 5_000,
        "- " * 5_000 + "a == 1",
        "a" + " + a" * 5_000 + " == 1",
        "(a and " * 5_000 + "b" + ")" * 5_000,
        "a in " + "[(" * 2_000 + "1" + ")]" * 2_000,
    ],
)
def test_too_deep_an_expression_is_a_filter_error(text: str) -> None:
    with pytest.raises(FilterError, match=f"nests deeper than {MAX_DEPTH} levels"):
        parse(text)


def test_too_long_a_text_is_refused_and_templates_are_suggested() -> None:
    with pytest.raises(FilterError, match="template"):
        parse("a == '" + "x" * MAX_TEXT_LENGTH + "'")


@pytest.mark.parametrize(
    "text", ["a in [" + " " * 500_000, "a in [" + "1," * 200_000 + "x y", "'\\" * 300_000]
)
def test_a_long_faulty_text_is_refused_in_reasonable_time(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(FilterError):
        parse(text)
    assert time.perf_counter() - started < 10


def test_threads_may_parse_at_once() -> None:
    trees: list[object] = []
    threads = [
        threading.Thread(target=lambda n=n: trees.append(parse(f"threaded == {n % 4}"))) for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trees) == 16
