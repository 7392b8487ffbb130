"""Many values bound to a statement, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

_CHUNK: Final = 500
"""Values bound to one statement: far below SQLite's limit; more of them make no statement faster."""


def chunks(values: Sequence[Any]) -> Iterator[tuple[Sequence[Any], str]]:
    """``values`` cut for binding, each with its question marks.

    A short chunk is filled up to a power of two by repeating its last value, so that a few prepared
    statements serve every length.
    """
    for start in range(0, len(values), _CHUNK):
        chunk = list(values[start : start + _CHUNK])
        size = min(_CHUNK, 1 << (len(chunk) - 1).bit_length())
        chunk += [chunk[-1]] * (size - len(chunk))
        yield chunk, ",".join("?" * size)


def ranges(seqs: Sequence[int]) -> Iterator[tuple[Sequence[int], str, Sequence[int]]]:
    """The ascending ``seqs`` cut for reading, each part with an SQL condition and the values it binds.

    Rows that stand behind one another are named by their bounds: 500 vectors of 384 dimensions are read in two
    thirds of the time that a list of numbers takes.
    """
    for start in range(0, len(seqs), _CHUNK):
        part = seqs[start : start + _CHUNK]
        if part[-1] - part[0] == len(part) - 1:
            yield part, "seq BETWEEN ? AND ?", (part[0], part[-1])
        else:
            yield part, f"seq IN ({','.join('?' * len(part))})", part
