"""Several processes that serve one file at one port, and the process that looks after them.

The system spreads connections over all who listen at a port with SO_REUSEPORT. The supervisor opens neither the
file nor a server: it keeps the port, replaces a worker that dies, hands signals on, and tells how the workers are.
They are spawned, never forked, because gRPC's threads do not come through a fork.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from tempfile import TemporaryDirectory
from typing import Any, Final

from milvus_store_lite import IN_MEMORY

from ...errors import MilvusException, ParamError
from ..settings import ServerSettings
from .logs import log
from .worker import work

_LOG: Final = logging.getLogger("milvus_store.server.workers")

_SILENCE: Final = 30.0
"""Seconds without a word after which a worker counts as hanging; it says one every two."""

_STEADY: Final = 10.0
"""Seconds after which a worker that dies is replaced at once. Others are replaced after a pause that grows."""

_PAUSES: Final = (0.1, 10.0)
"""The first pause and the longest, in seconds."""


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Connection
    begun: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    is_heard: bool = True
    problem: str = "it is starting"


class Supervisor:
    """Looks after ``settings.workers`` processes that serve ``file``.

    Raises:
        ParamError: the platform cannot share a port, or the database is in memory.
    """

    def __init__(self, file: str, settings: ServerSettings) -> None:
        if not hasattr(socket, "SO_REUSEPORT"):
            raise ParamError(
                message="workers: processes share a port by SO_REUSEPORT, which this platform has not"
            )
        if file == IN_MEMORY:
            raise ParamError(message="workers: a database in memory belongs to one process")
        self._file = file
        self._settings = settings
        self._workers: list[_Worker] = []
        self._wanted = 1  # until that one is ready: it makes the file, and says once what is wrong with it
        self._pauses = 0  # in a row
        self._next_start = 0.0
        self._has_served = self._is_stopping = False
        self._failure = ""
        self._signals = 0
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code when all workers have ended.

        Raises:
            MilvusException: the port cannot be used, or a first worker cannot serve the file.
        """
        with ExitStack() as stack:
            stack.callback(self._wake.close)
            stack.callback(self._woken.close)
            self._address = stack.enter_context(_reserved(self._settings))
            self._told = {"file": self._file, "uri": f"{_scheme(self._settings)}://{self._address}"}
            self._metrics_folder = ""
            self._metrics: Any = None
            if self._settings.metrics:
                self._show_metrics(stack)
            # A signal may be given to any thread, and only this descriptor wakes the main one.
            stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(self._wake.fileno()))
            for number in (signal.SIGTERM, signal.SIGINT):
                stack.callback(signal.signal, number, signal.signal(number, lambda *_: None))
            while self._workers or not self._is_stopping:
                self._fill_up()
                self._wait()
        if self._failure:
            raise MilvusException(message=self._failure)
        log(_LOG, logging.INFO, "stopped")
        return 0

    def problem(self) -> str:
        """What keeps some worker from answering; nothing if all can."""
        if self._is_stopping:
            return "the server is stopping"
        workers = list(self._workers)
        if len(workers) < self._settings.workers:
            return f"{len(workers)} of {self._settings.workers} workers run"
        for worker in workers:
            if worker.problem:
                return f"worker {worker.process.pid}: {worker.problem}"
            if time.monotonic() - worker.heard > _SILENCE:
                return f"worker {worker.process.pid} has said nothing for {_SILENCE:.0f} seconds"
        return ""

    def _show_metrics(self, stack: ExitStack) -> None:
        from .metrics import SharedMetrics
        from .status_page import StatusPage

        self._metrics_folder = stack.enter_context(TemporaryDirectory(prefix="milvus-store-metrics-"))
        self._metrics = SharedMetrics(self._metrics_folder, self._process_ids)
        host, port = self._settings.metrics_host, self._settings.metrics_port
        page = stack.enter_context(StatusPage(host, port, self.problem, self._metrics.page))
        self._told["metrics"] = page.uri

    def _process_ids(self) -> list[int]:
        return [worker.process.pid for worker in list(self._workers)]

    def _fill_up(self) -> None:
        while not self._is_stopping and len(self._workers) < self._wanted and self._pause() <= 0:
            ours, theirs = multiprocessing.Pipe(duplex=True)
            arguments = (self._file, self._settings, self._address, self._metrics_folder, theirs)
            process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
            # Ctrl-C goes to all processes of a terminal, and workers shall hear of it from here alone. A process
            # begins by ignoring what the one ignores that starts it; a mask would be lifted by multiprocessing.
            handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
            process.start()
            signal.signal(signal.SIGINT, handler)
            theirs.close()
            self._workers.append(_Worker(process, ours))

    def _pause(self) -> float:
        """Seconds until a worker may be started."""
        return self._next_start - time.monotonic()

    def _wait(self) -> None:
        """Wait until something happens, and see to it."""
        waited: list[Any] = [self._woken, *(worker.process.sentinel for worker in self._workers)]
        waited += [worker.pipe for worker in self._workers if worker.is_heard]
        pause = max(0.0, self._pause()) if len(self._workers) < self._wanted else None
        happened = wait(waited, pause)
        if self._woken in happened:
            self._signals += len(self._woken.recv(64))
            self._stop()
        for worker in list(self._workers):
            if worker.pipe in happened:
                self._listen(worker)
            if worker.process.sentinel in happened:
                self._bury(worker)

    def _listen(self, worker: _Worker) -> None:
        try:
            while worker.pipe.poll():
                worker.problem = worker.pipe.recv()
                worker.heard = time.monotonic()
                worker.is_ready = worker.is_ready or not worker.problem
        except (EOFError, OSError):
            worker.is_heard = False
        if worker.is_ready and not self._has_served:
            self._wanted = self._settings.workers
            if sum(one.is_ready for one in self._workers) == self._wanted:
                self._has_served = True
                log(_LOG, logging.INFO, "serving", **self._told, workers=self._process_ids())

    def _bury(self, worker: _Worker) -> None:
        self._listen(worker)
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        process, code = worker.process.pid, worker.process.exitcode
        if self._metrics is not None:
            self._metrics.forget(process)
        if self._is_stopping:
            return
        if not self._has_served:
            self._failure = worker.problem or f"a worker ended at once with exit code {code}"
            self._stop()
            return
        now = time.monotonic()
        if now - worker.begun >= _STEADY:
            self._pauses = 0
        else:
            self._next_start = now + min(_PAUSES[1], _PAUSES[0] * 2**self._pauses)
            self._pauses += 1
        log(_LOG, logging.ERROR, "a worker has ended", worker=process, exit_code=code, problem=worker.problem)

    def _stop(self) -> None:
        """The first time, let all workers drain; after that, end them."""
        if self._signals > 1:
            for worker in self._workers:
                worker.process.kill()
            return
        self._is_stopping = True
        log(_LOG, logging.INFO, "stopping", grace=self._settings.grace)
        for worker in self._workers:
            worker.process.terminate()


@contextmanager
def _reserved(settings: ServerSettings) -> Iterator[str]:
    """The address at which workers listen, whose port nobody else gets meanwhile.

    Raises:
        MilvusException: it cannot be used, or somebody listens there.
    """
    host = settings.host.strip("[]")
    try:
        family, *_, found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0]
        # A socket that shares its port joins those who do, even of another server: one that does not is told.
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found)
            port = probe.getsockname()[1]
        kept = socket.socket(family, socket.SOCK_STREAM)
        try:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            kept.bind((found[0], port, *found[2:]))
        except BaseException:
            kept.close()
            raise
    except OSError as error:
        raise MilvusException(message=f"the address {settings.address} cannot be used: {error}") from error
    with kept:
        yield f"{settings.address.rpartition(':')[0]}:{port}"


def _scheme(settings: ServerSettings) -> str:
    return "https" if settings.tls_cert else "http"
