"""The new file of a salvage: the same numbers, the same stored values, new sums.

Rows keep their seqs, and collections and partitions their ids, so that every checksum stays valid.
"""

from __future__ import annotations

import json
import math
import sqlite3
from array import array
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..errors import MilvusException
from ..indexes.scalar_types import has_sql_index
from ..process import wall_clock
from ..storage import access, positions
from ..storage.catalog import DEFAULT_PARTITION, Catalog
from ..storage.insert_times import Entry
from ..storage.integrity import names
from ..storage.integrity.catalog_checksums import digest
from ..storage.integrity.checksums import checksums
from ..storage.integrity.row_checksums import PARTITION_COLUMN
from ..storage.layout import CHECKSUMS
from ..storage.positions import Position
from ..storage.store import CollectionStore
from ..storage.tables import CollectionTables
from ..text.documents import count_terms
from ..text.fields import tokens_of_rows
from .definitions import FoundCatalog, FoundCollection, Note
from .report import Losses, Recovered
from .rows import MISSING, DamagedRows, Rows
from .scan import UNREADABLE_ROWS

_NAMED_AT_MOST: Final = 1_000_000
"""The most missing rows of a collection whose keys are looked up in the index, for the report."""


def write_databases(connection: sqlite3.Connection, found: FoundCatalog) -> None:
    for number, (name, properties) in found.databases.items():
        row = (number, name, json.dumps(properties))
        connection.execute(
            "INSERT OR REPLACE INTO databases (id, name, properties, checksum) VALUES (?, ?, ?, ?)",
            (*row, digest(row)),
        )


def seal_names(connection: sqlite3.Connection, found: FoundCatalog) -> None:
    """Keep old ids of collections from being used again, and write the checksum of all names."""
    connection.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'collections'", (found.last_collection,)
    )
    names.seal(connection)


def write_access(damaged: sqlite3.Connection, connection: sqlite3.Connection, note: Note) -> None:
    """Copy users, roles and grants as a whole or not at all: half of them might allow what none of them did."""
    try:
        found = access.read(damaged)
    except (MilvusException, *UNREADABLE_ROWS):
        note("users, roles and grants are damaged, and left out: make them anew before the file is served")
        return
    access.write(connection, found)


