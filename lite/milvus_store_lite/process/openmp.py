"""faiss, imported so that its threads sleep while they wait, and how many of them work for a call.

OpenMP's threads wait busily by default: they keep a core for a millisecond after each piece of work, and where
another process has that core, both stand still. How they wait is read from the environment when the library is
loaded (``OMP_WAIT_POLICY``, OpenMP 5.2, section 21.7), so it is set for that moment only. A program that
has set it, or has imported faiss before, keeps its choice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

_POLICY: Final = "OMP_WAIT_POLICY"
_DECIDED_BY: Final = (_POLICY, "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


@contextmanager
def _waiting_passively() -> Iterator[None]:
    if "faiss" in sys.modules or any(name in os.environ for name in _DECIDED_BY):
        yield
        return
    os.environ[_POLICY] = "passive"
    try:
        yield
    finally:
        os.environ.pop(_POLICY, None)


with _waiting_passively():
    import faiss

__all__ = ["Threads", "faiss"]


class Threads:
    """``with Threads(count):`` so many threads work for what the calling one asks of faiss in the block.

    After it there are as many as before: the program may use faiss itself.
    """

    __slots__ = ("_before", "_count")

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> None:
        self._before = faiss.omp_get_max_threads()
        if self._before != self._count:
            faiss.omp_set_num_threads(self._count)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before != self._count:
            faiss.omp_set_num_threads(self._before)
