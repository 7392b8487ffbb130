"""Runs notebooks from scratch and stores their outputs: ``python notebooks/store_outputs.py [NAME ...]``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent
SECONDS = 120


def executed(path: Path, folder: Path, environment: Mapping[str, str]) -> Any:
    """The notebook at ``path`` with the outputs of a run in ``folder``, on a kernel with this environment."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=SECONDS, record_timing=False, resources={"metadata": {"path": str(folder)}}
    )
    language = dict(notebook.metadata.language_info)
    client.execute(env=dict(environment))
    notebook.metadata.language_info = language  # not the version of this Python
    return notebook


def with_milvus_kernel(prefix: Path) -> dict[str, str]:
    """The environment of this process, in which Jupyter also finds a Milvus kernel under ``prefix``."""
    command = [sys.executable, "-m", "milvus_store_kernel.install", "--prefix", str(prefix)]
    subprocess.run(command, check=True, capture_output=True)
    return {**os.environ, "JUPYTER_PATH": str(prefix / "share" / "jupyter")}


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as prefix:
        environment = with_milvus_kernel(Path(prefix))
        os.environ.update(environment)
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            if not names or path.stem in names:
                with tempfile.TemporaryDirectory() as folder:
                    notebook = executed(path, Path(folder), environment)
                path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")  # type: ignore[no-untyped-call]
                print(f"{path.name}: stored")


if __name__ == "__main__":
    main(sys.argv[1:])
