"""What Python values become in JSON fields and in the dynamic field: the table of docs/values.md, and more."""

from __future__ import annotations

import enum
import json
import math
import re
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milvus_store import DataType, MilvusClient
from milvus_store_lite.errors import DataNotMatchException

PAGE = Path(__file__).parents[2] / "docs" / "values.md"


class Level(enum.IntEnum):
    HIGH = 7


class Color(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: list[int]


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


def circular() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["a"] = value
    return value


NAMES: dict[str, Any] = {
    "np": np,
    "pd": pd,
    "math": math,
    "datetime": datetime,
    "date": date,
    "time": time,
    "timedelta": timedelta,
    "timezone": timezone,
    "UUID": UUID,
    "Decimal": Decimal,
    "OrderedDict": OrderedDict,
    "MappingProxyType": MappingProxyType,
    "Level": Level,
    "Color": Color,
    "Point": Point,
    "nested": nested,
    "circular": circular,
}


def table() -> Iterator[tuple[str, str]]:
    """(an expression of the left column, what the right column says of it)."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        found = re.fullmatch(r"\| (`.*) \| (.*) \|", line)
        if found:
            without_remarks = re.sub(r" \((?:an?|lists) [^()]*\)", "", found[1])
            for expression in re.findall(r"`([^`]+)`", without_remarks):
                yield expression, found[2]


CASES = list(table())


@pytest.fixture
def client(tmp_path: Path) -> Iterator[MilvusClient]:
    with MilvusClient(str(tmp_path / "values.db")) as client:
        make_collection(client)
        yield client


def make_collection(client: MilvusClient) -> None:
    schema = client.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("doc", DataType.JSON, nullable=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("docs", schema=schema, index_params=index)


def insert(client: MilvusClient, *rows: dict[str, Any]) -> None:
    client.insert("docs", [{"id": place, "vector": [1, 0], **row} for place, row in enumerate(rows)])


def read(client: MilvusClient, key: str) -> Any:
    [row] = client.query("docs", "id == 0", output_fields=[key])
    return row[key]


def test_the_page_has_a_table() -> None:
    assert len(CASES) > 70
    assert {"refused", "`None`"} <= {said.partition(":")[0].partition(";")[0] for _, said in CASES}


@pytest.mark.parametrize(("expression", "said"), CASES)
def test_the_table_of_the_page_holds(client: MilvusClient, expression: str, said: str) -> None:
    given = eval(expression, dict(NAMES))
    for row, key in (({"doc": {"key": given}}, "doc"), ({"key": given}, "key"), ({"doc": given}, "doc")):
        if (
            key == "doc"
            and row["doc"] is given
            and (given is None or isinstance(given, (str, bytes, bytearray)))
        ):
            continue  # null, or JSON text
        if expression == "nested(128)" and key == "doc" and row["doc"] is not given:
            continue  # the document is a level more
        if said.startswith("refused"):
            with pytest.raises(DataNotMatchException, match="row 1.*(key|doc)"):
                insert(client, {"doc": 1}, row)
            continue
        insert(client, row)
        stored = read(client, key)
        if key == "doc" and row["doc"] is not given:
            stored = stored["key"]
        wanted = given if said == "the same" else eval(said.partition(";")[0].strip("`"), dict(NAMES))
        assert repr(stored) == repr(wanted)
        client.delete("docs", ids=[0])


@pytest.mark.parametrize(
    "text", ['{"lang": "en"}', ' {"lang":"en"}\n', b'{"lang": "en"}', bytearray(b'{"lang": "en"}')]
)
def test_json_text_for_a_json_field_is_parsed(client: MilvusClient, text: Any) -> None:
    insert(client, {"doc": text, "key": '{"lang": "en"}'})
    assert client.query("docs", 'doc["lang"] == "en"', output_fields=["doc"])[0]["doc"] == {"lang": "en"}
    assert read(client, "key") == '{"lang": "en"}'


@pytest.mark.parametrize(
    ("text", "value"), [('"a"', "a"), ("1", 1), ("[1, null]", [1, None]), ('{"a":1,"a":2}', {"a": 2})]
)
def test_json_text_may_be_any_value(client: MilvusClient, text: str, value: Any) -> None:
    insert(client, {"doc": text})
    assert read(client, "doc") == value


BAD_TEXTS: list[str | bytes] = [
    *(
        "",
        "abc",
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": 1e400}',
        '{"a": 18446744073709551616}',
        '{"a": "\\ud800"}',
        "\ud800",
    ),
    *("[" * 129 + "]" * 129, "[" * 100_000 + "]" * 100_000, "1" * 5_000, "\ufeff{}", b"\xff", b"[1"),
]


@pytest.mark.parametrize("text", BAD_TEXTS, ids=range(len(BAD_TEXTS)))
def test_text_that_is_no_json_is_refused_with_its_row(client: MilvusClient, text: str | bytes) -> None:
    with pytest.raises(DataNotMatchException, match="row 1: field 'doc'"):
        insert(client, {"doc": {}}, {"doc": text})
    assert client.query("docs", "id >= 0") == []


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"key": {"a": [1, {"b": {1}}]}}, r"row 1: key 'key'\[\"a\"\]\[1\]\[\"b\"\] of the dynamic field"),
        ({"doc": {"a": [1, {"b": {1}}]}}, r"row 1: field 'doc' \(JSON\)\[\"a\"\]\[1\]\[\"b\"\]"),
        ({"price": 10**309}, "row 1: key 'price'"),
        ({"k" * 65_536: {1}}, "row 1: key 'kkkk"),
        ({"a": {"\ud800": 1}}, "row 1: key 'a'"),
    ],
)
def test_an_error_names_the_row_and_the_path(client: MilvusClient, row: dict[str, Any], where: str) -> None:
    with pytest.raises(DataNotMatchException, match=where) as caught:
        insert(client, {}, row)
    assert len(str(caught.value)) < 1_000


def test_long_and_odd_keys_are_found_again(client: MilvusClient) -> None:
    keys = ["", "k" * 65_536, "\0", 'a"b', "ü😀", "a.b", " "]
    insert(client, *({"doc": {key: 1}, "x": {key: 1}} for key in keys))
    for place, key in enumerate(keys):
        for root in ("doc", "x"):
            found = client.query("docs", f"{root}[{json.dumps(key, ensure_ascii=False)}] == 1")
            assert [row["id"] for row in found] == [place]


def test_what_pymilvus_writes_is_written_alike(client: MilvusClient) -> None:
    helper = pytest.importorskip("pymilvus.client.entity_helper")
    beyond = ("pd.", "np.datetime64", "((1, 2),)", "circular()")
    for expression, said in CASES:
        if any(one in expression for one in beyond) or expression == "nested(129)":
            continue
        given = {"key": eval(expression, dict(NAMES))}
        try:
            written = json.loads(helper.convert_to_json(given))["key"]
        except Exception:
            assert said.startswith("refused"), expression
            continue
        assert not said.startswith("refused"), expression
        insert(client, given)
        assert repr(read(client, "key")) == repr(written), expression
        client.delete("docs", ids=[0])


# Whatever is accepted can be read and filtered for ever ----------------------------------------------------

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**400])
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["\ud800", "\0", date(2024, 1, 2), UUID(int=1), Decimal(1), b"a", np.int8(1), np.float32(0.1)]
    )
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def on_a_deep_stack(frames: int, call: Callable[[], Any]) -> Any:
    return call() if frames == 0 else on_a_deep_stack(frames - 1, call)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values)
def test_what_is_accepted_can_be_read_and_filtered(client: MilvusClient, value: Any) -> None:
    client.delete("docs", filter="id >= 0")
    try:
        insert(client, {"key": value, "doc": {"key": [value]}}, {"key": 1})
    except DataNotMatchException:
        return
    stored = read(client, "key")
    assert read(client, "doc") == {"key": [stored]}
    is_number = isinstance(stored, (int, float)) and not isinstance(stored, bool)
    for op in ("==", "!=", "<", "<=", ">", ">="):
        for other in (0, -(2**63), 2**64 - 1, 10**400, 0.5, "a", True):
            if not (isinstance(other, bool) and op not in ("==", "!=")):
                client.query("docs", f"key {op} {{other}}", filter_params={"other": other})
        if is_number or isinstance(stored, str):
            found = client.query("docs", f"key {op} {{own}} and id == 0", filter_params={"own": stored})
            assert bool(found) == (op in ("==", "<=", ">="))
    if is_number or isinstance(stored, (str, bool)):
        for text in (
            "key in {own}",
            'json_contains(doc["key"], {own}[0])',
            'json_contains_all(doc["key"], {own})',
        ):
            if "[0]" not in text:
                assert client.query("docs", f"{text} and id == 0", filter_params={"own": [stored]})
    client.query(
        "docs", 'key is null or exists doc["key"] or json_contains(doc["key"], 1) or doc["key"] == [1]'
    )


DEEP = {"doc": nested(128), "key": nested(128), "a": {"b": nested(127)}}


@pytest.mark.parametrize("frames", [0, 300, 600, 850])
def test_what_nests_is_read_and_written_from_a_deep_stack(client: MilvusClient, frames: int) -> None:
    limit = sys.getrecursionlimit()
    assert frames < limit
    on_a_deep_stack(frames, lambda: insert(client, DEEP))
    assert on_a_deep_stack(frames, lambda: read(client, "doc")) == DEEP["doc"]
    assert on_a_deep_stack(frames, lambda: read(client, "key")) == DEEP["key"]
    steps = "[0]" * 126
    assert on_a_deep_stack(frames, lambda: client.query("docs", f'a["b"]{steps} == []', output_fields=["a"]))
    text = json.dumps(DEEP["doc"])
    on_a_deep_stack(frames, lambda: client.upsert("docs", {"id": 0, "vector": [1, 0], "doc": text}))
    assert read(client, "doc") == DEEP["doc"]


def test_a_fresh_process_reads_what_was_accepted(tmp_path: Path) -> None:
    path = tmp_path / "values.db"
    with MilvusClient(str(path)) as client:
        make_collection(client)
        insert(client, {**DEEP, "n": 2**64 - 1, "z": "\0", "f": 5e-324})
    code = (
        "import sys; from milvus_store import MilvusClient\n"
        "client = MilvusClient(sys.argv[1])\n"
        "def deep(n): return deep(n - 1) if n else client.query('docs', 'n > 5 and f > 0', output_fields=['*'])\n"
        "found = client.query('docs', 'n == 18446744073709551615', output_fields=['z'])\n"
        "print(len(str(deep(700)[0]['doc'])), ascii(found[0]['z']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["256", r"'\x00'"]


@pytest.mark.parametrize("frames", [0, 700])
def test_deeper_values_of_an_old_file_are_read(
    client: MilvusClient, monkeypatch: pytest.MonkeyPatch, frames: int
) -> None:
    monkeypatch.setattr("milvus_store_lite.codec.json_text.is_plain", lambda *_: True)
    insert(client, {"key": nested(400)})
    assert json.dumps(on_a_deep_stack(frames, lambda: read(client, "key"))) == "[" * 400 + "]" * 400
    assert on_a_deep_stack(frames, lambda: client.query("docs", "exists key and json_contains(key, 1)")) == []


def test_integers_beyond_floats_in_an_old_file_are_compared_as_infinities(tmp_path: Path) -> None:
    from milvus_store_lite.columns.builders import JsonPathBuilder

    builder = JsonPathBuilder(("n",))
    builder.append(['{"n": 1' + "0" * 400 + "}", '{"n": -1' + "0" * 400 + "}", '{"n": 3}'])
    assert builder.view().floats.tolist() == [math.inf, -math.inf, 3.0]
