"""What a process leaves when it ends, and what its children do."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import milvus_store

from .running import run

PREPARED = """
import os, sys, tempfile
import milvus_store.pymilvus
from pymilvus import MilvusClient
path = sys.argv[1]
def insert(client, number):
    client.insert("docs", [{"id": number, "vector": [number, 1.0]}])
def count(client):
    return client.query("docs", filter="", output_fields=["count(*)"])[0]["count(*)"]
"""

FORKS = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """The folder in which programs put what is temporary: its path is short, as those of sockets must be."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "test.db"
    with milvus_store.MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
    return path


def count_of(path: Path) -> int:
    with milvus_store.MilvusClient(path) as client:
        return int(client.query("docs", output_fields=["count(*)"])[0]["count(*)"])


def run_prepared(program: str, path: Path, temporary: Path) -> str:
    script = path.parent.parent / "program.py"
    script.write_text(PREPARED + program)
    return run("-W", "ignore", str(script), str(path), env={"TMPDIR": str(temporary), "TEMP": str(temporary)})


def leaves_nothing(path: Path, temporary: Path) -> bool:
    return os.listdir(path.parent) == [path.name] and os.listdir(temporary) == []


def test_a_process_that_ends_leaves_one_file(path: Path, temporary: Path) -> None:
    run_prepared("insert(MilvusClient(path), 1)", path, temporary)
    assert leaves_nothing(path, temporary)
    assert count_of(path) == 1


def test_what_is_written_as_the_program_ends_is_written(path: Path, temporary: Path) -> None:
    program = """
import atexit
client = MilvusClient(path)
count(client)
atexit.register(lambda: (insert(client, 1), print(count(client))))
"""
    assert run_prepared(program, path, temporary) == "1\n"
    assert leaves_nothing(path, temporary)
    assert count_of(path) == 1


def test_what_is_called_after_the_end_is_refused(path: Path, temporary: Path) -> None:
    program = """
client = MilvusClient(path)
count(client)
"""
    first = """
import atexit
def late():
    try:
        count(client)
    except Exception as error:
        print(error.message)
atexit.register(late)
"""
    script = path.parent.parent / "late.py"
    script.write_text(first + PREPARED + program)
    said = run("-W", "ignore", str(script), str(path), env={"TMPDIR": str(temporary)})
    assert said == f"the database {path} is closed\n"


FORKED = """
def child(number):
    pid = os.fork()
    if not pid:
        try:
            client = MilvusClient(path)
            insert(client, number)
            sys.exit(0 if count(client) >= 1 else 3)
        except Exception as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            sys.exit(1)
    return pid
"""


@FORKS
@pytest.mark.parametrize("used", ["", "client = MilvusClient(path); insert(client, 0)"])
def test_forked_children_open_the_file_anew(used: str, path: Path, temporary: Path) -> None:
    program = f"""
{FORKED}
{used}
pids = [child(number) for number in range(1, 5)]
print([os.waitpid(pid, 0)[1] for pid in pids])
{"insert(client, 5)" if used else ""}
"""
    assert run_prepared(program, path, temporary) == "[0, 0, 0, 0]\n"
    assert leaves_nothing(path, temporary)
    assert count_of(path) == (6 if used else 4)


@FORKS
def test_a_client_goes_through_a_fork(path: Path, temporary: Path) -> None:
    # Many, because gRPC would break off one child in ten.
    program = """
client = MilvusClient(path)
pids = []
for number in range(100):
    insert(client, number)
    pid = os.fork()
    if not pid:
        insert(client, 1000 + number)
        os._exit(0 if count(client) > number else 3)
    pids.append(pid)
print([code for pid in pids if (code := os.waitpid(pid, 0)[1])])
"""
    assert run_prepared(program, path, temporary) == "[]\n"
    assert count_of(path) == 200


@FORKS
def test_an_asynchronous_client_goes_through_a_fork(path: Path, temporary: Path) -> None:
    program = """
import asyncio
from pymilvus import AsyncMilvusClient
client = AsyncMilvusClient(path)
def write(number):
    asyncio.run(client.insert("docs", [{"id": number, "vector": [number, 1.0]}]))
write(1)
pid = os.fork()
if not pid:
    write(2)
    os._exit(0)
print(os.waitpid(pid, 0)[1])
write(3)
"""
    assert run_prepared(program, path, temporary) == "0\n"
    assert count_of(path) == 3


@FORKS
def test_forked_children_serve_while_the_parent_goes_on(path: Path, temporary: Path) -> None:
    program = f"""
{FORKED}
import threading
client = MilvusClient(path)
stop = threading.Event()
def work(first):
    number = first
    while not stop.is_set():
        insert(client, number)
        number += 1
threads = [threading.Thread(target=work, args=(first,)) for first in (1000, 2000, 3000)]
for thread in threads: thread.start()
codes = []
for round in range(5):
    codes.append(os.waitpid(child(round), 0)[1])
stop.set()
for thread in threads: thread.join()
print(codes)
"""
    assert run_prepared(program, path, temporary) == "[0, 0, 0, 0, 0]\n"
    assert leaves_nothing(path, temporary)
    assert count_of(path) >= 5


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_pool_of_processes_writes_into_one_file(method: str, path: Path, temporary: Path) -> None:
    program = f"""
import multiprocessing
def work(number):
    client = MilvusClient(path)
    insert(client, number)
    return number
if __name__ == "__main__":
    client = MilvusClient(path)
    insert(client, 100)
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(sorted(pool.map(work, range(6), chunksize=1)))
        pool.close()
        pool.join()
    print(count(client))
"""
    assert run_prepared(program, path, temporary) == "[0, 1, 2, 3, 4, 5]\n7\n"
    assert leaves_nothing(path, temporary)
    assert count_of(path) == 7


ITERATED = """
from pymilvus import MilvusException
client = MilvusClient(path)
client.insert("docs", [{"id": number, "vector": [number, 1.0]} for number in range(100)])
pages = BEGUN
def rest():
    found = 0
    while page := pages.next():
        found += len(page)
    return found
first = len(pages.next())
pid = os.fork()
if not pid:
    try:
        print("child", rest(), flush=True)
    except MilvusException as error:
        print("child", error.message, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print("parent", first + rest())
"""


@FORKS
def test_a_query_iterator_pages_by_key_on_both_sides_of_a_fork(path: Path, temporary: Path) -> None:
    begun = 'client.query_iterator("docs", batch_size=10)'
    assert run_prepared(ITERATED.replace("BEGUN", begun), path, temporary) == "child 90\nparent 100\n"


@FORKS
def test_a_search_iterator_stays_with_the_process_that_began_it(path: Path, temporary: Path) -> None:
    begun = 'client.search_iterator("docs", [[1.0, 1.0]], batch_size=10)'
    child, parent = run_prepared(ITERATED.replace("BEGUN", begun), path, temporary).splitlines()
    assert "belongs to the parent process" in child
    assert parent == "parent 100"
