from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.cli import main, progress


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line: its exit code and what it printed. However slow that is, no progress is shown."""
    monkeypatch.setattr(progress, "_SILENT", math.inf)

    def run(*arguments: object) -> Outcome:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def file(path: Path) -> Path:
    """A file with the collection ``docs`` of 20 rows, and ``empty`` without an index."""
    with MilvusClient(path) as client:
        schema = client.create_schema(enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("title", DataType.VARCHAR, max_length=40, nullable=True)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("docs", schema=schema, index_params=index)
        client.insert(
            "docs", [{"id": i, "vector": [i, 1], "title": f"título {i}", "year": 1990 + i} for i in range(20)]
        )
        client.create_collection("empty", schema=schema)
    return path


@pytest.fixture
def shown_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is shown from the first report on."""
    monkeypatch.setattr(progress, "_SILENT", 0.0)
