from __future__ import annotations

from pathlib import Path

import pytest

from milvus_store import MilvusClient

from .conftest import Run


@pytest.fixture
def sparse(file: Path) -> Path:
    """``file`` with many rows written and most of them deleted."""
    with MilvusClient(file) as client:
        client.insert(
            "docs", [{"id": i, "vector": [i, 1], "title": "t", "text": "x" * 500} for i in range(100, 6000)]
        )
        client.delete("docs", filter="id >= 200")
    return file


@pytest.mark.parametrize(
    ("names", "counted"),
    [((), "2 collections"), (("docs",), "1 collection"), (("docs", "empty", "docs"), "2 collections")],
)
def test_compact_shrinks_the_file_and_says_so(
    run: Run, sparse: Path, names: tuple[str, ...], counted: str
) -> None:
    before = sparse.stat().st_size
    outcome = run("compact", sparse, *names)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"compacted {counted}: ")
    assert outcome.out.endswith(" now\n")
    assert sparse.stat().st_size < before
    with MilvusClient(sparse) as client:
        assert client.get_collection_stats("docs") == {"row_count": 120}
    assert run("check", sparse).out == "ok: 2 collections, 120 rows\n"


def test_compact_of_a_collection_that_does_not_exist_does_nothing(run: Run, sparse: Path) -> None:
    before = sparse.read_bytes()
    outcome = run("compact", sparse, "docs", "dogs")
    assert outcome.code == 2
    assert outcome.err.startswith("milvus-store: error: ")
    assert "'dogs'" in outcome.err
    assert sparse.read_bytes() == before


def test_backup_copies_a_file_in_use(run: Run, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with MilvusClient(file) as client:
        client.insert("docs", {"id": 100, "vector": [1, 2]})
        outcome = run("backup", file, target)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"copied {file} to {target}: ")
    assert run("check", target).out == "ok: 2 collections, 21 rows\n"


def test_backup_refuses_a_target_that_exists(run: Run, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("mine")
    outcome = run("backup", file, target)
    assert outcome.code == 2
    assert "exists" in outcome.err
    assert target.read_text() == "mine"


def test_restore_brings_back_what_a_backup_has(run: Run, file: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    run("backup", file, backup)
    with MilvusClient(file) as client:
        client.drop_collection("docs")
    outcome = run("restore", backup, file)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(f"restored {file} from {backup}: ")
    assert run("check", file).out == "ok: 2 collections, 20 rows\n"


@pytest.mark.parametrize("given", ["no such file", "mine"])
def test_restore_refuses_what_is_no_backup(run: Run, file: Path, tmp_path: Path, given: str) -> None:
    (tmp_path / "mine").write_text("mine")
    before = file.read_bytes()
    outcome = run("restore", tmp_path / given, file)
    assert outcome.code == 2
    assert given in outcome.err
    assert file.read_bytes() == before
    assert run("restore", file, "http://localhost:19530").code == 2


@pytest.mark.parametrize("command", ["compact", "index"])
def test_all_collections_are_those_of_every_database(run: Run, file: Path, command: str) -> None:
    with MilvusClient(file) as client:
        client.create_database("other")
        client.use_database("other")
        client.create_collection("quick", dimension=2)
    assert {"compact": "3 collections", "index": "quick, index vector"}[command] in run(command, file).out
    named = run(command, file, "--db", "other").out
    assert {"compact": "1 collection:", "index": "quick, index vector"}[command] in named
    assert "docs" not in named
