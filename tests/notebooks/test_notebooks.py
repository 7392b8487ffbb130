"""Every notebook runs alone and offline, with what its line for pip installs, and shows what it is stored with."""

from __future__ import annotations

import os
import re
import runpy
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import nbformat
import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.filterwarnings("default")  # Jupyter's own warnings are not ours to answer for

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))

MODULES = {
    "google-re2": "re2",
    "icu4py": "icu4py",
    "lark": "lark",
    "langchain-core": "langchain_core",
    "langchain-text-splitters": "langchain_text_splitters",
    "lindera-python-cjk": "lindera",
    "llama-index-core": "llama_index.core",
    "pymilvus": "pymilvus",
    "rjieba": "rjieba",
    "shapely": "shapely",
    "tantivy": "tantivy",
}
"""Package that an extra brings → what a program imports of it."""

Shown = list[tuple[str, str]]
"""The kind and the text of each output of a cell."""


@pytest.fixture(scope="module")
def tools() -> dict[str, Any]:
    return runpy.run_path(str(NOTEBOOKS / "store_outputs.py"))


@pytest.fixture(scope="module")
def environment(tools: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    environment: Mapping[str, str] = tools["with_milvus_kernel"](tmp_path_factory.mktemp("prefix"))
    return environment


def stored(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]


def shown(cell: Any) -> Shown:
    return [(output.output_type, "".join(_texts(output))) for output in cell.outputs]


def _texts(output: Any) -> Iterator[str]:
    yield output.get("text", "")
    yield output.get("data", {}).get("text/plain", "")
    yield f"{output.get('ename', '')}{output.get('evalue', '')}"


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def missing(notebook: Any) -> list[str]:
    """What a program cannot import that installed no more than the notebook's line for pip names."""
    (names,) = re.findall(r"pip install '?milvus-store(?:\[([\w,-]+)\])?'?", notebook.cells[0].source)
    extras = set(filter(None, names.split(",")))
    requirements = [Requirement(text) for text in requires("milvus-store") or []]
    brought = {
        requirement.name
        for requirement in requirements
        if requirement.marker and any(requirement.marker.evaluate({"extra": extra}) for extra in extras)
    }
    return [module for package, module in MODULES.items() if package not in brought]


def without(modules: list[str], folder: Path, environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment of a Python that cannot import ``modules``."""
    lines = [f"sys.modules[{module!r}] = None" for module in modules]
    (folder / "sitecustomize.py").write_text("\n".join(["import sys", *lines]))
    path = os.pathsep.join(filter(None, [str(folder), environment.get("PYTHONPATH", "")]))
    return {**environment, "PYTHONPATH": path}


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_alone_and_shows_what_it_is_stored_with(
    name: str,
    tools: dict[str, Any],
    environment: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
    folder, site = tmp_path / "notebook", tmp_path / "site"
    folder.mkdir()
    site.mkdir()
    expected = stored(name)
    bare = without(missing(expected), site, environment)
    notebook = tools["executed"](NOTEBOOKS / f"{name}.ipynb", folder, bare)
    for before, now in zip(code_cells(expected), code_cells(notebook), strict=True):
        if "varies" in before.metadata.get("tags", []):
            assert [kind for kind, _ in shown(now)] == [kind for kind, _ in shown(before)]
        else:
            assert shown(now) == shown(before)
    assert [path.suffix for path in folder.iterdir()] == [".db"], "one closed file is left"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_with_outputs_that_tell_nothing_of_the_machine(name: str) -> None:
    cells = code_cells(stored(name))
    assert sum(bool(cell.outputs) for cell in cells) > len(cells) / 2
    for cell in cells:
        assert cell.execution_count
        expected_errors = 1 if "raises-exception" in cell.metadata.get("tags", []) else 0
        assert sum(kind == "error" for kind, _ in shown(cell)) == expected_errors
        assert not re.search(r"/(home|root|tmp|usr|work|Users)/|[A-Z]:\\\\", str(cell.outputs))
