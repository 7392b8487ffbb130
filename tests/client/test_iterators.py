from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store.errors import MilvusException, ParamError
from milvus_store.results import Hit, Hits

COUNT = 250
VECTORS = np.random.default_rng(8).standard_normal((COUNT, 4)).astype(np.float32)
QUERY = [[0.1, 0.2, 0.3, 0.4]]


@pytest.fixture
def numbers(client: MilvusClient) -> MilvusClient:
    """A client with the collection ``numbers``: ids 0 to 249, ``n`` equal to the id, metric L2."""
    client.create_collection("numbers", dimension=4, metric_type="L2")
    client.insert("numbers", [{"id": i, "vector": vector, "n": i} for i, vector in enumerate(VECTORS)])
    return client


def pages_of(iterator: Any) -> list[Any]:
    pages = []
    while page := iterator.next():
        pages.append(page)
    assert not iterator.next()
    return pages


def test_a_search_iterator_gives_every_row_once_nearest_first(numbers: MilvusClient) -> None:
    pages = pages_of(numbers.search_iterator("numbers", QUERY, batch_size=40, output_fields=["n"]))
    assert [len(page) for page in pages] == [40] * 6 + [10]
    everything = numbers.search("numbers", QUERY, limit=COUNT)[0]
    assert [pk for page in pages for pk in page.ids()] == everything.ids
    assert [value for page in pages for value in page.distances()] == everything.distances
    hit = pages[0][0]
    assert dict(hit) == {"id": hit.id, "distance": hit.distance, "entity": {"n": hit.id}}
    assert [one.id for one in pages[0][:3]] == everything.ids[:3]
    assert [[one.id for one in hits] for hits in pages[0].get_res()] == [everything.ids[:40]]


def test_a_search_iterator_takes_what_a_search_takes(numbers: MilvusClient) -> None:
    ring = {"params": {"radius": 4.0, "range_filter": 1.0}}
    options: dict[str, Any] = {"filter": "n < {top}", "filter_params": {"top": 200}, "search_params": ring}
    pages = pages_of(numbers.search_iterator("numbers", QUERY, batch_size=7, round_decimal=2, **options))
    found = numbers.search("numbers", QUERY, limit=COUNT, round_decimal=2, **options)[0]
    assert 7 < len(found) < 200
    assert [pk for page in pages for pk in page.ids()] == found.ids
    assert [value for page in pages for value in page.distances()] == found.distances


@pytest.mark.parametrize("limit", [0, 1, 30, 95])
def test_a_limit_ends_the_pages(numbers: MilvusClient, limit: int) -> None:
    searched = pages_of(numbers.search_iterator("numbers", QUERY, batch_size=30, limit=limit))
    queried = pages_of(numbers.query_iterator("numbers", batch_size=30, limit=limit))
    for pages in (searched, queried):
        assert sum(map(len, pages)) == limit
        assert all(len(page) == 30 for page in pages[:-1])


def test_hits_may_be_chosen_by_a_function(numbers: MilvusClient) -> None:
    def even(hits: Hits) -> list[Hit]:
        return [hit for hit in hits if hit.id % 2 == 0]

    pages = pages_of(
        numbers.search_iterator("numbers", QUERY, batch_size=20, limit=50, external_filter_func=even)
    )
    truth = [pk for pk in numbers.search("numbers", QUERY, limit=COUNT)[0].ids if pk % 2 == 0]
    assert [len(page) for page in pages] == [20, 20, 10]
    assert [pk for page in pages for pk in page.ids()] == truth[:50]


def test_a_query_iterator_gives_what_a_query_gives(numbers: MilvusClient) -> None:
    truth = numbers.query("numbers", "n >= 17", output_fields=["n"])
    pages = pages_of(numbers.query_iterator("numbers", batch_size=50, filter="n >= 17", output_fields=["n"]))
    assert [len(page) for page in pages] == [50, 50, 50, 50, 33]
    assert [row for page in pages for row in page] == list(truth)
    (rest,) = pages_of(numbers.query_iterator("numbers", batch_size=100, offset=200))
    assert [row["id"] for row in rest] == list(range(200, COUNT))
    assert set(rest[0]) == {"id", "vector", "n"}


