"""Whether stored indexes are whole, and belong to the stored rows.

An index is a cache: its damage is reported, though it makes no search wrong. A search that meets a damaged
index warns, and the index is built anew from the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np

from ..storage.index_parts import DamagedIndex, StoredIndex
from .definitions import Definition
from .offenders import shown
from .report import Problem

_REBUILT = "; it is built anew from the rows, which have all it was built from"


def stored_indexes(connection: sqlite3.Connection, collection: Definition) -> Iterator[Problem]:
    """Every stored index belongs to a defined one, has all its parts, and covers the right rows."""
    defined = dict(
        connection.execute("SELECT name, field FROM indexes WHERE collection_id = ?", (collection.id,))
    )
    for name in _names(connection, collection.id):
        place = f"{collection.place}, stored index {name!r}"
        if name not in defined:
            yield Problem(place, "there is no index of this name; what is stored is never used")
            continue
        try:
            for fault in _faults(connection, collection, name, defined[name]):
                yield Problem(place, fault + _REBUILT)
        except DamagedIndex as damage:
            yield Problem(place, f"{damage}{_REBUILT}")


def _names(connection: sqlite3.Connection, collection: int) -> list[str]:
    found = connection.execute(
        "SELECT name FROM built_indexes WHERE collection_id = ?1"
        " UNION SELECT name FROM index_parts WHERE collection_id = ?1",
        (collection,),
    )
    return sorted(name for (name,) in found)


def _faults(connection: sqlite3.Connection, collection: Definition, name: str, field: str) -> Iterator[str]:
    stored = StoredIndex(connection, collection.id, name)
    found = stored.load_head()
    if found is None:
        return  # any parts are of an index that was not stored as a whole
    head, parts = found
    for _ in stored.load_parts(parts):
        pass
    if head.through_seq > collection.last_seq:
        yield f"it covers rows up to seq {head.through_seq}, beyond last_seq {collection.last_seq}"
    is_list = field in collection.schema.lists  # then a row has a label for each of its vectors
    if len(head.seqs) and (head.seqs[0] < 1 or (np.diff(head.seqs) < (0 if is_list else 1)).any()):
        yield "its rows are not in ascending order"
    if field not in collection.layout.vectors:
        return  # ``definitions`` reports an index on anything but a vector field
    rows = connection.execute(
        f"SELECT seq FROM {collection.layout.vectors[field]} WHERE seq <= ? AND"
        f" {'length(value) > 0' if is_list else 'value IS NOT NULL'} ORDER BY seq",
        (head.through_seq,),
    )
    seqs = np.array([seq for (seq,) in rows], dtype=np.int64)
    missing = seqs[~np.isin(seqs, head.seqs)]
    if len(missing):
        yield f"it does not know {shown(len(missing), missing[:10].tolist())}"
