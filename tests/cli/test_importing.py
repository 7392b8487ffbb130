"""``milvus-store import`` and ``export``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from milvus_store import MilvusClient

from .conftest import Run

EMBED = "def lengths(texts):\n    return [[float(len(text)), 1.0] for text in texts]\n"


def test_rows_go_out_and_in_again(file: Path, tmp_path: Path, run: Run) -> None:
    table, target = tmp_path / "docs.parquet", tmp_path / "other.db"
    outcome = run("export", file, "docs", table)
    assert (outcome.code, outcome.out) == (0, f"exported 20 rows to {table}\n")
    outcome = run("import", table, target, "docs")
    assert outcome.code == 0
    assert "docs: a new collection, 20 rows to read\n  id: INT64, primary\n" in outcome.out
    assert outcome.out.endswith("imported 20 rows\n")
    with MilvusClient(target) as client:
        assert client.get_collection_stats("docs") == {"row_count": 20}


def test_rows_and_fields_to_export_are_chosen(file: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "docs.csv"
    chosen = ("--filter", "id in {few}", "--param", "few=[1, 3, 99]", "--partition", "_default")
    outcome = run("export", file, "docs", target, "--fields", "id", *chosen)
    assert (outcome.code, outcome.out) == (0, f"exported 2 rows to {target}\n")
    assert target.read_text(encoding="utf-8").split() == ["id", "1", "3"]
    outcome = run("export", file, "docs", target, "--overwrite", "--param", "few=one")
    assert outcome.code == 2
    assert "--param must be NAME=JSON, such as 'year=1990', got 'few=one'" in outcome.err


def test_texts_are_embedded_by_a_named_function(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_embeddings.py").write_text(EMBED, encoding="utf-8")
    (tmp_path / "texts.jsonl").write_text('{"id": 1, "text": "four"}\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    outcome = run("import", "texts.jsonl", "docs.db", "docs", "--embed", "my_embeddings:lengths")
    assert outcome.code == 0, outcome.err
    with MilvusClient("docs.db") as client:
        assert client.get("docs", 1) == [{"id": 1, "text": "four", "vector": [4.0, 1.0]}]
    outcome = run("import", "texts.jsonl", "docs.db", "more", "--embed", "my_embeddings:sizes")
    assert outcome.code == 2
    assert "--embed must be MODULE:FUNCTION, got 'my_embeddings:sizes'" in outcome.err


def test_rows_that_are_not_taken_are_told_and_are_the_exit_code(tmp_path: Path, run: Run) -> None:
    source, refused = tmp_path / "docs.jsonl", tmp_path / "bad.jsonl"
    source.write_text('{"id": 1, "vector": [1.5, 2]}\n{"id": 2\n', encoding="utf-8")
    outcome = run("import", source, tmp_path / "docs.db", "docs", "--refused", refused, "--type", "id=INT64")
    assert outcome.code == 1
    assert outcome.out.endswith(f"imported 1 row\n1 row not taken: see {refused}\n")
    assert json.loads(refused.read_text(encoding="utf-8"))["line"] == 2


def test_a_dry_run_shows_the_fields(tmp_path: Path, run: Run) -> None:
    source = tmp_path / "docs.jsonl"
    source.write_text('{"key": "a", "vector": [1.5, 2], "größe": 1}\n', encoding="utf-8")
    outcome = run(
        "import", source, tmp_path / "docs.db", "docs", "--dry-run", "--type", "vector=FLOAT16_VECTOR(2)"
    )
    assert outcome.code == 0
    assert (
        outcome.out == "docs: a new collection\n  key: VARCHAR(65535), primary\n  vector: FLOAT16_VECTOR(2)\n"
    )
    assert not (tmp_path / "docs.db").exists()


def test_a_type_has_a_column(tmp_path: Path, run: Run) -> None:
    outcome = run("import", tmp_path / "docs.jsonl", tmp_path / "docs.db", "docs", "--type", "INT64")
    assert outcome.code == 2
    assert "--type must be COLUMN=TYPE, got 'INT64'" in outcome.err


def test_a_collection_of_another_store_is_named(tmp_path: Path, run: Run) -> None:
    dump, target = Path(__file__).parents[1] / "transfer/data/pgvector.sql", tmp_path / "docs.db"
    outcome = run("import", dump, target, "docs")
    assert outcome.code == 2
    assert "say which by --from-collection" in outcome.err
    outcome = run("import", dump, target, "docs", "--from-collection", "My Docs", "--metric", "IP")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "imported 12 rows")
    with MilvusClient(target) as client:
        assert client.describe_index("docs", "embedding")["metric_type"] == "IP"
