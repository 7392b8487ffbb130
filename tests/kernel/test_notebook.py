"""The notebook runs from scratch on the installed kernel, and shows what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .jupyter import SECONDS, install

pytestmark = pytest.mark.filterwarnings("default")  # Jupyter's own warnings are not ours to answer for

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "milvus_kernel.ipynb"


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    for name, value in install(tmp_path / "prefix").items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "notebook"
    folder.mkdir()
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    assert [one.ename for one in outputs if one.output_type == "error"] == ["FilterError"]
    assert len([one for one in outputs if one.output_type == "display_data"]) > 20
    assert [one.name for one in folder.iterdir()] == ["kernel_demo.db"]


def test_the_notebook_is_kept_without_outputs() -> None:
    import nbformat

    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert all(not cell.get("outputs") for cell in notebook.cells)
