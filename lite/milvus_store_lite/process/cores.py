"""How many cores this process may use.

A machine has more cores than a process may use where its affinity is set (``taskset``, a batch system) or where a
control group limits its time (containers). Threads beyond that number only take turns.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final

from ..errors import ParamError

_SETTING: Final = "MILVUS_STORE_THREADS"
_GROUPS: Final = Path("/proc/self/cgroup")
_MOUNTED: Final = Path("/sys/fs/cgroup")


def available_cores() -> int:
    """Cores that this process may use, at least 1: by its affinity, its control groups and the environment's
    ``MILVUS_STORE_THREADS`` and ``OMP_NUM_THREADS``."""
    asked = (os.environ.get(name, "") for name in (_SETTING, "OMP_NUM_THREADS"))
    limits = (_by_affinity(), *chain.from_iterable(map(_asked_for, asked)), *_quota())
    return max(1, min(limits))


def check_environment() -> None:
    """
    Raises:
        ParamError: ``MILVUS_STORE_THREADS`` is not a number of threads.
    """
    asked = os.environ.get(_SETTING, "")
    if asked and not (asked.isdecimal() and int(asked) > 0):
        raise ParamError(
            message=f"{_SETTING} in the environment must be a whole number, 1 or more, got {asked!r:.80}"
        )


def _by_affinity() -> int:
    count = getattr(os, "process_cpu_count", None)  # Python 3.13
    if count is not None:
        return int(count() or 1)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _asked_for(setting: str) -> Iterator[int]:
    """The number of threads in a setting of OpenMP, ``4`` or ``4,2``; nothing if there is none."""
    first = setting.partition(",")[0].strip()
    if first.isdecimal():
        yield int(first)


@cache
def _quota() -> tuple[int, ...]:
    """The whole cores that control groups allow, one number or none: read once, as it takes files to know."""
    return tuple(quota(_GROUPS, _MOUNTED))


def quota(groups: Path, mounted: Path) -> Iterator[int]:
    """The whole cores that control groups of Linux, version 1 or 2, allow; nothing where they set no limit.

    Args:
        groups: the list of the groups that a process is in, as cgroups(7) describes it.
        mounted: the folder of all groups.
    """
    try:
        lines = groups.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return
    limits = []
    for line in lines:
        # number:controllers:path
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            limits += [_limit_2(folder) for folder in _with_parents(mounted, path)]
        elif "cpu" in controllers.split(","):
            for root in (mounted / controllers, mounted / "cpu"):
                limits += [_limit_1(folder) for folder in _with_parents(root, path)]
    if found := [limit for limit in limits if limit is not None]:
        yield max(1, int(min(found)))


def _with_parents(root: Path, path: str) -> Iterator[Path]:
    """The folders of the group at ``path`` and of those above it; inside a container only the root may exist."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for length in range(len(parts), -1, -1):
        yield root.joinpath(*parts[:length])


def _limit_2(folder: Path) -> float | None:
    """Cores by ``cpu.max``: microseconds of work in so many microseconds, or ``max``."""
    try:
        work, period = (folder / "cpu.max").read_text().split()
        return int(work) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _limit_1(folder: Path) -> float | None:
    """Cores by ``cpu.cfs_quota_us``, which is -1 for no limit."""
    try:
        work = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
        return work / period if work > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
