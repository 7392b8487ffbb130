"""How outcomes with the stores of others are judged, and whether the tables name tests that there are."""

from __future__ import annotations

import pytest

from .lacking_langchain import LACKING as LANGCHAIN
from .lacking_llama_index import LACKING as LLAMA_INDEX
from .modules import ROOT, Modules, judged

MODULES = Modules("tests/x", {"wings": ("test_a.py::test_flies", "test_a.py::test_swims[deep]")})
SERVED = {
    "tests/x/test_a.py::test_walks": "",
    "tests/x/test_a.py::test_flies[high]": "no wings",
    "tests/x/test_a.py::test_flies[low]": "no wings",
    "tests/x/test_a.py::test_swims[deep]": "sank",
    "tests/x/test_a.py::test_swims[flat]": "",
}


def test_what_the_original_lacks_may_fail() -> None:
    found = judged(MODULES, SERVED, SERVED)
    assert (found.passed, found.passed_on_lite, found.lacking, found.faults) == (2, 2, 3, ())


@pytest.mark.parametrize(
    ("served", "lite", "fault"),
    [
        ({"test_walks": "fell"}, {"test_walks": "fell"}, "test_walks failed: fell"),
        ({"test_swims[flat]": "sank"}, {}, "test_swims[flat] failed: sank"),
        ({"test_flies[low]": ""}, {}, "test_flies[low] passes, though the original lacks wings"),
        ({}, {"test_flies[low]": ""}, "test_flies[low] failed, and passes on Milvus Lite: no wings"),
    ],
)
def test_everything_else_is_a_fault(served: dict[str, str], lite: dict[str, str], fault: str) -> None:
    changed = [
        SERVED | {f"tests/x/test_a.py::{test}": failure for test, failure in changes.items()}
        for changes in (served, lite)
    ]
    assert judged(MODULES, *changed).faults == (f"tests/x/test_a.py::{fault}",)


def test_a_name_of_no_test_is_a_fault() -> None:
    walks = {"tests/x/test_a.py::test_walks": ""}
    assert judged(MODULES, walks, walks).faults == (
        "there is no test tests/x/test_a.py::test_flies",
        "there is no test tests/x/test_a.py::test_swims[deep]",
    )


@pytest.mark.parametrize(("folder", "table"), [("langchain", LANGCHAIN), ("llamaindex", LLAMA_INDEX)])
def test_the_tables_name_tests_of_ours(folder: str, table: dict[str, tuple[str, ...]]) -> None:
    for name in (name for names in table.values() for name in names):
        file, _, test = name.partition("::")
        defined = (ROOT / "tests" / folder / file).read_text(encoding="utf-8")
        assert f"class {test.partition('::')[0]}(" in defined or f"def {test.partition('[')[0]}(" in defined