@pytest.mark.parametrize("writer", ["this client", "another process"])
def test_pages_show_the_state_at_the_beginning(numbers: MilvusClient, path: Path, writer: str) -> None:
    searching = numbers.search_iterator("numbers", QUERY, batch_size=60, output_fields=["n"])
    querying = numbers.query_iterator("numbers", batch_size=60, output_fields=["n"])
    truth = numbers.search("numbers", QUERY, limit=COUNT)[0].ids
    searched, queried = list(searching.next()), querying.next()
    write = (
        "client.delete('numbers', filter='n % 3 == 0');"
        "client.upsert('numbers', [{'id': i, 'vector': [9.0] * 4, 'n': -1} for i in range(1, 100, 3)]);"
        "client.insert('numbers', [{'id': 1000 + i, 'vector': [0.1, 0.2, 0.3, 0.4], 'n': -1} for i in range(50)]);"
    )
    if writer == "this client":
        exec(write, {"client": numbers})
        numbers.compact("numbers")
    else:
        opened = f"from milvus_store import MilvusClient; client = MilvusClient({str(path)!r}); "
        code = f"{opened}{write}client.close()"
        subprocess.run([sys.executable, "-c", code], check=True)
    while page := searching.next():
        searched += page
    while rows := querying.next():
        queried += rows
    assert [hit.id for hit in searched] == truth
    assert all(hit["n"] == hit.id for hit in searched)
    assert queried == [{"id": i, "n": i} for i in range(COUNT)]
    assert numbers.query("numbers", output_fields=["count(*)"])[0]["count(*)"] == COUNT - 84 + 50


def test_iterators_of_a_dropped_collection_go_on(numbers: MilvusClient) -> None:
    querying = numbers.query_iterator("numbers", batch_size=100)
    numbers.drop_collection("numbers")
    assert sum(map(len, pages_of(querying))) == COUNT


@pytest.mark.parametrize("end", ["last page", "close", "limit", "forgotten", "client"])
def test_an_iterator_lets_go_of_the_file(numbers: MilvusClient, path: Path, end: str) -> None:
    limit = 80 if end == "limit" else -1
    iterators = [
        numbers.search_iterator("numbers", QUERY, batch_size=40, limit=limit),
        numbers.query_iterator("numbers", batch_size=40, limit=limit),
    ]
    iterators[0].next(), iterators[1].next()
    if end in ("last page", "limit"):
        for iterator in iterators:
            while iterator.next():
                pass
    elif end == "close":
        for iterator in iterators:
            iterator.close()
            iterator.close()
            with pytest.raises(MilvusException, match="closed"):
                iterator.next()
    elif end == "forgotten":
        iterators.clear()
        iterator = None  # type: ignore[assignment]
    if end != "client":
        numbers.insert("numbers", [{"id": 5000, "vector": [0.0] * 4}])
        numbers.flush("numbers")
        # A reader that is left would keep the log from being folded in; what is folded is written over.
        size = path.with_name(path.name + "-wal").stat().st_size
        for i in range(20):
            numbers.insert("numbers", [{"id": 6000 + i, "vector": [0.0] * 4}])
            numbers.flush("numbers")
        assert path.with_name(path.name + "-wal").stat().st_size <= size + 2**20
    numbers.close()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_an_iterator_keeps_its_client_open(path: Path) -> None:
    def begin() -> Any:
        client = MilvusClient(path)
        client.create_collection("c", dimension=2)
        client.insert("c", [{"id": i, "vector": [i, 1.0]} for i in range(5)])
        return client.query_iterator("c", batch_size=2)

    assert [len(page) for page in pages_of(begin())] == [2, 2, 1]


forks = pytest.mark.skipif(sys.platform == "win32", reason="no forks")


