"""A collection as one tenant sees it: the rows whose partition key has one value, and no others.

Reads and deletions get the tenant's condition beside whatever filter they have, so no filter can widen it.
Writes are checked to be the tenant's, and to replace nothing of another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from .collection import Asked, Collection
from .errors import DataNotMatchException
from .schema import Schema
from .search.request import EVERYTHING
from .search.selection import partition_key, stored_tenant
from .session import Session
from .storage.values import Batch

_REMEMBERED: Final = 1024
"""Scopes and requests of tenants that are not made anew."""


class TenantCollection(Collection):
    """The rows of ``collection`` whose partition key is ``tenant``."""

    def __init__(self, collection: Collection, tenant: object) -> None:
        super().__init__(collection._sessions, collection._database, collection.name)
        self.tenant = tenant

    def check(self) -> None:
        """Raise ``ParamError`` if the collection has no partition key, or none that ``tenant`` could be."""
        stored_tenant(self.describe(), self.tenant)

    def count(self) -> int:
        """Rows of the tenant, now."""
        return self.count_where(EVERYTHING)

    def _own(self, asked: Asked) -> Asked:
        own: Asked = _of_tenant(asked, self.tenant)
        return own

    def _seqs_of_pks(self, session: Session, pks: Sequence[Any]) -> dict[Any, int]:
        found = super()._seqs_of_pks(session, pks)
        strangers = self._strangers(session, found)
        return {pk: seq for pk, seq in found.items() if pk not in strangers}

    def _strangers(self, session: Session, found: Mapping[Any, int]) -> set[Any]:
        """Those of the primary keys whose rows are not the tenant's."""
        record = session.state.record
        tenant, key = stored_tenant(record, self.tenant), partition_key(record)
        rows = session.state.rows.fetch(session.connection, list(found.values()), [key.name])
        return {pk for pk, seq in found.items() if rows[seq][2] != tenant}

    def _write_rows(
        self,
        rows: Sequence[Mapping[str, Any]],
        partition: str | None,
        pk_given: Callable[[Schema], bool],
    ) -> list[Any]:
        key = partition_key(self.describe()).name
        own = [
            {**row, key: self.tenant} if isinstance(row, dict) and row.get(key) is None else row
            for row in rows
        ]
        return super()._write_rows(own, partition, pk_given)

    def _write_batch(self, session: Session, batch: Batch, partition: str | None) -> list[Any]:
        record = session.state.record
        tenant, key = stored_tenant(record, self.tenant), partition_key(record)
        for place, value in enumerate(batch.scalars[key.name]):
            if value != tenant:
                raise DataNotMatchException(
                    message=f"row {place}: field '{key.name}' ({key.describe()}): expected {tenant!r}, the tenant "
                    f"that these calls are bound to, or nothing, got {value!r:.80}"
                )
        if batch.pks is not None:
            found = super()._seqs_of_pks(session, list(dict.fromkeys(batch.pks)))
            strangers = self._strangers(session, found)
            if strangers:
                place = next(place for place, pk in enumerate(batch.pks) if pk in strangers)
                raise DataNotMatchException(
                    message=f"row {place}: the primary key {batch.pks[place]!r:.80} is taken by a row of "
                    "another tenant than these calls are bound to"
                )
        return super()._write_batch(session, batch, partition)


@lru_cache(maxsize=_REMEMBERED, typed=True)
def _of_tenant(asked: Asked, tenant: object) -> Asked:
    """The same object whenever the same is asked for, since scopes and requests are known by identity."""
    return asked.of_tenant(tenant)
