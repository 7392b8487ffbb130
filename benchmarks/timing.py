"""Timing in pairs: two things in turn, so that a machine whose speed drifts treats both alike; and memory."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def milliseconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def in_turn(*calls: Callable[[], object], rounds: int = 30) -> list[list[float]]:
    """For each of ``calls`` its times in ms over ``rounds`` rounds, after one round of warming up."""
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, found in zip(calls, times, strict=True):
            found.append(milliseconds(call))
    return times


def ratio(times: list[float], base: list[float]) -> float:
    """The median of the ratios round by round."""
    return statistics.median(one / other for one, other in zip(times, base, strict=True))


def keep_bytecode() -> None:
    """Let the processes that are started from here on write what they compile, as those of users do.

    Where the environment forbids it, each fresh process compiles all that it imports: a third of its first answer.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def peak_memory() -> float:
    """The most memory that this process ever had resident, in MB of 2^20 bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage() would report that of the process which started this one, if it is more.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS
