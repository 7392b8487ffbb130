"""Every example in a docstring of every package runs, and shows what it says."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT, ROOT / "lite", ROOT / "integrations")
PACKAGES = (
    "milvus_store",
    "milvus_store_lite",
    "langchain_milvus_store",
    "llama_index",
    "milvus_store_kernel",
    "milvus_store_sqlite",
)


def _has_examples(source: str) -> bool:
    nodes = ast.walk(ast.parse(source))
    with_docstrings = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = (ast.get_docstring(node) for node in nodes if isinstance(node, with_docstrings))
    return any(">>> " in text for text in docstrings if text)


def _modules() -> Iterator[str]:
    """The modules with examples, found by their text: only those need to be imported."""
    for folder in SOURCES:
        for package in PACKAGES:
            for file in sorted((folder / package).rglob("*.py")):
                source = file.read_text(encoding="utf-8")
                if ">>> " in source and _has_examples(source):
                    parts = file.relative_to(folder).with_suffix("").parts
                    yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = list(_modules())


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def test_examples_are_found_in_the_face_the_engine_and_the_integrations() -> None:
    packages = {name.partition(".")[0] for name in MODULES}
    assert packages >= {"milvus_store", "milvus_store_lite", "langchain_milvus_store"}
