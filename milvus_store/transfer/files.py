"""A file of milvus-store as a source and a target: column by column, from one state of each collection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

from milvus_store_lite import Columns, QueryCursor, Scope, SearchRequest, require_database

from .. import MilvusClient
from ..backends.address import local_path
from ..filters import field
from .client_stores import HITS, ClientStore
from .definitions import CollectionDefinition, definition_of
from .fitting import fitted_to_a_file
from .stores import Batch, Fitted, Position, Wanted

_MEMORY: Final = 128 << 20
"""Bytes of vectors that the searches at the end may keep: a transfer is to run in little memory."""

_EVERYTHING: Final = ("*",)


class FileStore(ClientStore):
    def __init__(self, client: MilvusClient, label: str, *, is_source: bool = False) -> None:
        super().__init__(client, label)
        self._is_source = is_source

    @classmethod
    def open(cls, path: str, db: str = "", *, must_exist: bool = False) -> FileStore:
        """The file at ``path``, made if it is missing; one that ``must_exist`` is only read."""
        if must_exist:
            require_database(local_path(path))
        client = MilvusClient(path, db_name=db, memory_limit=_MEMORY, read_only=must_exist)
        return cls(client, path, is_source=must_exist)

    def definition(self, name: str) -> CollectionDefinition:
        return definition_of(self.client._collection(name).describe())

    def count(self, name: str) -> int:
        return self.client._collection(name).count()

    def snapshots(self, name: str) -> list[str]:
        return self.client.list_snapshots(name)

    def state(self, name: str) -> Any:
        return list(self.client._collection(name).position())

    def require_readable(self, definition: CollectionDefinition) -> None:
        """All rows can be read."""

    def count_of(self, definition: CollectionDefinition, wanted: Wanted) -> int:
        with closing(self._cursor(definition, wanted, 0)) as cursor:
            return cursor.left

    def batches(
        self, definition: CollectionDefinition, wanted: Wanted, after: Position, rows: int
    ) -> Iterator[Batch]:
        """A position is the number of rows before it, in the order in which they were written."""
        done: int = after or 0
        with closing(self._cursor(definition, wanted, done)) as cursor:
            while len(found := _without_filled(definition, cursor.next_columns(rows))):
                done += len(found)
                yield Batch(found, done)

    def fitted(self, definition: CollectionDefinition) -> Fitted:
        return fitted_to_a_file(definition)

    def takes_pks(self) -> bool:
        return True

    def packed(self, definition: CollectionDefinition, columns: Columns) -> Columns:
        return columns

    def write(
        self, definition: CollectionDefinition, partition: str | None, packed: Columns, *, again: bool
    ) -> None:
        # A row of a file replaces the one that has its key in any case.
        self.client._collection(definition.name).insert(packed, partition)

    def rows(self, definition: CollectionDefinition, keys: Sequence[Any]) -> Columns:
        wanted = Wanted(filter=field(definition.engine_schema.primary.name).is_in(list(keys)))
        with closing(self._cursor(definition, wanted, 0)) as cursor:
            return _without_filled(definition, cursor.next_columns(len(keys)))

    def nearest(self, definition: CollectionDefinition, field: str, vector: Any) -> list[float] | None:
        """A source scores every row: its index may take more memory than all the rest of a transfer."""
        if not self._is_source or not self._is_loaded(definition.name):
            return super().nearest(definition, field, vector)
        request = SearchRequest(anns_field=field, limit=HITS, is_exact=True)
        return self.client._collection(definition.name).search(request, [vector]).distances

    def _cursor(self, definition: CollectionDefinition, wanted: Wanted, done: int) -> QueryCursor:
        """Reads what is wanted, but for the first ``done`` rows."""
        scope = Scope(wanted.filter, partitions=None if wanted.partition is None else [wanted.partition])
        collection = self.client._collection(definition.name)
        return collection.iterate_query(scope, wanted.fields or _EVERYTHING, done, only_loaded=False)


def _without_filled(definition: CollectionDefinition, found: Columns) -> Columns:
    """The rows without what functions fill, which they fill anew where the rows go."""
    filled = definition.engine_schema.filled_by
    return replace(found, by_name={name: one for name, one in found.by_name.items() if name not in filled})
