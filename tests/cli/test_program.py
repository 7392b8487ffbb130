from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from milvus_store import MilvusClient, __version__

from .conftest import Run

COMMANDS = (
    ("info",),
    ("check",),
    ("compact",),
    ("backup", "target.db"),
    ("query", "docs", "id > 1"),
    ("search", "docs", "[1, 2]"),
)


def test_it_runs_as_a_module(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "milvus_store", "check", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok: 2 collections, 20 rows\n", "")


def test_help_and_version(run: Run) -> None:
    assert run("--version").out == f"milvus-store {__version__}\n"
    overview = run("--help")
    assert overview.code == 0
    for command, *_ in COMMANDS:
        assert f"\n    {command} " in overview.out
        assert "FILE" in run(command, "--help").out


@pytest.mark.parametrize(
    "arguments", [(), ("chek",), ("info",), ("query", "x.db"), ("info", "x.db", "--jsn")]
)
def test_a_wrong_command_line_says_how_it_should_be(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("usage: milvus-store")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_makes_a_file(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    name, *arguments = command
    missing, empty = tmp_path / "missing.db", tmp_path / "empty.db"
    empty.touch()
    for file, what in ((missing, "does not exist"), (empty, "is empty")):
        outcome = run(name, file, *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err == f"milvus-store: error: {file} {what}; expected a database file\n"
    assert [one.name for one in tmp_path.iterdir()] == ["empty.db"]
    assert empty.read_bytes() == b""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_what_is_no_database_is_refused(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    name, *arguments = command
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, " * 50)
    for file, what in (
        (text, "not a SQLite file"),
        (tmp_path, "is a directory"),
        ("http://localhost:19530", "address of a server"),
    ):
        outcome = run(name, file, *arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("milvus-store: error: ")
        assert what in outcome.err


def test_errors_keep_their_lines(run: Run, file: Path) -> None:
    outcome = run("query", file, "docs", "id ==")
    assert outcome.code == 2
    first, *others = outcome.err.splitlines()
    assert first.startswith("milvus-store: error: ")
    assert others == ["  id ==", "       ^"]


def test_a_reader_that_has_enough_is_no_error(file: Path) -> None:
    with MilvusClient(file) as client:
        client.insert("docs", [{"id": i, "vector": [i, 1], "text": "x" * 100} for i in range(100, 5000)])
    with subprocess.Popen(
        [sys.executable, "-m", "milvus_store", "query", str(file), "docs", "", "--limit", "5000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert command.stdout.readline().startswith(b'{"id": 0')
        command.stdout.close()
        assert command.stderr.read() == b""
        assert command.wait(timeout=60) == 0


def test_a_terminal_that_is_not_unicode_gets_escapes(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "milvus_store", "query", str(file), "docs", "id == 3", "--fields", "title"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert done.stdout == b'{"id": 3, "title": "t\\xedtulo 3"}\n'


def test_a_file_that_may_not_be_read_is_an_error(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr("milvus_store.cli.arguments.require_database", refuse)
    outcome = run("info", file)
    assert outcome.code == 2
    assert outcome.err == f"milvus-store: error: [Errno 13] Permission denied: '{file}'\n"


def test_reading_commands_leave_one_file_as_it_was(run: Run, file: Path, tmp_path: Path) -> None:
    before = shutil.copy(file, tmp_path / "before.db").read_bytes()
    for command, *arguments in (COMMANDS[0], COMMANDS[1], COMMANDS[4], COMMANDS[5]):
        assert run(command, file, *arguments).code == 0
    assert file.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["before.db", file.name]
