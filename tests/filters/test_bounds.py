"""No filter takes forever: each production of the grammar, ten times as long, takes some ten times as long, or is
refused by an error that names the bound."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from milvus_store import DataType, MilvusClient, MilvusException
from milvus_store_lite.filters import And, Compare, FilterError, Literal, Name, Or, compile_filter
from milvus_store_lite.filters.binding.words import MAX_LOOSE_PHRASE, MAX_PHRASE, MAX_SIMILAR
from milvus_store_lite.filters.bound import Comparison, Inverse, Kind, Membership
from milvus_store_lite.filters.syntax.cursor import MAX_TOKENS
from milvus_store_lite.filters.syntax.literals import MAX_DIGITS
from milvus_store_lite.filters.traversal import MAX_NAMES, MAX_NODES
from milvus_store_lite.schema.geometry import MAX_NESTING, MAX_POINTS, MAX_POINTS_IN_FILTER
from milvus_store_lite.text.re2 import MAX_LENGTH, MAX_STEPS

from .schemas import DYNAMIC

SECONDS = 20
"""Far more than any of them takes, and far less than the quadratic ones did."""

PAGE = (Path(__file__).parents[2] / "docs" / "filters.md").read_text(encoding="utf-8")

PRELUDE = """
import json, sys, tempfile, time
from milvus_store import DataType, MilvusClient, MilvusException
client = MilvusClient(tempfile.mkdtemp() + "/a.db")
schema = client.create_schema(enable_dynamic_field=True).add_field("id", DataType.INT64, is_primary=True)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
schema.add_field("s", DataType.VARCHAR, max_length=65535, enable_analyzer=True, enable_match=True)
schema.add_field("j", DataType.JSON)
schema.add_field("ints", DataType.ARRAY, element_type=DataType.INT64, max_capacity=100)
schema.add_field("g", DataType.GEOMETRY)
schema.add_field("t", DataType.TIMESTAMPTZ)
index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
client.create_collection("docs", schema=schema, index_params=index)
client.insert("docs", [
    {"id": n, "vector": [n, 1], "s": "a b " * 400 + str(n), "j": {"a": n, "l": [1, n, [n]]}, "ints": [1, n],
     "g": f"POINT ({n} 1)", "t": "2024-01-01T00:00:00Z"}
    for n in range(100)
])
for line in sys.stdin:
    expression, params = json.loads(line)
    begin = time.perf_counter()
    try:
        outcome = len(client.query("docs", expression, filter_params=params, output_fields=["id"]))
    except MilvusException as error:
        outcome = type(error).__name__
    print(json.dumps([outcome, time.perf_counter() - begin]), flush=True)
