"""The vector indexes of one collection, by field. The maintainer keeps them up to date."""

from __future__ import annotations

from ..storage.catalog import CollectionRecord
from ..storage.positions import Position
from .field_index import CollectionSession, FieldIndex
from .maintainer import IndexMaintainer


class CollectionIndexes:
    """The indexes that ``record`` defines. Those that ``before`` had with the same definition keep what is
    built."""

    def __init__(
        self, record: CollectionRecord, maintainer: IndexMaintainer, before: CollectionIndexes | None
    ) -> None:
        self._maintainer = maintainer
        self._by_field: dict[str, FieldIndex] = {}
        for index in record.indexes:
            field = record.schema.find(index.field)
            if field is None or not field.dtype.is_vector:
                continue
            known = before.of(index.field) if before is not None else None
            if known is None or known.record != index or known.field != field:
                known = FieldIndex(record.id, field, index)
            self._by_field[index.field] = known

    def of(self, field: str) -> FieldIndex | None:
        """The index on ``field``."""
        return self._by_field.get(field)

    def index_for_search(self, field: str, session: CollectionSession) -> FieldIndex | None:
        """The index to search ``field`` by, None for an exact scan. An outdated index is scheduled.

        The first one is loaded at once: without it, this search would scan all rows. A newer one, which another
        process has stored, is not: until the maintainer has loaded it, the rows that it adds are scanned.
        """
        index = self._by_field.get(field)
        if index is None or index.is_exact:
            return None
        if index.wants_work(session.position):
            if index.built is None:
                index.load(session)
            if index.wants_work(session.position):
                self._maintainer.schedule(index)
        return index

    def wrote(self, position: Position) -> None:
        """Schedule the indexes that a write, which brought the collection to ``position``, has outdated."""
        self._maintainer.wrote()
        for index in self._by_field.values():
            if index.wants_work(position):
                self._maintainer.schedule(index)
