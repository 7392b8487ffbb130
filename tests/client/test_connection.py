from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path

import pytest

from milvus_store import MilvusClient
from milvus_store.backends import shared
from milvus_store.backends.file import FileSettings
from milvus_store.errors import (
    ConnectionNotExistException,
    DatabaseCorruptError,
    DatabaseFormatError,
    DatabaseLockedError,
    DatabaseNotExistException,
    MilvusException,
    NotADatabaseError,
    ParamError,
)
from milvus_store_lite.database_file import DatabaseFile
from milvus_store_lite.storage.migrations import FORMAT_VERSION


def run_python(code: str, *arguments: object) -> str:
    """The output of ``code`` in another process."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


def fill(path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("c", dimension=2)
        client.insert("c", [{"id": i, "vector": [i, 1]} for i in range(2000)])


def test_a_closed_database_is_one_file_marked_as_ours(path: Path) -> None:
    fill(path)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    with sqlite3.connect(path) as connection:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert application_id.to_bytes(4, "big") == b"mvst"
    assert version == FORMAT_VERSION


@pytest.mark.parametrize("ending", ["forgotten", "interpreter exit"])
def test_a_client_that_is_not_closed_leaves_one_file_too(path: Path, ending: str) -> None:
    if ending == "forgotten":
        client = MilvusClient(path)
        client.create_collection("c", dimension=2)
        del client
        gc.collect()
    else:
        run_python(
            """
            import sys
            from milvus_store import MilvusClient
            client = MilvusClient(sys.argv[1])
            client.create_collection("c", dimension=2)
            """,
            path,
        )
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_was_written_is_there_after_reopening(path: Path) -> None:
    fill(path)
    with MilvusClient(str(path)) as client:
        assert client.get_collection_stats("c") == {"row_count": 2000}
        assert client.search("c", [[0, 1]], limit=1)[0].ids == [0]


def test_clients_of_one_file_share_it_and_close_apart(path: Path) -> None:
    first, second = MilvusClient(path), MilvusClient(path)
    first.create_collection("c", dimension=2)
    first.close()
    first.close()
    assert second.list_collections() == ["c"]
    second.close()
    for client in (first, second):
        with pytest.raises(ConnectionNotExistException, match="closed"):
            client.list_collections()


def test_another_process_sees_a_committed_write_at_its_next_search(path: Path) -> None:
    fill(path)
    code = """
        import sys
        from milvus_store import MilvusClient
        client = MilvusClient(sys.argv[1])
        def nearest():
            print(client.search("c", [[-1, 0]], limit=1)[0].ids, flush=True)
        nearest()
        for line in sys.stdin:
            nearest()
        """
    with (
        MilvusClient(path) as client,
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other,
    ):
        assert other.stdin is not None
        assert other.stdout is not None

        def ask() -> str:
            assert other.stdin is not None
            assert other.stdout is not None
            print(file=other.stdin, flush=True)
            return other.stdout.readline().strip()

        assert other.stdout.readline().strip() == "[0]"
        client.insert("c", {"id": 7777, "vector": [-5, 0]})
        assert ask() == "[7777]"
        client.delete("c", ids=[7777])
        assert ask() == "[0]"
        client.upsert("c", {"id": 5, "vector": [-1, 0]})
        assert ask() == "[5]"
        client.rename_collection("c", "d")
        client.rename_collection("d", "c")
        client.delete("c", filter="id == 5")
        assert ask() == "[0]"
        other.stdin.close()
        other.wait(timeout=30)


def test_this_process_sees_what_another_one_wrote(path: Path) -> None:
    fill(path)
    with MilvusClient(path) as client:
        assert client.search("c", [[-1, 0]], limit=1)[0].ids == [0]
        run_python(
            """
            import sys
            from milvus_store import MilvusClient
            with MilvusClient(sys.argv[1]) as client:
                client.insert("c", {"id": -3, "vector": [-1, 0]})
                client.delete("c", filter="0 <= id < 1900")
                client.create_collection("new", dimension=2)
            """,
            path,
        )
        assert client.search("c", [[-1, 0]], limit=2)[0].ids == [-3, 1900]
        assert client.get_collection_stats("c") == {"row_count": 101}
        assert client.list_collections() == ["c", "new"]


def test_files_that_are_not_ours_are_refused_and_not_changed(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are my notes, " * 50)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE mine (a)")
    connection.close()
    short = tmp_path / "short.db"
    short.write_bytes(foreign.read_bytes()[:40])
    for file, error, message in (
        (text, NotADatabaseError, "not a SQLite file"),
        (foreign, NotADatabaseError, "another application"),
        (short, DatabaseCorruptError, "truncated"),
        (tmp_path, NotADatabaseError, "directory"),
    ):
        before = file.read_bytes() if file.is_file() else b""
        with pytest.raises(error, match=message):
            MilvusClient(file)
        assert not file.is_file() or file.read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["foreign.db", "notes.txt", "short.db"]


def test_a_truncated_database_is_refused(path: Path) -> None:
    fill(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatabaseCorruptError, match="truncated"):
        MilvusClient(path)
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_a_file_of_a_newer_format_is_refused(path: Path) -> None:
    fill(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DatabaseFormatError, match="upgrade"):
        MilvusClient(path)


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    fill(path)
    assert path.stat().st_size > 0


def test_a_writer_that_waits_too_long_is_told_so(path: Path) -> None:
    with MilvusClient(path, busy_timeout=0.1) as client:
        client.create_collection("c", dimension=2)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError, match=r"0\.1 s"):
            client.insert("c", {"id": 1, "vector": [1, 2]})
        assert client.search("c", [[1, 2]]) == [[]]
        other.execute("ROLLBACK")
        other.close()
        client.insert("c", {"id": 1, "vector": [1, 2]})
        assert client.get_collection_stats("c") == {"row_count": 1}


def test_bad_arguments_name_what_was_expected(path: Path) -> None:
    for arguments, error, message in (
        ({"uri": ""}, ParamError, "path of a database file"),
        ({"uri": 5}, ParamError, "path of a database file"),
        ({"uri": "milvus:///"}, ParamError, "path of a database file"),
        ({"uri": path, "durability": "none"}, ParamError, "'full' or 'normal', got 'none'"),
        ({"uri": path, "memory_limit": -1}, ParamError, "memory_limit must be bytes"),
        ({"uri": path, "read_only": 1}, ParamError, "read_only must be a bool"),
        ({"uri": path, "threads": 0}, ParamError, "threads must be a number of threads, 1 or more.*got 0"),
        ({"uri": path, "threads": 1.5}, ParamError, "threads must be"),
        ({"uri": path, "busy_timeout": "1"}, ParamError, "busy_timeout"),
        ({"uri": path, "bussy_timeout": 1}, ParamError, "did you mean 'busy_timeout'"),
        ({"uri": path, "db_name": "nope"}, DatabaseNotExistException, "'nope'"),
        ({"uri": path.parent / "no" / "x.db"}, MilvusException, "does not exist"),
    ):
        with pytest.raises(error, match=message):
            MilvusClient(**arguments)  # type: ignore[arg-type]


def test_importing_is_quick_and_light() -> None:
    loaded = run_python(
        """
        import sys, milvus_store
        print(",".join(sorted(sys.modules)))
        """
    )
    heavy = {"faiss", "hnswlib", "langchain_core", "pandas", "grpc", "lark", "pymilvus", "llama_index"}
    assert heavy.isdisjoint(loaded.strip().split(","))


def test_a_database_that_is_closed_while_it_is_looked_up_is_opened_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class User:
        """Who has the database open."""

    class Window(dict):  # type: ignore[type-arg]
        """Forgets its last user just after it was found, as the garbage collector may."""

        def get(self, key: object, default: object = None) -> object:
            found = super().get(key, default)
            if users:
                shared.release(users.pop(), one)
            return found

    monkeypatch.setattr(shared, "_open", Window())
    settings = asdict(FileSettings())
    users: list[DatabaseFile] = []
    one, other = User(), User()
    users.append(shared.acquire(one, str(path), **settings))
    (first,) = users
    second = shared.acquire(other, str(path), **settings)
    assert second is not first
    assert second.list_databases() == ["default"]
    shared.release(second, other)
    with pytest.raises(ConnectionNotExistException):
        second.list_databases()