def in_forked_child(code: Callable[[], object]) -> object:
    """What ``code`` returns, or the message of its error, in a process forked from this one."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def run() -> None:
        try:
            answers.put(code())
        except MilvusException as error:
            answers.put(error.message)

    child = context.Process(target=run)
    child.start()
    answer = answers.get(timeout=20)
    child.join()
    return answer


@forks
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_leaves_its_parents_iterators_alone(numbers: MilvusClient, path: Path) -> None:
    iterator = numbers.query_iterator("numbers", batch_size=100)
    iterator.next()
    assert "belongs to the parent process" in str(in_forked_child(iterator.next))
    # SQLite's locks are held by the iterator: a child that cannot have them must not use the file.
    assert "iterator that was not at its end" in str(
        in_forked_child(lambda: MilvusClient(path).list_collections())
    )
    assert [len(page) for page in pages_of(iterator)] == [100, 50]
    assert in_forked_child(lambda: numbers.list_collections()) == ["numbers"]


@forks
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_waits_for_no_iterator_whatever_threads_use_it(numbers: MilvusClient) -> None:
    iterators = [numbers.query_iterator("numbers", batch_size=100) for _ in range(3)]
    with ThreadPoolExecutor(1) as pool:
        iterators.append(pool.submit(numbers.query_iterator, "numbers", 100).result())
        pool.submit(iterators[0].next).result()
        pool.submit(iterators[1].close).result()
        # A fork waits for the calls of other threads: here are none, though threads have opened and closed.
        assert in_forked_child(lambda: "at once") == "at once"
        for iterator in (iterators[0], iterators[2], iterators[3]):
            iterator.close()
        assert pool.submit(in_forked_child, numbers.list_collections).result() == ["numbers"]
    assert in_forked_child(numbers.list_collections) == ["numbers"]


def test_damage_ends_an_iterator_with_an_error_of_this_package(numbers: MilvusClient, path: Path) -> None:
    numbers.flush("numbers")
    iterator = numbers.query_iterator("numbers", batch_size=10, output_fields=["n"])
    cursor: Any = iterator._cursor
    cursor._reader.layout.rows = '"rows_77"'  # what SQLite cannot read
    with pytest.raises(MilvusException, match="table is missing"):
        iterator.next()
    with pytest.raises(MilvusException, match="closed"):
        iterator.next()
    iterator.close()


def test_iterators_refuse_what_they_cannot_do(numbers: MilvusClient) -> None:
    searching = numbers.search_iterator
    querying = numbers.query_iterator
    cases: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
        (searching, {"data": QUERY, "batch_size": 0}, "batch_size must be an int between 1 and 16384"),
        (searching, {"data": QUERY, "batch_size": 20_000}, "got 20000"),
        (searching, {"data": QUERY * 2}, "one query vector, got 2"),
        (searching, {"data": [[1.0]]}, "dimension 4"),
        (searching, {"data": QUERY, "limit": -2}, "limit"),
        (searching, {"data": QUERY, "search_params": {"offset": 3}}, "no offset"),
        (searching, {"data": QUERY, "group_by_field": "n"}, "neither groups nor orders"),
        (searching, {"data": QUERY, "round_decimal": 7}, "round_decimal"),
        (searching, {"data": QUERY, "external_filter_func": 3}, "callable"),
        (querying, {"batch_size": 0}, "batch_size"),
        (querying, {"offset": -1}, "offset"),
        (querying, {"filter": "n >"}, "ends too early"),
        (querying, {"output_fields": 3}, "output_fields"),
        (querying, {"iterator_cp_file": "x"}, "iterator_cp_file"),
    ]
    for call, arguments, message in cases:
        with pytest.raises(ParamError, match=message):
            call("numbers", **arguments)
    numbers.release_collection("numbers")
    for call, arguments in ((searching, {"data": QUERY}), (querying, {})):
        with pytest.raises(MilvusException, match="not loaded"):
            call("numbers", **arguments)
