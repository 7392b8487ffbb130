"""``milvus-store serve`` as a process of its own, with its log lines."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_PATIENCE = 60.0


@dataclass
class Serving:
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    told: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        uri: str = self.facts["uri"]
        return uri

    @property
    def workers(self) -> list[int]:
        workers: list[int] = self.facts["workers"]
        return workers

    def wait_for(self, message: str) -> dict[str, Any]:
        """The next log line that says ``message``."""
        while True:
            try:
                line = self.told.get(timeout=_PATIENCE)
            except queue.Empty:
                pytest.fail(f"nobody said {message!r}:\n" + "".join(self.lines))
            if line.get("message") == message:
                return line
            if line.get("message") == "(end)":
                pytest.fail(f"the server ended before it said {message!r}:\n" + "".join(self.lines))

    def stop(self) -> int:
        """Ask it to end; returns the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=_PATIENCE)

    def get(self, page: str) -> tuple[int, str]:
        return _get(self.facts["metrics"] + page)


def _get(address: str) -> tuple[int, str]:
    """The status and the text of an HTTP page."""
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def command(file: Path | str, *flags: object) -> list[str]:
    return [sys.executable, "-m", "milvus_store", "serve", str(file), *map(str, flags)]


@contextmanager
def serving(
    file: Path | str, *flags: object, environment: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """A server of ``file`` at a free port, which is killed after the block if it has not ended."""
    flags = ("--port", 0, "--metrics-port", 0, "--log-format", "json", *flags)
    with subprocess.Popen(
        command(file, *flags), stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    ) as process:
        server = Serving(process)
        reader = threading.Thread(target=_read, args=(server,))
        reader.start()
        try:
            server.facts = server.wait_for("serving")
            yield server
        finally:
            process.kill()
            process.wait(timeout=_PATIENCE)
            reader.join(timeout=_PATIENCE)


def health_as_logged(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> dict[str, tuple[int, str]]:
    """What /healthz answers when ``module``, which serves in this process, says that it serves and that it stops.

    Whoever reads a line may act on it at once, so it is asked before the server takes its next step. Serving is
    told to end as soon as it is heard of.
    """
    health: dict[str, tuple[int, str]] = {}
    told: dict[str, Any] = {}

    def log(_: object, __: int, message: str, **facts: Any) -> None:
        told.update(facts)
        if message == "stopped":
            return
        health[message] = _get(told["metrics"] + "/healthz")
        if message == "serving":
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(module, "log", log)
    return health


def _read(server: Serving) -> None:
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.lines.append(line)
        try:
            server.told.put(json.loads(line))
        except ValueError:
            server.told.put({"message": line})
    server.told.put({"message": "(end)"})
