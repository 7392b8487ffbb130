"""faiss, imported so that its threads sleep while they wait.

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

__all__ = ["faiss"]
