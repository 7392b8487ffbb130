"""Long operations tell how far they are, and end when whoever listens raises: the file is as it was then."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import AsyncMilvusClient, DataType, MilvusClient, restore
from milvus_store.errors import ParamError
from milvus_store_lite import OnProgress, Progress, check_file
from milvus_store_lite.process import progress as heard
from milvus_store_lite.storage import connections, tables
from milvus_store_lite.storage.file import backup, lineage
from tests import thresholds

ROWS = 1200


class Enough(Exception):
    pass


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Steps so small that a small file takes many, and an index on it."""
    monkeypatch.setattr(backup, "_PAGES_AT_ONCE", 5)
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 200)
    monkeypatch.setattr(connections, "_SHRINK_PAGES", 8)
    monkeypatch.setattr(connections, "_SHRINK_SHARE", 1.0)
    with thresholds.lowered():
        yield


@pytest.fixture
def path(path: Path) -> Path:
    """A file with an index that is not built, and space to free."""
    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
        schema.add_field("text", DataType.VARCHAR, max_length=600)
        index = client.prepare_index_params(
            "vector", index_type="HNSW", metric_type="L2", params={"M": 4, "efConstruction": 16}
        )
        client.create_collection("docs", schema=schema, index_params=index)
        vectors = np.random.default_rng(1).standard_normal((ROWS, 8))
        client.insert(
            "docs", [{"id": i, "vector": vector, "text": "x" * 500} for i, vector in enumerate(vectors)]
        )
        client.delete("docs", ids=list(range(0, ROWS, 2)))
    return path


def compact(path: Path, progress: OnProgress | None) -> None:
    with MilvusClient(path) as client:
        client.compact("docs", progress=progress)


def back_up(path: Path, progress: OnProgress | None) -> None:
    with MilvusClient(path) as client:
        client.backup(path.with_name("copy.db"), progress=progress)


def restore_to_it(path: Path, progress: OnProgress | None) -> None:
    restore(path.with_name("backup.db"), path, progress=progress)


def restore_with_client(path: Path, progress: OnProgress | None) -> None:
    with MilvusClient(path) as client:
        try:
            client.restore(path.with_name("backup.db"), progress=progress)
        finally:
            client.list_collections()  # it goes on with the file that is there


def check(path: Path, progress: OnProgress | None) -> None:
    assert check_file(path, progress).is_sound


def build(path: Path, progress: OnProgress | None) -> None:
    with MilvusClient(path) as client:
        client.build_index("docs", "vector", progress=progress)


OPERATIONS: dict[str, Callable[[Path, OnProgress | None], None]] = {
    "compact": compact,
    "backup": back_up,
    "restore": restore_to_it,
    "client.restore": restore_with_client,
    "check": check,
    "build_index": build,
}
PARTS = {
    "compact": ["compacting docs", "freeing pages"],
    "backup": ["copying"],
    "restore": ["copying", "checking the copy"],
    "client.restore": ["copying", "checking the copy"],
    "check": ["checking pages", "checking rows"],
    "build_index": ["docs, vector"],
}

each_operation = pytest.mark.parametrize("name", list(OPERATIONS))


def make_backup(path: Path) -> None:
    with MilvusClient(path) as client:
        client.backup(path.with_name("backup.db"))
        client.insert("docs", {"id": ROWS, "vector": [1.0] * 8, "text": "new"})


def told_by(name: str, path: Path) -> list[Progress]:
    """What an operation reports, without repetitions."""
    reports: list[Progress] = []
    OPERATIONS[name](path, reports.append)
    return list(dict.fromkeys(reports))


