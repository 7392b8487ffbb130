from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from milvus_store.client.search_batcher import MAX_QUERIES, SearchBatcher
from milvus_store.results import SearchResult


class Searches:
    """Stands in for a client's threads and its ``search``: nothing runs until ``run`` is called."""

    def __init__(self) -> None:
        self.submitted: list[Callable[[], None]] = []
        self.calls: list[list[Any]] = []
        self.together = SearchBatcher(self.submitted.append)

    def search(self, data: Any = None, **options: Any) -> SearchResult:
        self.calls.append(list(data))
        if any(query == ["bad"] for query in data):
            raise ValueError("bad")
        found: Any = [f"{query} by {sorted(options)}" for query in data]
        return SearchResult([Answer([text]) for text in found])

    def ask(self, data: Any, where: object = "here", **options: Any) -> asyncio.Task[SearchResult]:
        return asyncio.create_task(self.together.search(self.search, where, {"data": data, **options}))

    async def run(self) -> None:
        await asyncio.sleep(0)
        for call in self.submitted:
            await asyncio.to_thread(call)


class Answer(list[Any]):
    """Hits without entities."""


async def texts(tasks: list[asyncio.Task[SearchResult]]) -> list[list[str]]:
    return [[hits[0] for hits in await task] for task in tasks]  # type: ignore[misc]


@pytest.fixture(autouse=True)
def no_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("milvus_store.client.search_batcher._own_values", lambda *_: None)


async def test_equal_searches_are_one_call_and_each_gets_its_own() -> None:
    searches = Searches()
    tasks = [searches.ask([["a"]]), searches.ask([["b"], ["c"]]), searches.ask([["d"]])]
    await searches.run()
    assert searches.calls == [[["a"], ["b"], ["c"], ["d"]]]
    assert await texts(tasks) == [["['a'] by []"], ["['b'] by []", "['c'] by []"], ["['d'] by []"]]


async def test_searches_that_differ_are_calls_of_their_own() -> None:
    searches = Searches()
    tasks = [
        searches.ask([["a"]], limit=1),
        searches.ask([["b"]], limit=2),
        searches.ask([["c"]], limit=1),
        searches.ask([["d"]], where="elsewhere", limit=1),
        searches.ask([("e",)], limit=1),
        searches.ask("text", limit=1),
        searches.ask([["f"]], limit=1, params=np.arange(3)),
        searches.ask([["g"]], limit=1, params=np.arange(3)),
        searches.ask([["h"]], limit=1, params={"value": 1}),
        searches.ask([["i"]], limit=1, params={"value": True}),
        searches.ask([["j"]], limit=1, params={"value": 1.0}),
    ]
    await searches.run()
    assert searches.calls[0] == [["a"], ["c"]]
    assert len(searches.calls) == 10
    await asyncio.gather(*tasks)


async def test_one_bad_search_fails_alone() -> None:
    searches = Searches()
    tasks = [searches.ask([[letter]]) for letter in ("a", "bad", "c")]
    await searches.run()
    assert await texts([tasks[0], tasks[2]]) == [["['a'] by []"], ["['c'] by []"]]
    with pytest.raises(ValueError, match="bad"):
        await tasks[1]


async def test_a_call_stays_small_enough() -> None:
    searches = Searches()
    half = [["q"]] * (MAX_QUERIES // 2)
    tasks = [
        searches.ask(half),
        searches.ask(half),
        searches.ask(half),
        searches.ask([["q"]] * 2 * MAX_QUERIES),
    ]
    await searches.run()
    assert [len(call) for call in searches.calls] == [MAX_QUERIES, MAX_QUERIES // 2, 2 * MAX_QUERIES]
    await asyncio.gather(*tasks)


async def test_a_cancelled_search_is_left_out() -> None:
    searches = Searches()
    tasks = [searches.ask([[letter]]) for letter in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    await searches.run()
    assert searches.calls == [[["a"], ["c"]]]
    await asyncio.gather(tasks[0], tasks[2])