class NewCollection:
    """Writes the collection ``found`` from ``rows``, in a transaction that is under way.

    Args:
        foreign: ids of the partitions of other collections.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        found: FoundCollection,
        rows: DamagedRows,
        losses: Losses,
        note: Note,
        foreign: set[int],
    ) -> None:
        self._connection = connection
        self._found = found
        self._rows = rows
        self._store = CollectionStore(found.id, found.schema)
        self._losses = losses
        self._note = note
        self._foreign = foreign
        self._partitions: set[int] = set()
        self._seqs = array("q")
        self._gone = 0
        self._key_sum = 0
        self._seq_sum = 0

    def write(self) -> Recovered:
        CollectionTables(self._store.layout, self._connection).create()
        removed = self._rows.removals()
        aside: list[int] = []
        for rows in self._rows.whole(1, self._rows.last_seq):
            aside += [seq for seq in rows.seqs if seq in removed]
            self._add(rows.keep([index for index, seq in enumerate(rows.seqs) if seq not in removed]))
        if aside:
            self._decide(aside)
        if self._found.expected != (self._count, self._seq_sum):
            self._name_missing(removed)
        self._define()
        expected = None if self._found.expected is None else self._found.expected[0]
        if expected is not None and self._count > expected:
            self._note(
                f"{self._found.where}: {self._count - expected} rows more than there were: "
                f"some that had been removed are back"
            )
        return Recovered(self._found.shown_name, self._count, expected, len(self._losses.seqs))

    @property
    def _count(self) -> int:
        return len(self._seqs) - self._gone

    # Rows ---------------------------------------------------------------------------------------------

    def _add(self, rows: Rows) -> None:
        """Write ``rows``; of two with the same key, the later one stays."""
        partitions = rows.values[PARTITION_COLUMN]
        if not self._foreign.isdisjoint(partitions):
            for seq, partition in zip(rows.seqs, partitions, strict=True):
                if partition in self._foreign:
                    self._losses.add(seq, None, None, "its partition now belongs to another collection")
            rows = rows.keep(
                [index for index, partition in enumerate(partitions) if partition not in self._foreign]
            )
        if not rows.seqs:
            return
        self._connection.execute("SAVEPOINT some_rows")
        try:
            self._insert(rows)
        except sqlite3.IntegrityError:
            self._connection.execute("ROLLBACK TO some_rows")
            for index in range(len(rows.seqs)):
                self._replace(rows.keep([index]))
        self._connection.execute("RELEASE some_rows")

    def _insert(self, rows: Rows) -> None:
        columns = self._store.layout.columns
        listed = ["seq", CHECKSUMS, *(columns[name] for name in rows.values)]
        self._connection.executemany(
            f"INSERT INTO {self._store.layout.rows} ({', '.join(listed)})"
            f" VALUES ({', '.join('?' * len(listed))})",
            zip(rows.seqs, rows.checksums, *rows.values.values(), strict=True),
        )
        for field, stored in rows.vectors.items():
            self._insert_vectors(field, [(seq, *value) for seq, value in zip(rows.seqs, stored, strict=True)])
        self._insert_documents(rows)
        key = self._found.schema.partition_key
        if self._store.indexes.tenants is not None and key is not None:
            self._store.indexes.tenants.add(self._connection, rows.values[key.name])
        self._partitions.update(rows.values[PARTITION_COLUMN])
        self._seqs.extend(rows.seqs)
        self._seq_sum += sum(rows.seqs)
        self._key_sum += self._store.layout.checksums.keys_of(rows.checksums)

    def _insert_documents(self, rows: Rows) -> None:
        """Make full text documents again from the texts: the stored ones hold numbers of terms."""
        for field, function in self._found.schema.full_text.items():
            texts = ["" if text is None else text for text in rows.values[function.input]]
            source = self._found.schema.by_name[function.input]
            documents = count_terms(tokens_of_rows(source, texts, rows.values))
            stored = self._store.vocabularies[field].encode(self._connection, documents)
            sums = checksums(rows.seqs, stored, self._store.layout.salts[field])
            self._insert_vectors(field, list(zip(rows.seqs, sums, stored, strict=True)))

    def _insert_vectors(self, field: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._connection.executemany(
            f"INSERT INTO {self._store.layout.vectors[field]} (seq, checksum, value) VALUES (?, ?, ?)", rows
        )

    def _replace(self, row: Rows) -> None:
        """Write one row, which replaces an older one of the same key."""
        (seq,), (pk,) = row.seqs, row.values[self._found.schema.primary.name]
        key = self._found.schema.partition_key
        owner = "NULL" if key is None else self._store.layout.columns[key.name]
        older = self._connection.execute(
            f"SELECT seq, {CHECKSUMS}, {owner} FROM {self._store.layout.rows} WHERE pk = ?", (pk,)
        ).fetchone()
        if older is not None:
            for table in (self._store.layout.rows, *self._store.layout.vectors.values()):
                self._connection.execute(f"DELETE FROM {table} WHERE seq = ?", older[:1])
            if self._store.indexes.tenants is not None:
                self._store.indexes.tenants.remove(self._connection, [older[2]])
            self._gone += 1
            self._seq_sum -= older[0]
            self._key_sum -= self._store.layout.checksums.keys_of([older[1]])
            self._losses.add(older[0], pk, None, f"row {seq} has the same key, and came later")
        try:
            self._insert(row)
        except sqlite3.IntegrityError as error:
            self._losses.add(seq, pk, None, f"the definition of the collection forbids it: {error}")

    def _decide(self, aside: Sequence[int]) -> None:
        """Write whole rows that are recorded as deleted, if all rows exist only with them: the records may be
        wrong."""
        expected = self._found.expected
        wanted = (self._count + len(aside), self._seq_sum + sum(aside))
        if expected == wanted:
            for seq in aside:
                for rows in self._rows.whole(seq, seq):
                    self._add(rows)
        elif expected != (self._count, self._seq_sum):
            for seq in aside:
                self._losses.add(seq, None, None, "it is recorded as deleted, which may be damage")

    def _name_missing(self, removed: set[int]) -> None:
        """Report the rows of which only vectors, or keys in the SQL index, are left."""
        known = np.sort(np.concatenate([_array(self._seqs), _array(self._losses.seqs), _array(removed)]))
        missing: dict[int, Any] = {}
        for seq in np.setdiff1d(_array(self._rows.missing), known)[:_NAMED_AT_MOST].tolist():
            missing[seq] = None
        for seq, pk in self._rows.indexed_keys():
            index = np.searchsorted(known, seq) if 0 < seq <= self._rows.last_seq else None
            if index is None or (index < len(known) and known[index] == seq):
                continue
            if seq in missing or len(missing) < _NAMED_AT_MOST:
                missing[seq] = pk
        for seq in sorted(missing):
            self._losses.add(seq, missing[seq], None, MISSING)

    # The definition -----------------------------------------------------------------------------------

    def _define(self) -> None:
        """Write the definition of the collection, now that its rows are known."""
        found, execute = self._found, self._connection.execute
        last_seq = max(found.last_seq, max(self._seqs, default=0))
        execute(
            "INSERT INTO collections (id, database_id, name, schema, properties, consistency_level, is_loaded,"
            " created_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                found.id,
                found.database_id,
                found.name,
                found.schema.to_json(),
                json.dumps(found.properties),
                found.consistency_level,
                found.is_loaded,
                found.created_at,
                found.version,
            ),
        )
        self._define_partitions()
        for index in found.indexes:
            execute(
                "INSERT INTO indexes (collection_id, name, field, type, metric, parameters)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (found.id, index.name, index.field, index.type, index.metric, json.dumps(index.parameters)),
            )
            field = found.schema.by_name.get(index.field)
            if field is not None and has_sql_index(field, index.type):
                CollectionTables(self._store.layout, self._connection).create_value_index(field)
        for alias in found.aliases:
            execute(
                "INSERT INTO aliases (database_id, alias, collection_id) VALUES (?, ?, ?)",
                (found.database_id, alias, found.id),
            )
        Catalog(self._connection).seal(found.id)
        last_change = last_seq - self._count
        position = Position(last_seq, last_change, self._key_sum, self._seq_sum, self._write_times())
        positions.set_position(self._connection, found.id, position)

    def _write_times(self) -> int:
        """Write when the rows were inserted; returns the last of the times."""
        entries = self._rows.insert_times()
        if entries is None:
            now = math.ceil(wall_clock.now())
            self._note(
                f"{self._found.where}: when its rows were inserted is lost: they count as inserted now"
            )
            entries = [Entry(1, now, 0)]
        self._store.times.write(self._connection, entries)
        return entries[-1].at if entries else 0

    def _define_partitions(self) -> None:
        known = dict(self._found.partitions)
        for number in sorted(self._partitions - known.keys()):
            name = f"recovered_{number}"
            # The default partition is the first that a collection has.
            if not any(name == DEFAULT_PARTITION for name, _, _ in known.values()) and number < min(
                known, default=number + 1
            ):
                name = DEFAULT_PARTITION
            self._note(
                f"{self._found.where}: its partition with id {number} has lost its name: it is {name!r}"
            )
            known[number] = name, self._found.created_at, True
        for number, (name, created_at, is_loaded) in known.items():
            self._connection.execute(
                "INSERT INTO partitions (id, collection_id, name, created_at, is_loaded) VALUES (?, ?, ?, ?, ?)",
                (number, self._found.id, name, created_at, is_loaded),
            )
        if not any(name == DEFAULT_PARTITION for name, _, _ in known.values()):
            self._connection.execute(
                "INSERT INTO partitions (collection_id, name, created_at) VALUES (?, ?, ?)",
                (self._found.id, DEFAULT_PARTITION, self._found.created_at),
            )


def _array(numbers: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(list(numbers) if isinstance(numbers, set) else numbers, dtype=np.int64)