def stored(path: Path) -> dict[str, Any]:
    """What every table holds, but for the numbers that tell one opening from the next."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall()
            for name in names
            if name != lineage.TABLE
        }


def rows(path: Path) -> list[dict[str, Any]]:
    with MilvusClient(path) as client:
        found = client.query("docs", "id >= 0", output_fields=["*"])
    return sorted(({**row, "vector": list(row["vector"])} for row in found), key=lambda row: row["id"])


@each_operation
def test_reports_rise_to_their_total(name: str, path: Path) -> None:
    make_backup(path)
    told = told_by(name, path)
    assert list(dict.fromkeys(one.what for one in told)) == PARTS[name]
    for part in PARTS[name]:
        of_part = [one for one in told if one.what == part]
        assert len({(one.total, one.unit) for one in of_part}) == 1
        done = [one.done for one in of_part]
        assert done == sorted(set(done))
        assert done[-1] == of_part[-1].total
        assert done[-1] > 0


def test_a_build_can_be_ended_before_it_learns_from_a_sample(path: Path) -> None:
    assert told_by("build_index", path)[0].done == 0


@each_operation
def test_whatever_report_ends_it_the_file_is_whole_and_as_it_was(name: str, path: Path) -> None:
    make_backup(path)
    pristine = path.with_name("pristine")
    pristine.write_bytes(path.read_bytes())
    before, before_rows = stored(path), rows(path)
    reports = told_by(name, path)
    for number, report in enumerate(reports):
        path.write_bytes(pristine.read_bytes())
        path.with_name("copy.db").unlink(missing_ok=True)
        seen: dict[Progress, None] = {}

        def listen(told: Progress, last: int = number, seen: dict[Progress, None] = seen) -> None:
            seen[told] = None
            if len(seen) > last:
                raise Enough

        with pytest.raises(Enough):
            OPERATIONS[name](path, listen)
        assert list(seen) == reports[: number + 1]
        assert sorted(one.name for one in path.parent.iterdir()) == ["backup.db", "pristine", path.name]
        assert check_file(path).problems == ()
        if report.what == "freeing pages":  # the rows are written anew by then
            assert rows(path) == before_rows
        else:
            assert stored(path) == before


@each_operation
def test_one_that_was_ended_can_be_done_again_by_the_same_process(name: str, path: Path) -> None:
    make_backup(path)

    def listen(_: Progress) -> None:
        raise Enough

    with pytest.raises(Enough):
        OPERATIONS[name](path, listen)
    OPERATIONS[name](path, None)
    assert check_file(path).problems == ()


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "build_index"])
def test_the_listener_is_called_in_the_calling_thread_even_during_one_statement(
    name: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(path)
    monkeypatch.setattr(heard, "_TICK", 0.0)
    threads: set[threading.Thread] = set()
    repeated: list[Progress] = []

    def listen(told: Progress) -> None:
        threads.add(threading.current_thread())
        repeated.append(told)

    OPERATIONS[name](path, listen)
    assert threads == {threading.current_thread()}
    assert len(repeated) > len(set(repeated)), "the latest report comes again where there is no new one"


@each_operation
def test_without_another_thread_it_works_as_well(
    name: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(path)
    monkeypatch.setattr(heard, "started", lambda thread: False)
    assert [one.what for one in told_by(name, path)][-1] == PARTS[name][-1]


def test_a_statement_that_takes_long_is_interrupted() -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:

        def operation(reports: heard.Reports) -> None:
            with reports.interrupting(connection):
                reports.tell("counting", 0, 1, "numbers")
                connection.execute(endless).fetchone()

        def listen(_: Progress) -> None:
            raise Enough

        with pytest.raises(Enough):
            heard.heard(operation, listen)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_backup_in_steps_has_one_state(path: Path) -> None:
    with MilvusClient(path) as client, MilvusClient(path) as other:
        told: list[Progress] = []

        def write(report: Progress) -> None:
            told.append(report)
            other.insert("docs", {"id": ROWS + len(told), "vector": [0.0] * 8, "text": "late"})

        expected = client.query("docs", "id >= 0", output_fields=["count(*)"])
        client.backup(path.with_name("copy.db"), progress=write)
    assert len(told) > 3
    with MilvusClient(path.with_name("copy.db")) as copy:
        assert copy.query("docs", "id >= 0", output_fields=["count(*)"]) == expected
    assert check_file(path.with_name("copy.db")).problems == ()


async def test_awaited_calls_tell_their_progress(path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        told: list[Progress] = []
        await client.backup(path.with_name("backup.db"), progress=told.append)
        await client.compact("docs", progress=told.append)
        await client.build_index("docs", "vector", progress=told.append)
        await client.restore(path.with_name("backup.db"), progress=told.append)
    assert list(dict.fromkeys(one.what for one in told)) == [
        "copying",
        "compacting docs",
        "freeing pages",
        "docs, vector",
        "checking the copy",
    ]


async def test_a_cancelled_task_ends_its_operation(path: Path) -> None:
    async with AsyncMilvusClient(path) as client:
        reached, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        told: list[Progress] = []

        def wait(report: Progress) -> None:
            told.append(report)
            loop.call_soon_threadsafe(reached.set)
            go_on.wait(10)

        task = asyncio.create_task(client.backup(path.with_name("copy.db"), progress=wait))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
    assert len(told) == 1
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_slips_of_the_pen_are_errors(path: Path) -> None:
    with MilvusClient(path) as client, pytest.raises(ParamError, match="did you mean 'progress'"):
        client.compact("docs", progres=print)
