"""Checks the inverted lists of a stored index, one step ahead of faiss; see ``layout``.

faiss stores the labels beside the codes of each list. Together, the lists must have each label once.
"""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from ..storage.index_parts import DamagedIndex
from .byte_steps import NUMBER, ByteSteps, Steps, small


class InvertedLists:
    """The steps that read ``count`` lists with ``rows`` labels in all, made as those of an empty index are."""

    def __init__(self, source: ByteSteps, count: int, rows: int) -> None:
        self._bytes = source
        self._count = count
        self._rows = rows
        self._labels = np.empty(rows, dtype=np.int64)
        self._filled = 0

    def arrays(self, like: Any) -> Steps[None]:
        """Lists of arrays: the codes and the labels of each, after the sizes of all."""
        count, rows = self._count, self._rows
        (_, _, _, form) = yield from self._bytes.fields(
            "4sQQ4s", lists=b"ilar", nlist=count, code_size=like.code_size, form=None
        )
        if form == b"full":
            sizes = yield from self._bytes.whole("sizes", np.uint64, count)
        elif form == b"sprs":
            (length,) = yield from self._bytes.fields("Q", sizes=None)
            if length % 2 or length > 2 * count:
                raise DamagedIndex(f"{length} numbers for the sizes of {count} lists")
            pairs = np.frombuffer((yield self._bytes.claim("sizes", 8 * length)), dtype=np.uint64).reshape(
                -1, 2
            )
            list_numbers = pairs[:, 0].astype(np.int64)
            if (
                (list_numbers < 0).any()
                or (list_numbers >= count).any()
                or (np.diff(list_numbers) <= 0).any()
            ):
                raise DamagedIndex("its lists are not in ascending order")
            sizes = pairs[:, 1]
        else:
            raise DamagedIndex(f"the format of its lists is {form!r}")
        if (sizes > rows).any() or int(sizes.sum()) != rows:
            raise DamagedIndex(f"its lists do not have {rows} rows in all")
        is_flat = isinstance(like, faiss.IndexIVFFlat)
        for size in sizes.tolist():
            if size == 0:
                continue
            if is_flat:
                yield from self._bytes.content("vectors", np.float32, size * like.d, small)
            else:
                yield from self._bytes.content("codes", np.uint8, size * like.code_size)
            self._add_labels((yield self._bytes.claim("labels", NUMBER * size)))
        self._check_labels()

    def blocks(self, like: Any) -> Steps[None]:
        """Lists of blocks of codes, as faiss's fast-scan kernels read them: size, labels and blocks of each."""
        count, rows = self._count, self._rows
        lists = faiss.downcast_InvertedLists(like.invlists)
        yield from self._bytes.fields(
            "4sQQQQ",
            lists=b"ilbl",
            nlist=count,
            code_size=lists.code_size,
            n_per_block=lists.n_per_block,
            block_size=lists.block_size,
        )
        per_block, block = int(lists.n_per_block), int(lists.block_size)
        for _ in range(count):
            size = int.from_bytes((yield self._bytes.claim("sizes", NUMBER)), "little")
            if size > rows - self._filled:
                raise DamagedIndex(f"its lists have more than {rows} rows in all")
            if size:
                self._add_labels((yield self._bytes.claim("labels", NUMBER * size)))
            code_bytes = int.from_bytes((yield self._bytes.claim("sizes", NUMBER)), "little")
            if code_bytes != -(-size // per_block) * block:
                raise DamagedIndex(f"{size} rows of a list have {code_bytes} bytes of codes")
            if code_bytes:
                yield from self._bytes.content("codes", np.uint8, code_bytes)
        self._check_labels()

    def _add_labels(self, data: memoryview) -> None:
        """Record the labels of one list. Their number has been checked."""
        end = self._filled + len(data) // NUMBER
        self._labels[self._filled : end] = np.frombuffer(data, dtype=np.int64)
        self._filled = end

    def _check_labels(self) -> None:
        """Each label is in one list, once."""
        labels, rows = self._labels, self._rows
        if self._filled < rows or labels.min() < 0 or labels.max() >= rows:
            raise DamagedIndex("a label is missing, or is not the label of a row")
        seen = np.zeros(rows, dtype=np.bool_)
        seen[labels] = True
        if not seen.all():
            raise DamagedIndex("a label occurs twice")
