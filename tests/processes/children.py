"""Functions of test modules, run in interpreters of their own.

A fresh interpreter has no threads, no open files and no resource limits of the test process, and what it does
to itself (forking, limits, another user) ends with it. Arguments and results travel as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

_CALL = """
import importlib, json, sys
root, module, name, arguments = sys.argv[1:]
sys.path.insert(0, root)
result = getattr(importlib.import_module(module), name)(*json.loads(arguments))
print(json.dumps(result), flush=True)
"""
_ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


def command(function: Callable[..., Any], *arguments: Any) -> list[str]:
    """The command line that calls ``function`` of a module under ``tests`` and prints its result."""
    texts = json.dumps([str(one) if isinstance(one, Path) else one for one in arguments])
    # Forking with threads is what some of these functions are about; Python 3.12 warns of it.
    flags = ["-W", "error", "-W", "ignore:This process:DeprecationWarning"]
    return [sys.executable, *flags, "-c", _CALL, str(ROOT), function.__module__, function.__name__, texts]


def run(function: Callable[..., Any], *arguments: Any, timeout: float = 120, blas_threads: int = 1) -> Any:
    """What ``function`` returns; it must say nothing on stderr and leave its interpreter in peace."""
    done = subprocess.run(
        command(function, *arguments),
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**_ENVIRONMENT, "OPENBLAS_NUM_THREADS": str(blas_threads)},
    )
    assert (done.returncode, done.stderr) == (0, ""), f"exit {done.returncode}:\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


class Child:
    """A running function that speaks in lines: it reads those told to it, and says its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)

    def hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the child ended without a word"
        return line.rstrip("\n")


@contextmanager
def running(function: Callable[..., Any], *arguments: Any) -> Iterator[Child]:
    """``function`` in the background; it is ended at the end of the block at the latest."""
    with subprocess.Popen(
        command(function, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**_ENVIRONMENT, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        try:
            yield Child(process)
        finally:
            process.kill()
