"""``milvus-store copy``."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from milvus_store import MilvusClient
from milvus_store_lite import Progress

from .conftest import Run


def test_a_copy_is_told_and_is_there(file: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "copy.db"
    outcome = run("copy", file, target)
    assert outcome.code == 0
    assert "docs: 20 rows\n" in outcome.out
    assert "copied docs: 20 rows; compared 20 rows and a search\n" in outcome.out
    with MilvusClient(target) as client:
        assert client.get_collection_stats("docs") == {"row_count": 20}


def test_a_dry_run_makes_no_file(file: Path, tmp_path: Path, run: Run) -> None:
    outcome = run("copy", file, tmp_path / "copy.db", "--dry-run", "--collections", "docs")
    assert (outcome.code, outcome.out) == (0, "docs: 20 rows\n")
    assert not (tmp_path / "copy.db").exists()


def test_what_is_there_is_kept_without_overwrite(file: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "copy.db"
    run("copy", file, target)
    outcome = run("copy", file, target)
    assert outcome.code == 2
    assert "has a collection 'docs' already" in outcome.err
    assert run("copy", file, target, "--overwrite").code == 0


def test_a_source_that_is_not_there_is_an_error(tmp_path: Path, run: Run) -> None:
    outcome = run("copy", tmp_path / "none.db", tmp_path / "copy.db")
    assert outcome.code == 2
    assert list(tmp_path.iterdir()) == []


def test_progress_tells_the_rate_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from milvus_store.cli import progress

    clock = SimpleNamespace(monotonic=lambda: seconds[-1])
    monkeypatch.setattr(progress, "_bar", lambda *_: None)
    monkeypatch.setattr(progress, "time", clock)
    seconds = [0.0]
    with progress.ProgressDisplay() as shown:
        shown(Progress("docs", 0, 10_000, "rows"))  # so soon, nothing
        for second, done in ((1, 1000), (3, 3000), (5, 5000)):
            seconds.append(second)
            shown(Progress("docs", done, 10_000, "rows"))
        shown(Progress("more", 0, 5, "rows"))
        shown(Progress("lines", 7, None, "rows"))  # nobody knows how many there are
    assert capsys.readouterr().err.splitlines() == [
        "docs: 10 %, 1,000 rows/s, 9 s left",
        "docs: 30 %, 1,000 rows/s, 7 s left",
        "docs: 50 %, 1,000 rows/s, 5 s left",
        "more: 0 %",
    ]