"""


def numbers(count: int) -> str:
    return ",".join(map(str, range(count)))


INPUTS: dict[str, Any] = {
    "and": lambda n: " and ".join(f"id > -{k}" for k in range(n // 10)),
    "or": lambda n: " or ".join(f"id == {k}" for k in range(n // 10)),
    "or of texts": lambda n: " or ".join(f's == "{k}"' for k in range(n // 10)),
    "or of paths": lambda n: " or ".join(f'j["{k}"] == 1' for k in range(n // 10)),
    "not": lambda n: "not " * n + "id > 1",
    "!": lambda n: "!" * n + "(id > 1)",
    "brackets": lambda n: "(" * n + "id > 1" + ")" * n,
    "signs": lambda n: "id > " + "-" * n + "1",
    "sums": lambda n: "id > " + "+".join("1" * n),
    "powers": lambda n: "id > " + "**".join("2" * n),
    "in": lambda n: f"id in [{numbers(n)}]",
    "in of texts": lambda n: f"s in [{','.join(map(repr, map(str, range(n))))}]",
    "in of sums": lambda n: "id in [" + ",".join(["1+1"] * (n // 10)) + "]",
    "nested lists": lambda n: 'j["l"] == ' + "[" * n + "]" * n,
    "an unclosed list": lambda n: "id in [" + "1," * n,
    "many unclosed lists": lambda n: "id in " + "[1," * n,
    "digits": lambda n: "id > " + "9" * n,
    "digits in a bad list": lambda n: "id in [" + "9" * n + " x",
    "hexadecimal digits": lambda n: "id > 0x" + "f" * n,
    "an exponent": lambda n: "id > 1e" + "9" * n,
    "steps of a path": lambda n: "j" + '["a"]' * n + " == 1",
    "a long key": lambda n: f'j["{"k" * n}"] == 1',
    "a long string": lambda n: f's == "{"k" * n}"',
    "an unclosed string": lambda n: 's == "' + '\\"' * n,
    "escapes": lambda n: 's == "' + r"\u0041" * n + '"',
    "like": lambda n: 's like "' + "%a" * n + '%"',
    "like with blanks": lambda n: 's like "' + "%_" * n + '"',
    "groups": lambda n: "s =~ '" + "(" * n + "a" + ")" * n + "'",
    "repeated groups": lambda n: "s =~ '" + "(a|b)*" * n + "'",
    "repetitions of repetitions": lambda n: "s =~ '(" + "x{1,10}" * n + "){100}'",
    "alternatives": lambda n: "s =~ '" + "|".join(f"w{k}" for k in range(n)) + "'",
    "text_match": lambda n: f"text_match(s, '{numbers(n)}', minimum_should_match=2)",
    "phrase_match": lambda n: f"phrase_match(s, '{'a b ' * n}', 100)",
    "phrase_match without slop": lambda n: f"phrase_match(s, '{'a b ' * n}')",
    "text_match_fuzzy": lambda n: f"text_match_fuzzy(s, '{'ab' * n}', max_edit_distance=2)",
    "a short phrase_match": lambda n: f"phrase_match(s, '{'a b ' * 100}', 1000)",
    "array_contains_all": lambda n: f"array_contains_all(ints, [{numbers(n)}])",
    "array_contains_any": lambda n: f"array_contains_any(ints, [{numbers(n)}])",
    "json_contains_all": lambda n: f"json_contains_all(j['l'], [{numbers(n)}])",
    "json_contains_any of lists": lambda n: (
        f"json_contains_any(j['l'], [{','.join(f'[{k}]' for k in range(n))}])"
    ),
    "==": lambda n: f"ints == [{numbers(n)}] or j['l'] == [{numbers(n)}]",
    "match_any": lambda n: "match_any(ints, " + " or ".join(f"$ == {k}" for k in range(n // 10)) + ")",
    "nested calls": lambda n: "match_any(ints, " * n + "$ == 1" + ")" * n,
    "arguments": lambda n: "array_contains(" + ",".join(["ints"] * n) + ")",
    "times": lambda n: 't > ISO "' + "2" * n + '"',
    "intervals": lambda n: 't + INTERVAL "P' + "9" * n + 'D" > ISO "2025-01-01T00:00:00Z"',
    "a chain of intervals": lambda n: "t" + ' + INTERVAL "P1D"' * n + ' > ISO "2025-01-01T00:00:00Z"',
    "nested geometries": lambda n: f"st_within(g, '{'GEOMETRYCOLLECTION(' * n}POINT(1 1){')' * n}')",
    "points": lambda n: f"st_touches(g, 'LINESTRING({','.join(f'{k % 2} {k}' for k in range(n))})')",
    "a template of numbers": lambda n: ("id in {v}", {"v": list(range(n))}),
    "a template of texts": lambda n: ("s in {v} or j['a'] in {v}", {"v": list(map(str, range(n)))}),
    "a template of wanted elements": lambda n: ("array_contains_all(ints, {v})", {"v": list(range(n))}),
    "a template pattern": lambda n: ("s like {v} and s =~ {v}", {"v": "%a" * n}),
    "a template geometry": lambda n: ("st_within(g, {v})", {"v": "GEOMETRYCOLLECTION(" * n}),
    "a large integer": lambda n: ("id == {v} or j['a'] > {v}", {"v": 10 ** (n // 100)}),
    "many templates": lambda n: (
        " or ".join(f"id < {{v{k}}}" for k in range(n // 10)),
        {f"v{k}": k for k in range(n // 10)},
    ),
}


def test_no_filter_takes_forever() -> None:
    lines = []
    for make in INPUTS.values():
        for size in (1_000, 20_000):
            made = make(size)
            lines.append(json.dumps(made if isinstance(made, tuple) else (made, {})))
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=SECONDS * len(INPUTS),
        check=False,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    names = [name for name in INPUTS for _ in range(2)]
    assert len(outcomes) == len(names), f"{names[len(outcomes)]}: {done.stderr[-2_000:]}"
    slow = {name: seconds for name, (_, seconds) in zip(names, outcomes, strict=True) if seconds > SECONDS}
    assert not slow
    foreign = [
        one for one, _ in outcomes if isinstance(one, str) and one not in ("FilterError", "ParamError")
    ]
    assert not foreign


BEYOND: list[tuple[str, dict[str, object], int]] = [
    ("id > 1" + " and id > 1" * MAX_TOKENS, {}, MAX_TOKENS),
    (" or ".join(f'meta["{k}"] == 1' for k in range(MAX_NAMES + 1)), {}, MAX_NAMES),
    (f"phrase_match(text, '{'a ' * (MAX_PHRASE + 1)}')", {}, MAX_PHRASE),
    (
        f"text_match_fuzzy(text, '{' '.join(map(str, range(MAX_SIMILAR + 1)))}', max_edit_distance=1)",
        {},
        MAX_SIMILAR,
    ),
    (f"phrase_match(text, '{'a ' * (MAX_LOOSE_PHRASE + 1)}', 1)", {}, MAX_LOOSE_PHRASE),
    ("name =~ {p}", {"p": "a" * (MAX_LENGTH + 1)}, MAX_LENGTH),
    ("name =~ {p}", {"p": "(abcdefghij){900}(klmnopqrst){900}"}, MAX_STEPS),
    ("st_within(place, {g})", {"g": "GEOMETRYCOLLECTION(" * 30_000}, MAX_NESTING),
    (
        "st_within(place, {g})",
        {"g": "LINESTRING(" + ",".join(f"{k} 0" for k in range(MAX_POINTS_IN_FILTER + 1)) + ")"},
        MAX_POINTS_IN_FILTER,
    ),
]


@pytest.mark.parametrize(("expression", "params", "bound"), BEYOND, ids=[str(bound) for *_, bound in BEYOND])
def test_the_error_and_the_page_name_the_bound(
    expression: str, params: dict[str, object], bound: int
) -> None:
    with pytest.raises(FilterError, match=str(bound)) as caught:
        compile_filter(expression, DYNAMIC, params)
    assert len(str(caught.value)) < 1_000
    assert f"{bound:,}" in PAGE


def test_a_text_is_read_no_farther_than_the_bound() -> None:
    with pytest.raises(FilterError, match=f"more than {MAX_TOKENS} tokens"):
        compile_filter("id > 1 and " * MAX_TOKENS + "(", DYNAMIC)


def test_an_integer_of_too_many_digits_is_refused_by_its_bound() -> None:
    for digits in ("9" * (MAX_DIGITS + 1), "0x" + "f" * MAX_DIGITS):
        with pytest.raises(FilterError, match=f"at most {MAX_DIGITS} are allowed"):
            compile_filter(f"id > {digits}", DYNAMIC)


def test_what_is_within_the_bounds_is_taken() -> None:
    ids = ", ".join(map(str, range(100_000)))
    for expression in (
        f"id in [{ids}]",
        " or ".join(f"id == {k}" for k in range(MAX_TOKENS // 4)),
        " or ".join(f'meta["{k}"] == 1' for k in range(MAX_NAMES)),
        f"phrase_match(text, '{'a ' * MAX_PHRASE}')",
        f"phrase_match(text, '{'a ' * MAX_LOOSE_PHRASE}', 1)",
        "name =~ '" + "|".join(f"word{k}" for k in range(5_000)) + "'",
        "st_within(place, 'LINESTRING(" + ",".join(f"{k} 0" for k in range(MAX_POINTS_IN_FILTER)) + ")')",
    ):
        compile_filter(expression, DYNAMIC)
    assert (
        len(compile_filter("id in {v}", DYNAMIC, {"v": range(1_000_000)}).required_values("id") or ())
        == 1_000_000
    )


def test_a_tree_of_too_many_nodes_is_refused() -> None:
    one = Compare("==", Name("id"), Literal(1))
    with pytest.raises(FilterError, match=str(MAX_NODES)):
        compile_filter(Or((one,) * MAX_NODES), DYNAMIC)
    deep: Any = one
    for _ in range(100_000):
        deep = And((deep,))
    with pytest.raises(FilterError, match="nests deeper"):
        compile_filter(deep, DYNAMIC)


def test_a_template_that_nests_without_end_is_refused() -> None:
    nested: Any = 1
    for _ in range(100_000):
        nested = [nested]
    for expression in ("meta['a'] == {v}", "meta['a'] in {v}", "json_contains(meta['a'], {v})"):
        with pytest.raises(FilterError, match="nests deeper than 100 levels"):
            compile_filter(expression, DYNAMIC, {"v": nested})


@pytest.mark.parametrize("expression", ["name == {v}", "name in {v}", "id << {v} == 1", "flag == {v}"])
def test_an_error_about_an_integer_of_any_size_can_be_written(expression: str) -> None:
    for value in (10**5_000, -(10**5_000), [10**5_000], {1: 10**5_000}):
        with pytest.raises(FilterError):
            compile_filter(expression, DYNAMIC, {"v": value})


def test_chains_of_equalities_are_one_membership() -> None:
    chosen = compile_filter(" or ".join(f"id == {k}" for k in range(9)) + " or id < 0", DYNAMIC).predicate
    assert [type(part) for part in chosen.parts] == [Membership, Comparison]  # type: ignore[union-attr]
    excluded = compile_filter(" and ".join(f"id != {k}" for k in range(9)), DYNAMIC).predicate
    [part] = excluded.parts  # type: ignore[union-attr]
    assert part == Inverse(Membership(Kind.NUMBER, part.part.operand, tuple(range(9))))
    twice = compile_filter(" and ".join(["id > 1", "id < 5"] * 9), DYNAMIC).predicate
    assert len(twice.parts) == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("frames", range(0, 900, 100))
def test_a_filter_on_a_deep_stack_is_answered_or_refused(frames: int) -> None:
    texts = ["(" * 90 + f"id > {frames}" + ")" * 90, "not " * 90 + f"id > {frames}"]

    def at(left: int) -> None:
        if left:
            at(left - 1)
        else:
            for text in texts:
                compile_filter(text, DYNAMIC)

    at(frames)


def test_a_geometry_in_a_row_has_the_same_bounds() -> None:
    client = MilvusClient(":memory:")
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2).add_field("place", DataType.GEOMETRY)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)
    line = "LINESTRING(" + ",".join(f"{k} 0" for k in range(MAX_POINTS + 1)) + ")"
    for text, said in (
        ("GEOMETRYCOLLECTION(" * 200_000 + "POINT(1 1)" + ")" * 200_000, f"{MAX_NESTING} levels"),
        (line, str(MAX_POINTS)),
        ("POINT(nan 1)", "finite"),
        ("LINESTRING(0 0, inf 1)", "finite"),
    ):
        with pytest.raises(MilvusException, match=rf"row 1: field 'place'.*{said}"):
            client.insert(
                "docs", [{"id": n, "vector": [0, 1], "place": g} for n, g in enumerate(["POINT(1 1)", text])]
            )
    for huge in ("POLYGON((0 0,1e300 0,1e300 1e300,0 0))", "POINT(1e308 -1e308)"):
        client.insert("docs", {"id": 1, "vector": [0, 1], "place": huge})
        for relation in ("contains", "within", "crosses", "equals", "intersects", "overlaps", "touches"):
            client.query("docs", f"st_{relation}(place, '{huge}')")
        client.query("docs", f"st_dwithin(place, '{huge}', 1e300)")
