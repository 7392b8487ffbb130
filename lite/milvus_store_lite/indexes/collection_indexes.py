"""The vector indexes of one collection, by field, and who keeps them up to date."""

from __future__ import annotations

from ..storage.catalog import CollectionRecord
from ..storage.positions import Position
from .field_index import CollectionSession, FieldIndex
from .maintainer import IndexMaintainer


class CollectionIndexes:
    """The indexes that ``record`` defines. Those that ``before`` had just so live on with what is built."""

    def __init__(
        self, record: CollectionRecord, keeper: IndexMaintainer, before: CollectionIndexes | None
    ) -> None:
        self._keeper = keeper
        self._by_field: dict[str, FieldIndex] = {}
        for index in record.indexes:
            one = record.schema.by_name.get(index.field)
            if one is None or not one.dtype.is_vector:
                continue
            known = before.of(index.field) if before is not None else None
            if known is None or known.record != index or known.one != one:
                known = FieldIndex(record.id, one, index)
            self._by_field[index.field] = known

    def of(self, field: str) -> FieldIndex | None:
        """The index on ``field``."""
        return self._by_field.get(field)

    def index_for_search(self, field: str, standing: CollectionSession) -> FieldIndex | None:
        """The index to search ``field`` by, None for an exact scan; sees to it that it is kept up to date."""
        index = self._by_field.get(field)
        if index is None or index.is_exact:
            return None
        if index.wants_work(standing.position):
            index.load(standing)
            if index.wants_work(standing.position):
                self._keeper.schedule(index)
        return index

    def wrote(self, position: Position) -> None:
        """A write has brought the collection to ``position``."""
        self._keeper.wrote()
        for index in self._by_field.values():
            if index.wants_work(position):
                self._keeper.schedule(index)
