"""A process that has imported everything once and forks workers: a kill costs milliseconds, not a start-up.

It never has a database open itself. Commands and answers are JSON lines:
``["start", file, log, seed, limit]`` → pid, ``["kill", pid]`` and ``["wait", pid]`` → how the worker ended.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

from .model import index_early, warm_up
from .worker import work

_LONGEST_LIFE = 120
"""Seconds after which a worker ends even when nobody is left to kill it."""


def main() -> None:
    index_early()
    warm_up()
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        if command == "start":
            answer = _start(*arguments)
        else:
            (pid,) = arguments
            if command == "kill":
                os.kill(pid, signal.SIGKILL)
            answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps(answer), flush=True)


def _start(path: str, log: str, seed: int, limit: int | None) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.alarm(_LONGEST_LIFE)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        if limit is not None:
            _die_at(limit)
        work(Path(path), Path(log), seed)
    finally:
        os._exit(1)


def _die_at(limit: int) -> None:
    """Let the process die of the write that would take any file past ``limit`` bytes, in its middle."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


if __name__ == "__main__":
    main()
