"""A batcher runs searches that wait at the same time, and differ only in their query vectors, as one search.

One search for many vectors costs far less than many searches: the matrix is read once, and so are filter, plan and
output fields. No search waits for others to come: one that finds a free thread starts alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from milvus_store_lite import PerProcess, lazy

from ..results import SearchResult
from .answers import Answer

MAX_QUERIES: Final = 256
"""Query vectors that are searched for at once: what one caller waits for others stays bounded."""

Search = Callable[..., SearchResult]


@dataclass(eq=False)
class _Job:
    """A search that waits.

    ``where``: the database it goes to. ``queries``: its query vectors, None if it must run alone; ``options``: the
    other arguments of the call.
    """

    search: Search
    where: object
    queries: list[Any] | None
    options: Mapping[str, Any]
    answer: Answer[SearchResult] = field(default_factory=Answer)

    def may_join(self, first: _Job) -> bool:
        """Whether this search could be part of ``first``: the same database, arguments and kind of queries."""
        if self.queries is None or first.queries is None or self.where is not first.where:
            return False
        if set(map(type, self.queries)) != set(map(type, first.queries)):
            return False
        try:
            is_equal = bool(self.options == first.options)
        except ValueError:  # arrays among the arguments have no single truth
            return False
        # To Python, 1 and True and 1.0 are equal; to a filter they are not.
        return is_equal and self.written == first.written

    @lazy
    def written(self) -> str:
        """The arguments as text, which tells apart what only compares equal."""
        return repr(self.options)

    def run(self) -> SearchResult:
        options = dict(self.options)
        return self.search(**options if self.queries is None else {**options, "data": self.queries})


class SearchBatcher:
    """The searches of one client that wait for a thread."""

    def __init__(self, submit: Callable[[Callable[[], None]], object]) -> None:
        self._submit = submit
        # What waits in the parent of a forked child is run there.
        self._waiting: PerProcess[deque[_Job]] = PerProcess(deque)
        self._lock = PerProcess(threading.Lock)

    async def search(self, search: Search, where: object, arguments: Mapping[str, Any]) -> SearchResult:
        """The result of ``search(**arguments)``, which goes to the database ``where``."""
        options = dict(arguments)
        queries = _as_list(options.get("data"))
        if queries is not None:
            del options["data"]
        job = _Job(search, where, queries, options)
        with self._lock.own:
            self._waiting.own.append(job)
        try:
            self._submit(self._run_next)
            return await job.answer.future
        except BaseException:
            job.answer.future.cancel()
            with self._lock.own, suppress(ValueError):
                self._waiting.own.remove(job)
            raise

    def _run_next(self) -> None:
        """Run the search that has waited longest with all that may join it; another thread may have done so."""
        jobs = [job for job in self._take() if job.answer.is_wanted]
        if len(jobs) > 1 and self._run_as_one(jobs):
            return
        for job in jobs:
            job.answer.of(job.run)

    def _take(self) -> list[_Job]:
        with self._lock.own:
            if not self._waiting.own:
                return []
            first = self._waiting.own.popleft()
            jobs, size = [first], len(first.queries or ())
            others: deque[_Job] = deque()
            for job in self._waiting.own:
                if job.may_join(first) and size + len(job.queries or ()) <= MAX_QUERIES:
                    jobs.append(job)
                    size += len(job.queries or ())
                else:
                    others.append(job)
            self._waiting.own = others
            return jobs

    @staticmethod
    def _run_as_one(jobs: Sequence[_Job]) -> bool:
        """False if one of ``jobs`` has an error, which only that one's caller is to see."""
        queries = [query for job in jobs for query in job.queries or ()]
        try:
            found = jobs[0].search(**jobs[0].options, data=queries)
        except BaseException:
            return False
        start, handed_out = 0, set[int]()
        for job in jobs:
            end = start + len(job.queries or ())
            result = SearchResult(found[start:end])
            _own_values(result, handed_out)
            result.extra = dict(found.extra)
            job.answer.give(result)
            start = end
        return True


def _as_list(data: object) -> list[Any] | None:
    """Query vectors as a list; None for data that cannot be split, for which the call itself raises the error."""
    if isinstance(data, list) and data and not isinstance(data[0], (int, float)):
        return data
    if isinstance(data, np.ndarray) and data.ndim == 2 and len(data):
        return list(data)
    return None


def _own_values(result: SearchResult, handed_out: set[int]) -> None:
    """Copy lists and dictionaries that another caller has got already: each may change what it was given."""
    for hits in result:
        for hit in hits:
            for name, value in hit["entity"].items():
                if isinstance(value, (list, dict)):
                    if id(value) in handed_out:
                        hit["entity"][name] = deepcopy(value)
                    else:
                        handed_out.add(id(value))
