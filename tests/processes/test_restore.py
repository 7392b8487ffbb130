"""A file is restored while other processes have it open: they see it or are told, and none harms what is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from milvus_store import MilvusClient, restore
from milvus_store.errors import DatabaseReplacedError
from milvus_store_lite import check_file

from .children import run, running
from .files import hold, make, rows, tags

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be replaced there")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    make(tmp_path / "backups" / "backup.db", 7, "backup")
    return tmp_path / "backups" / "backup.db"


def names(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir() if one.is_file())


def test_whoever_has_the_former_file_open_is_told(path: Path, backup: Path) -> None:
    make(path, 3, "old")
    with running(hold, path) as other:
        assert other.hear() == "ready"
        restore(backup, path)
        assert names(path) == ["test.db"], "the log of the former file has gone"
        with MilvusClient(path) as client:
            client.insert("docs", rows(100, 110, "new"))
            for word in ("read", "write", "read"):
                other.tell(word)
                assert other.hear() == "DatabaseReplacedError"
            assert tags(client) == {"backup": 7, "new": 10}
            other.tell("close")
            assert other.hear() == "done"
            client.insert("docs", rows(110, 120, "new"))
    assert names(path) == ["test.db"]
    with MilvusClient(path) as client:
        assert tags(client) == {"backup": 7, "new": 20}
    assert check_file(path).problems == ()


def test_the_last_to_close_the_former_file_leaves_the_new_one_alone(path: Path, backup: Path) -> None:
    """Also where nobody has looked at the new one yet."""
    make(path, 3, "old")
    with running(hold, path) as other:
        assert other.hear() == "ready"
        restore(backup, path)
        other.tell("close")
        assert other.hear() == "done"
    assert names(path) == ["test.db"]
    with MilvusClient(path) as client:
        assert tags(client) == {"backup": 7}


def test_a_backup_that_another_process_writes_to_is_restored_as_it_is_then(path: Path, backup: Path) -> None:
    make(path, 3, "old")
    with running(hold, backup) as other:
        assert other.hear() == "ready"
        restore(backup, path)
        other.tell("read")
        assert other.hear() == "107"
    with MilvusClient(path) as client:
        assert tags(client) == {"backup": 7, "held": 100}


def test_openers_and_writers_meet_one_file_or_the_other(path: Path, backup: Path) -> None:
    """Processes open the file, read, write and close it all the time while it is restored again and again."""
    make(path, 3, "old")
    with running(come_and_go, path, 1_000) as one, running(come_and_go, path, 2_000) as other:
        assert (one.hear(), other.hear()) == ("ready", "ready")
        for _ in range(25):
            restore(backup, path)
        for child in (one, other):
            child.process.stdin.close()  # type: ignore[union-attr]
            assert child.hear() == '"sound"'
    restore(backup, path)
    assert [name for name in names(path) if "foreign" not in name] == ["test.db"]
    with MilvusClient(path) as client:
        assert tags(client) == {"backup": 7}
    assert check_file(path).problems == ()


def come_and_go(path: str, number: int) -> str:
    """Until stdin ends; what is found must be one state of one file, and the own rows those of this opening."""
    import select
    import warnings

    warnings.simplefilter("ignore", RuntimeWarning)  # of the log of a file that was just replaced
    is_first = True
    while is_first or not select.select([sys.stdin], [], [], 0)[0]:
        try:
            with MilvusClient(path) as client:
                number += 1
                client.upsert("docs", rows(number % 2 + number // 1_000 * 1_000, number, "w"))
                found = tags(client)
                assert {"old": 3, "backup": 7}.items() & found.items(), found
        except DatabaseReplacedError:
            pass
        if is_first:
            print("ready", flush=True)
            is_first = False
    return "sound"


def test_the_command_restores_a_file_in_use(path: Path, backup: Path) -> None:
    make(path, 3, "old")
    with MilvusClient(path) as client:
        client.insert("docs", rows(3, 5, "old"))
        assert run(restore_by_command, backup, path) == 0
        with pytest.raises(DatabaseReplacedError, match="open a new client"):
            client.insert("docs", rows(10, 11))
        with MilvusClient(path) as new:
            assert tags(new) == {"backup": 7}


def restore_by_command(backup: str, path: str) -> int:
    from milvus_store.cli.program import main

    return main(["restore", backup, path])
