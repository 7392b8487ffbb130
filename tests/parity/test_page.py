"""Everything of pymilvus has been tried, and the page says what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymilvus
import pytest

from milvus_store.access import hashes

from .features import fields, functions
from .outcomes import OURS
from .page import PAGE, PYMILVUS, page
from .surface import arguments, methods
from .table import Table, table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            hashes.hashed, "__defaults__", (hashes.Cost(4, 1, 1),)
        )  # real ones take half a second
        yield table(tmp_path_factory.mktemp("parity"))


def test_the_source_of_pymilvus_says_which_keywords_a_call_reads() -> None:
    assert {"group_by_field", "offset", "strict_group_size"} <= set(arguments("MilvusClient", "search"))
    assert "partial_update" in arguments("AsyncMilvusClient", "upsert")
    assert "max_length" in arguments("MilvusClient", "create_collection")
    assert "shards" not in arguments("MilvusClient", "search")


def test_both_clients_have_each_call_of_pymilvus() -> None:
    for name, client in OURS.items():
        assert [call for call in methods(name) if not hasattr(client, call)] == []


def test_a_program_uses_each_call_and_each_argument(found: Table) -> None:
    assert found.missing == []


def test_a_program_uses_each_type_function_ranker_and_highlighter() -> None:
    assert {name for name in pymilvus.DataType.__members__ if not name.startswith("_")} == (
        fields.DATA_TYPES.keys() | fields.NOT_TYPES
    )
    assert pymilvus.IndexType.__members__.keys() <= fields.INDEX_TYPES.keys() | fields.OLD_NAMES
    assert pymilvus.client.types.MetricType.__members__.keys() <= fields.METRICS.keys() | {"INVALID"}
    assert pymilvus.FunctionType.__members__.keys() == functions.FUNCTION_TYPES.keys() | {"UNKNOWN"}
    offered = {name for name in pymilvus.__all__ if name.endswith(("Ranker", "Highlighter", "Score"))}
    assert offered <= functions.RANKERS.keys() | functions.HIGHLIGHTERS.keys()


def test_a_program_uses_each_step_of_a_chain() -> None:
    from pymilvus.function_chain import FunctionChain, fn

    steps = {
        name for name, value in vars(FunctionChain).items() if not name.startswith("_") and callable(value)
    }
    tried = {part for name in functions.CHAINS for part in name.split(", ")}
    assert steps - {"to_proto"} <= tried
    made = {name for name, value in vars(fn).items() if getattr(value, "__module__", "") == fn.__name__}
    assert {name for name in made if not name.startswith("_")} <= tried


@pytest.mark.skipif(pymilvus.__version__ != PYMILVUS, reason="the page is about another version")
def test_the_page_is_what_the_programs_say(found: Table) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(found), "run: python -m tests.parity"


def test_an_entry_works_only_if_a_program_came_to_its_end(tmp_path: Path) -> None:
    from .outcomes import WORKS, try_all

    def program(client: object) -> None:
        client.create_collection("c", dimension=2)  # type: ignore[attr-defined]
        client.drop_collection("c", timeout=1, sorted=True)  # type: ignore[attr-defined]

    found = try_all({"one": program}, tmp_path).of_arguments
    assert found["create_collection", "dimension"] is WORKS
    assert found["drop_collection", "sorted"].is_ == "ignored"
