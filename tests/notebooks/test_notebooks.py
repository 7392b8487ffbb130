"""Every Python notebook runs from scratch, offline, and shows what it says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.filterwarnings("default")  # Jupyter's own warnings are not ours to answer for

ROOT = Path(__file__).parents[2]
SHOWN = {
    "async_client": ["{'row_count': 20000}", "True", "(10, True)", "[4000, 4000, 2000]"],
    "hybrid_search": ["try-", "'strategy': 'rrf'", "'strategy': 'weighted'"],
    "langchain_quickstart": ["with  ", "House rule", "['langchain_demo.db']"],
    "llamaindex": [
        "default      ['with'",
        "hybrid       ['with'",
        "House rule: never import inside a loop.",
        "[]",
    ],
    "multi_tenant_retriever": [
        "harrison ['i worked at kensho']",
        "ankush   []",
        "everyone ['i worked at kensho']",
        "partitionkey.isolation: expected a filter that names one value",
    ],
}
"""Notebook → texts that are among its outputs, in this order."""


def read(name: str) -> Any:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]


def output_text(notebook: Any) -> str:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(one.get("text") or one.get("data", {}).get("text/plain", "") for one in outputs)


def test_every_notebook_is_run_here_or_by_the_kernels_tests() -> None:
    names = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert names == {*SHOWN, "milvus_kernel"}


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_runs_and_shows_what_it_says(name: str, tmp_path: Path) -> None:
    # Notebooks find the examples beside their folder.
    shutil.copytree(
        ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.db", "__pycache__")
    )
    folder = tmp_path / "notebooks"
    folder.mkdir()
    notebook = read(name)
    assert all(not cell.get("outputs") for cell in notebook.cells), "notebooks are kept without outputs"
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    text = output_text(notebook)
    place = 0
    for shown in SHOWN[name]:
        found = text.find(shown, place)
        assert found >= 0, f"{shown!r} is not shown in:\n{text}"
        place = found
    assert [one.suffix for one in folder.iterdir()] == [".db"], "one closed file is left"
