"""The validity of a column of vectors: which of its slots have a vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .column import BoolArray
from .growable import Growable


class Validity:
    """Which slots have a vector; costs nothing as long as all have."""

    def __init__(self) -> None:
        self._flags: Growable[np.bool_] | None = None

    def append(self, blobs: Sequence[bytes | None], before: int) -> None:
        """Note the validity of ``blobs``, which come after ``before`` slots."""
        has_all = None not in blobs
        if self._flags is None:
            if has_all:
                return
            self._flags = Growable(np.bool_)
            self._flags.append(np.ones(before, dtype=np.bool_))
        self._flags.append(np.array([blob is not None for blob in blobs], dtype=np.bool_))

    def view(self) -> BoolArray | None:
        return None if self._flags is None else self._flags.view()
