"""Verifies rows and vectors as they are read: each value that leaves here fits the checksum beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .integrity.checksums import damaged
from .integrity.row_checksums import Ints
from .layout import TableLayout


def verify(
    layout: TableLayout,
    seqs: Sequence[int] | Ints,
    blobs: Sequence[Any],
    values: dict[str, Sequence[Any]],
) -> None:
    """Raise DatabaseCorruptError unless ``values``, column → those of the rows ``seqs``, are what was written.

    Args:
        blobs: the stored checksums of each row.
    """
    changed = layout.checksums.changed(seqs, blobs, values)
    if changed:
        column, seq = changed[0]
        fault = ValueError("the value does not match its checksum")
        raise layout.corrupt(f"field '{column}', table {layout.rows}, seq {seq}", fault)


def are_sound(layout: TableLayout, seqs: Ints, checksums: bytes, values: dict[str, Sequence[Any]]) -> bool:
    """Whether ``values``, column → those of the rows ``seqs``, are what was written, by their ``checksums``."""
    try:
        return not layout.checksums.changed(seqs, [checksums], values)
    except (ValueError, OverflowError):
        return False


def verified_rows(
    layout: TableLayout, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]
) -> tuple[Sequence[int], list[Sequence[Any]]]:
    """Seqs and values of ``rows``, (seq, checksums, *columns) each, all of them what was written."""
    if not rows:
        return (), [() for _ in columns]
    seqs, blobs, *values = zip(*rows, strict=True)
    verify(layout, seqs, blobs, dict(zip(columns, values, strict=True)))
    return seqs, list(values)


def verified_vectors(
    layout: TableLayout, field: str, rows: list[tuple[int, bytes, bytes | None]]
) -> tuple[list[int], list[bytes | None]]:
    """Seqs and vectors of ``rows`` (seq, checksum, vector), all of them what was written."""
    seqs, blobs = [seq for seq, _, _ in rows], [blob for _, _, blob in rows]
    wrong = damaged(seqs, blobs, [checksum for _, checksum, _ in rows], layout.salts[field])
    if wrong:
        fault = ValueError("the vector does not match its checksum")
        raise layout.corrupt(f"field '{field}', table {layout.vectors[field]}, seq {seqs[wrong[0]]}", fault)
    return seqs, blobs
