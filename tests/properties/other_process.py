"""A client that lives in a process of its own; calls and answers travel through a pipe."""

from __future__ import annotations

import atexit
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from milvus_store import MilvusClient


def serve(pipe: Connection) -> None:
    """Open and close databases and call their clients, as told, until told to stop."""
    client: Any = None
    while (message := pipe.recv()) is not None:
        name, arguments, options = message
        try:
            if name == "open":
                client, answer = MilvusClient(*arguments), None
            else:
                answer = getattr(client, name)(*arguments, **options)
            pipe.send((answer, None))
        except Exception as error:
            pipe.send((None, error))


class OtherProcess:
    """A process that is started with the first ``open`` and serves one client at a time."""

    def __init__(self) -> None:
        self._pipe: Connection | None = None

    def open(self, path: Path) -> OtherProcess:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            context.Process(target=serve, args=(theirs,), daemon=True).start()
            atexit.register(self._pipe.send, None)
        self._call("open", (path,), {})
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **options: self._call(name, arguments, options)

    def _call(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        assert self._pipe is not None
        self._pipe.send((name, arguments, options))
        answer, error = self._pipe.recv()
        if error is not None:
            raise error
        return answer


OTHER_PROCESS = OtherProcess()
