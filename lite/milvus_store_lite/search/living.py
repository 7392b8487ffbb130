"""Leaves rows that have expired out of a selection.

Rows that live equally long expire in the order of their seqs: of a snapshot those up to a slot. Where rows have
times of their own, these are compared once, and again when the first of them has come.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from ..columns.column import BoolArray, NumberColumn
from ..columns.masks import Mask
from ..columns.view import View
from ..schema.fields import Field
from ..storage.expiry import Expiry
from .selection import Selection


class Living(NamedTuple):
    """The rows of a snapshot that live from the instant ``since`` until ``until``; ``mask``: None for all."""

    since: int
    until: int | None
    mask: Mask | None


def living(selection: Selection, expiry: Expiry) -> Selection:
    """``selection`` without the rows that have expired; the statistics of full text are without them, too."""
    found = _living(selection.view, expiry)
    if found.mask is None:
        return selection
    view, rows, population = selection.view, selection.rows, selection.population
    left = found.mask if rows is None else _both(view, rows, found.mask, found.since)
    of_texts = found.mask if population is None else _both(view, population, found.mask, found.since)
    return Selection(view, left, of_texts)


def _both(view: View, mask: Mask, living: Mask, since: int) -> Mask:
    """The rows of ``mask`` that are among the ``living``, which are known by ``since``."""
    return view.cached_mask(mask, lambda _: mask.flags & living.flags, f"living since {since}")


def expired_seqs(view: View, expiry: Expiry, limit: int) -> list[int]:
    """The seqs of up to ``limit`` rows that have expired and are still there."""
    mask = _living(view, expiry).mask
    if mask is None:
        return []
    alive = view.snapshot.alive
    gone = ~mask.flags if alive is None else alive & ~mask.flags
    seqs: list[int] = view.snapshot.seqs[np.flatnonzero(gone)[:limit]].tolist()
    return seqs


def _living(view: View, expiry: Expiry) -> Living:
    field = expiry.lifetime.field
    if field is not None:
        return _living_by_times(view, field, expiry.instant)
    last = view.reader.last_older(expiry.insertion)
    first = view.snapshot.first_slot(last)
    if first == 0:
        return Living(last, None, None)
    return Living(last, None, view.cached_mask(None, partial(_from, first), f"beyond {last}"))


def _from(first: int, view: View) -> BoolArray:
    """(n,) bool: the live rows from slot ``first`` on."""
    alive = view.snapshot.alive
    flags = np.ones(view.count, dtype=np.bool_) if alive is None else alive.copy()
    flags[:first] = False
    return flags


def _living_by_times(view: View, field: Field, instant: int) -> Living:
    """The rows whose time in ``field`` is null or has not come at ``instant``."""
    known = view.snapshot.living.get(field.name)
    if (
        isinstance(known, Living)
        and known.since <= instant
        and (known.until is None or instant < known.until)
    ):
        return known
    column = view.column(field)
    assert isinstance(column, NumberColumn), "times are numbers"
    times, valid = column.values, column.valid
    flags = times > instant
    if valid is not None:
        flags |= ~valid
    later = times[(times > instant) if valid is None else (times > instant) & valid]
    until = int(later.min()) if len(later) else None
    alive = view.snapshot.alive
    if alive is not None:
        flags &= alive
    is_whole = int(np.count_nonzero(flags)) == view.snapshot.live_count
    found = Living(instant, until, None if is_whole else Mask(flags))
    view.snapshot.living[field.name] = found
    return found
