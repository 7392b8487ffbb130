"""What a server counts, for Prometheus, and the HTTP page on which it says so.

With several processes each writes its numbers to files of one folder (prometheus-client's multiprocess mode), and
the process that looks after them adds them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

if TYPE_CHECKING:
    from ..protocol import Message

_BUCKETS: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0),
)
"""Seconds: a search takes half a millisecond, and a write that waits for others up to 30 s."""

_ROWS: Final = {"Insert": "insert_cnt", "Upsert": "upsert_cnt", "Delete": "delete_cnt"}
"""The call that changes rows → where its answer says how many."""


class Metrics:
    """The numbers of this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._calls = self._counter("calls", "Calls that have ended", "method", "code")
        self._seconds = Histogram(
            "milvus_store_call_seconds",
            "How long calls took, from when a thread took them",
            ["method"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._received = self._counter("received_bytes", "Bytes of requests")
        self._sent = self._counter("sent_bytes", "Bytes of answers")
        self._rows = self._counter("written_rows", "Rows inserted, upserted and deleted", "method")
        self._under_way = Gauge(
            "milvus_store_calls_under_way",
            "Calls that are being answered",
            ["method"],
            multiprocess_mode="livesum",
            registry=self.registry,
        )

    def under_way(self, method: str) -> AbstractContextManager[None]:
        """A block during which a call is being answered."""
        block: AbstractContextManager[None] = self._under_way.labels(method).track_inprogress()
        return block

    def count(self, method: str, code: str, seconds: float, received: int, sent: int) -> None:
        """Count a call that has ended."""
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)
        self._received.inc(received)
        self._sent.inc(sent)

    def count_rows(self, method: str, response: Message) -> None:
        """Count the rows that ``response``, the answer to a write, tells of."""
        if method in _ROWS:
            self._rows.labels(method).inc(getattr(response, _ROWS[method]))

    def page(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"milvus_store_{name}", help, labels, registry=self.registry)


class SharedMetrics:
    """The numbers of several processes, added up.

    Args:
        folder: where they write them.
        processes: the ids of those that are alive.
    """

    def __init__(self, folder: str, processes: Callable[[], Iterable[int]]) -> None:
        self._folder = folder
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry, path=folder)  # type: ignore[no-untyped-call]
        self._registry.register(_Processes(processes))

    def forget(self, process: int) -> None:
        """``process`` has ended: what it was doing is no more; what it did still counts."""
        mark_process_dead(process, self._folder)  # type: ignore[no-untyped-call]

    def page(self) -> bytes:
        return generate_latest(self._registry)


class _Processes:
    """Memory, time and open files of each process, where the system tells them."""

    def __init__(self, processes: Callable[[], Iterable[int]]) -> None:
        self._processes = processes

    def collect(self) -> Iterable[Metric]:
        found: dict[str, Metric] = {}
        for process in self._processes():
            for metric in ProcessCollector(pid=_just(process), registry=None).collect():
                kept = found.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                for sample in metric.samples:
                    labels = {**sample.labels, "pid": str(process)}
                    kept.add_sample(sample.name, labels, sample.value)
        return found.values()


def _just(process: int) -> Callable[[], int]:
    return lambda: process
