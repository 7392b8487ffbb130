"""Ctrl-C ends a command: exit code 130, one line that says what is done and what is not, and no file left over."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.cli import progress
from milvus_store_lite import Progress

from .conftest import Run
from .test_indexes import unindexed  # noqa: F401  # a fixture


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is pressed at the first report."""

    def interrupt(self: progress.ProgressDisplay, told: Progress) -> None:
        self.latest = told
        raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressDisplay, "__call__", interrupt)


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        ("check {file}", "{file} is not checked"),
        ("backup {file} {new}", "there is no {new}"),
        ("restore {backup} {file}", "{file} is as it was"),
        ("compact {file}", "compacted 0 collections, and not docs, which has all its rows"),
        ("copy {file} {new}", "20 of 20 rows of docs are copied; the same command goes on with the others"),
    ],
)
def test_one_line_says_what_is_done(
    run: Run, file: Path, tmp_path: Path, command: str, outcome: str, request: pytest.FixtureRequest
) -> None:
    with MilvusClient(file) as client:
        client.backup(tmp_path / "backup.db")
    request.getfixturevalue("interrupted")
    names = {"file": file, "new": tmp_path / "new.db", "backup": tmp_path / "backup.db"}
    before = file.read_bytes()
    ended = run(*(part.format(**names) for part in command.split()))
    assert (ended.code, ended.out.startswith("docs: 20 rows")) == (130, command.startswith("copy"))
    assert ended.err == f"milvus-store: interrupted: {outcome.format(**names)}\n"
    if not command.startswith("copy"):
        assert sorted(tmp_path.iterdir()) == sorted([file, names["backup"]])
    if not command.startswith("compact"):
        assert file.read_bytes() == before
    with MilvusClient(file) as client:
        assert client.get_collection_stats("docs") == {"row_count": 20}


@pytest.mark.usefixtures("interrupted")
def test_an_index_that_was_not_finished_is_named(run: Run, unindexed: Path) -> None:  # noqa: F811
    ended = run("index", unindexed)
    assert (ended.code, ended.out) == (130, "")
    expected = "docs, index vector, is as it was; those listed above are up to date"
    assert ended.err == f"milvus-store: interrupted: {expected}\n"


@pytest.mark.usefixtures("interrupted")
def test_an_export_leaves_the_file_that_was_there(run: Run, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    target = tmp_path / "docs.csv"
    target.write_text("mine")
    ended = run("export", file, "docs", target, "--overwrite")
    assert (ended.code, ended.err) == (130, f"milvus-store: interrupted: nothing is exported to {target}\n")
    assert target.read_text() == "mine"


def test_compact_counts_the_collections_that_are_done(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: progress.ProgressDisplay, told: Progress) -> None:
        if told.what == "compacting empty":
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.ProgressDisplay, "__call__", interrupt)
    outcome = "compacted 1 collection, and not empty, which has all its rows"
    assert run("compact", file).err == f"milvus-store: interrupted: {outcome}\n"


_ENDLESS = """
import sys
from milvus_store.cli import main
from milvus_store.cli.progress import ProgressDisplay
from milvus_store_lite.checks import file

def endless(connection):
    yield from connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    )

file.pages_and_indexes = endless
ProgressDisplay.__call__ = lambda self, told: print(told.what, flush=True)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process of Windows gets SIGINT alone")
def test_the_signal_ends_a_statement_that_takes_long(file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, "check", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "checking pages\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (130, f"milvus-store: interrupted: {file} is not checked\n")
    assert list(file.parent.iterdir()) == [file]


_SLOW = """
import sys, time
from milvus_store.cli import main
from milvus_store.cli.progress import ProgressDisplay

def wait(self, told):
    print(told.what, flush=True)
    time.sleep(60)

ProgressDisplay.__call__ = wait
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process of Windows gets SIGINT alone")
def test_the_signal_leaves_no_half_of_a_backup(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW, "backup", str(file), str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "copying\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (130, f"milvus-store: interrupted: there is no {target}\n")
    assert list(tmp_path.iterdir()) == [file]
