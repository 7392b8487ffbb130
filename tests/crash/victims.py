"""Workers to be killed: forked from a warm process where the system can fork, else started one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.processes.children import ROOT

CAN_FORK = hasattr(os, "fork")
KILLED = -9 if CAN_FORK else 1
"""How a killed worker ended: by SIGKILL, or with the exit code that TerminateProcess gives."""

_ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Victim(Protocol):
    def kill(self) -> int:
        """End it at once; returns how it ended."""
        ...

    def wait(self) -> int:
        """Let it end by itself; returns how it ended."""
        ...


class Victims(Protocol):
    def start(self, path: Path, log: Path, seed: int, limit: int | None = None) -> Victim:
        """A worker that is at its first steps; with ``limit`` it dies of a write past so many bytes."""
        ...


@contextmanager
def victims() -> Iterator[Victims]:
    """The way to start workers on this system."""
    if not CAN_FORK:
        yield _Started()
        return
    with _python("tests.crash.zygote") as zygote:
        try:
            yield _Forked(zygote)
        finally:
            assert zygote.stdin is not None
            zygote.stdin.close()
            zygote.wait(timeout=60)


def _python(module: str, *arguments: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=_ENVIRONMENT,
    )


class _Forked:
    """Children of the warm process, which is told what to do in lines of JSON."""

    def __init__(self, zygote: subprocess.Popen[str]) -> None:
        self._zygote = zygote

    def start(self, path: Path, log: Path, seed: int, limit: int | None = None) -> Victim:
        return _ForkedVictim(self, self.ask("start", str(path), str(log), seed, limit))

    def ask(self, *command: Any) -> int:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        print(json.dumps(command), file=self._zygote.stdin, flush=True)
        return int(json.loads(self._zygote.stdout.readline()))


class _ForkedVictim:
    def __init__(self, family: _Forked, pid: int) -> None:
        self._family = family
        self._pid = pid

    def kill(self) -> int:
        return self._family.ask("kill", self._pid)

    def wait(self) -> int:
        return self._family.ask("wait", self._pid)


class _Started:
    """Interpreters of their own."""

    def start(self, path: Path, log: Path, seed: int, limit: int | None = None) -> Victim:
        assert limit is None, "only a system that forks can limit the size of files"
        process = _python("tests.crash.worker", path, log, seed)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return _StartedVictim(process)


class _StartedVictim:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def kill(self) -> int:
        self._process.kill()
        return self.wait()

    def wait(self) -> int:
        self._process.communicate()
        return self._process.returncode
