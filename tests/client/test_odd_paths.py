"""Paths that are no files, and settings that are no numbers of seconds: the product's errors, at once."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DatabaseWriteError, MilvusException, NotADatabaseError, ParamError
from milvus_store_lite.storage.connections import LONGEST_WAIT
from tests.inside import file_of

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="other kinds of files")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        pytest.param("pipe", NotADatabaseError, "is a named pipe", marks=POSIX),
        pytest.param("link", NotADatabaseError, "is a named pipe", marks=POSIX),
        pytest.param("socket", NotADatabaseError, "is a socket", marks=POSIX),
        pytest.param("/dev/zero", NotADatabaseError, "is a device", marks=POSIX),
        pytest.param("circle", DatabaseWriteError, "symbolic links", marks=POSIX),
        ("folder", NotADatabaseError, "is a directory"),
        ("folder/", NotADatabaseError, "is a directory"),
        ("a.db/", NotADatabaseError, "names a directory"),
        (".", NotADatabaseError, "is a directory"),
        ("a\0b.db", ParamError, "must name a file"),
        ("\ud800.db", ParamError, "must name a file"),
        ("", ParamError, "got ''"),
        ("x" * 300, MilvusException, "x" * 200),
        ("x/" * 5_000, MilvusException, "x/x/x/"),
        ("nowhere/a.db", DatabaseWriteError, "does not exist"),
    ],
)
def test_what_is_no_file_is_refused_at_once(
    folder: Path, path: str, error: type[MilvusException], message: str, read_only: bool
) -> None:
    (folder / "folder").mkdir()
    if sys.platform != "win32":
        os.mkfifo("pipe")
        (folder / "link").symlink_to("pipe")
        (folder / "circle").symlink_to("circle")
        server = socket.socket(socket.AF_UNIX)
        server.bind("socket")
        server.close()
    before = sorted(os.listdir())
    with pytest.raises(error, match=message):
        MilvusClient(path, read_only=read_only)
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("seconds", [float("inf"), 1e300, 10**10, 2_147_484, 10**400, LONGEST_WAIT, 0, 0.5])
def test_no_wait_is_too_long(path: Path, seconds: float) -> None:
    with MilvusClient(path, busy_timeout=seconds) as client:
        client.create_collection("c", dimension=2)
        client.insert("c", {"id": 1, "vector": [1, 2]})
        with file_of(client).connections.reading() as connection:
            (milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
        assert milliseconds == min(seconds, LONGEST_WAIT) * 1_000


@pytest.mark.parametrize("seconds", [float("nan"), -1, float("-inf"), "30", None, True])
def test_what_is_no_time_to_wait_is_refused(path: Path, seconds: object) -> None:
    with pytest.raises(ParamError, match="busy_timeout must be seconds, 0 or more"):
        MilvusClient(path, busy_timeout=seconds)
    assert not path.exists()
