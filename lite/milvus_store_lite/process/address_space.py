"""Whether memory can be had before a library asks for it that cannot do without.

faiss, OpenMP and OpenBLAS end the process where memory or a thread's stack is refused in the middle of their
work. Systems refuse it where a limit is set on the address space of a process (``ulimit -v``); elsewhere they hand
it out and see later.
"""

from __future__ import annotations

import mmap
from typing import Final

try:
    import resource
except ImportError:  # Windows has no such limits
    _LIMITS: tuple[int, ...] = ()
else:
    _LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_DATA)

HEADROOM: Final = 256 << 20
"""Bytes that libraries ask for beside what their work needs: buffers of OpenBLAS, a pool for a thread."""


def is_limited() -> bool:
    """Whether memory may be refused to this process."""
    return any(map(_is_set, _LIMITS))  # a generator would take longer than the calls


def _is_set(limit: int) -> bool:
    return bool(resource.getrlimit(limit)[0] != resource.RLIM_INFINITY)


def require(size: int) -> None:
    """Find out whether ``size`` bytes can be had now; raises MemoryError if not."""
    if not is_limited():
        return
    try:
        mmap.mmap(-1, max(1, size)).close()
    except (OSError, OverflowError, ValueError):
        raise MemoryError(f"{size >> 20} MiB of memory are refused") from None
