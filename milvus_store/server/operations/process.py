"""A process that serves a file: it begins, waits for the signal to end, and drains."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...errors import ParamError
from ..call_threads import THREADS, CallThreads
from ..endpoint import MilvusServer, Transport
from ..settings import ServerSettings
from .ending import Ending
from .functions import import_functions
from .limits import Limits
from .logs import log
from .monitor import Monitor
from .tls import credentials

if TYPE_CHECKING:
    from .metrics import Metrics

LOG: Final = logging.getLogger("milvus_store.server")


def serve_alone(file: str, settings: ServerSettings) -> int:
    """Serve ``file`` in this process until SIGTERM or SIGINT; returns the exit code.

    Raises:
        MilvusException: the file cannot be opened, a setting cannot be met, or an address cannot be used.
    """
    with ExitStack() as stack:
        ending = stack.enter_context(signals())
        metrics = own_metrics(settings)
        server = made_server(file, settings, metrics)
        stack.callback(server.close)
        told: dict[str, Any] = {"file": file, "uri": server.uri}
        if metrics is not None:
            from .status_page import StatusPage

            page = StatusPage(settings.metrics_host, settings.metrics_port, server.problem, metrics.page)
            told["metrics"] = stack.enter_context(page).uri
        server.start()
        log(LOG, logging.INFO, "serving", **told)
        ending.wait()
        server.refuse(settings.grace)
        log(LOG, logging.INFO, "stopping", grace=settings.grace)
        drain(server)  # while the page still tells that it does
    log(LOG, logging.INFO, "stopped")
    return 0


def own_metrics(settings: ServerSettings) -> Metrics | None:
    """What counts the calls of this process, if anything shall."""
    if not settings.metrics:
        return None
    from .metrics import Metrics

    return Metrics()


def made_server(
    file: str,
    settings: ServerSettings,
    metrics: Metrics | None,
    *,
    address: str = "",
    shares_port: bool = False,
) -> MilvusServer:
    """A server of ``file`` as the settings describe it, which has not begun.

    Raises:
        MilvusException: the file cannot be opened, a setting cannot be met, or the address cannot be used.
    """
    import_functions(settings.functions)
    threads = CallThreads(settings.threads or THREADS)
    limits = Limits(settings.max_nq, settings.max_limit)
    monitor = Monitor(threads, limits, settings.max_calls, metrics, settings.log_calls)
    transport = Transport(
        credentials(settings), threads, (monitor,), settings.max_message_mb << 20, shares_port
    )
    server = MilvusServer(
        file,
        address or settings.address,
        access=settings.auth,
        root_password=_root_password(settings),
        transport=transport,
        durability=settings.durability,
        busy_timeout=settings.busy_timeout,
        memory_limit=settings.memory_limit,
        read_only=settings.read_only,
    )
    if server.made_password is not None:
        # Not by the log, which has no secrets: it is for whoever starts the server.
        told = f"milvus-store: the password of root, shown this once: {server.made_password}"
        print(told, file=sys.stderr, flush=True)
    return server


def _root_password(settings: ServerSettings) -> str | None:
    """The first password of root, without the end of the line that editors add; None to make one up.

    Raises:
        ParamError: its file cannot be read.
    """
    path = settings.root_password_file
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ParamError(message=f"root_password_file {path} cannot be read: {reason}") from error


def drain(server: MilvusServer) -> None:
    """Let the calls under way end, once new ones are refused. Those that take too long end with the process."""
    left = server.drain()
    if left:
        log(LOG, logging.WARNING, "calls took too long and are broken off", calls=left)
        os._exit(
            0
        )  # to close the file would be to wait for them; what they write is there as a whole, or not


@contextmanager
def signals() -> Iterator[Ending]:
    """The ending for which the first SIGTERM or SIGINT asks; the next one ends the process at once."""
    ending = Ending()

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        ending.ask()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
