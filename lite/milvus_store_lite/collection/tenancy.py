"""A collection as one tenant sees it: the rows whose partition key has one value, and no others.

Reads and deletions get the tenant's condition beside whatever filter they have, so no filter can widen it.
Primary keys lead to the tenant's rows only, wherever a call takes them. Writes are checked: their rows are the
tenant's, and replace no row of another tenant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from ..caching import COPIES, BoundedCache
from ..codec import Batch, Columns
from ..errors import DataNotMatchException, ParamError
from ..process.calls import whole_calls
from ..search.scope import EVERYTHING
from ..search.tenants import other_tenants, partition_key, plain_tenant, stored_tenant
from ..storage.catalog import CollectionRecord
from .collection import Collection
from .reading import Asked
from .session import Session

_OWN: Final = BoundedCache[Any](entries=1024, size=16 << 20)
"""How many scopes and requests of tenants are cached, for all collections together."""


@whole_calls
class TenantCollection(Collection):
    """The rows of ``collection`` whose partition key is ``tenant``."""

    suggests_names = False

    def __init__(self, collection: Collection, tenant: object) -> None:
        """Bind the calls on rows; calls that concern all tenants together are refused.

        Raises:
            ParamError: a partition key cannot have the value ``tenant``, such as None. The calls check whether it
                fits the key of the collection.
        """
        super().__init__(collection._opener, collection._database, collection.name)
        self.tenant: Final = plain_tenant(tenant)

    def count(self) -> int:
        """Rows of the tenant, now."""
        return self.count_where(EVERYTHING)

    def _of_all_tenants(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: it would show or change what concerns all tenants together."""
        raise ParamError(
            message=f"these calls are bound to the tenant {self.tenant!r:.80} of collection '{self.name}': what "
            "is of all its tenants is shown and changed by the unbound collection"
        )

    index_progress = _of_all_tenants
    create_partition = _of_all_tenants
    drop_partition = _of_all_tenants
    count_partition = _of_all_tenants
    load = _of_all_tenants
    release = _of_all_tenants
    create_indexes = _of_all_tenants
    build_index = _of_all_tenants
    drop_index = _of_all_tenants
    alter_index = _of_all_tenants
    compact = _of_all_tenants
    alter_properties = _of_all_tenants
    add_field = _of_all_tenants
    drop_field = _of_all_tenants
    add_function_field = _of_all_tenants
    drop_function_field = _of_all_tenants
    alter_function = _of_all_tenants
    alter_field = _of_all_tenants
    truncate = _of_all_tenants

    def _own(self, asked: Asked) -> Asked:
        key = asked.key, self.tenant
        if key[0] is None:
            return asked.of_tenant(self.tenant)
        own: Asked | None = _OWN.get(key)
        if own is None:
            own = asked.of_tenant(self.tenant)
            _OWN.put(key, own, COPIES * key[0].size)
        return own

    def _seqs_of_pks(self, session: Session, pks: Sequence[Any]) -> dict[Any, int]:
        found = super()._seqs_of_pks(session, pks)
        foreign = self._other_tenants(session, found)
        return {pk: seq for pk, seq in found.items() if pk not in foreign}

    def _other_tenants(self, session: Session, found: Mapping[Any, int]) -> set[Any]:
        """The primary keys in ``found`` whose rows belong to other tenants."""
        return other_tenants(session.reader, found, stored_tenant(session.record, self.tenant))

    def _own_rows(self, record: CollectionRecord, columns: Columns) -> Columns:
        # A null is not filled in: a row with an explicit null is not the tenant's.
        return columns.filled(partition_key(record).name, self.tenant)

    def _write_batch(
        self, session: Session, batch: Batch, partition: str | None, *, keeps_pks: bool = False
    ) -> list[Any]:
        tenant, key = stored_tenant(session.record, self.tenant), partition_key(session.record)
        for row, value in enumerate(batch.scalars[key.name]):
            if value != tenant:
                raise DataNotMatchException(
                    message=f"row {row}: field '{key.name}' ({key.describe()}): expected {tenant!r}, the tenant "
                    f"that these calls are bound to, or nothing, got {value!r:.80}"
                )
        return super()._write_batch(session, batch, partition, keeps_pks=keeps_pks)

    def _replaced(self, session: Session, pks: Sequence[Any]) -> dict[Any, int]:
        found = super()._replaced(session, pks)
        foreign = self._other_tenants(session, found)
        if foreign and session.reader.expiry is not None:
            foreign &= session.reader.living_seqs_of_pks(list(foreign)).keys()
        # With auto_id rows get new keys, so a key of another tenant is like an unused one. Elsewhere the write has
        # to fail, and tells nothing more.
        if foreign and session.record.takes_pks:
            row = next(row for row, pk in enumerate(pks) if pk in foreign)
            raise DataNotMatchException(
                message=f"row {row}: the primary key {pks[row]!r:.80} is taken by a row of another tenant "
                "than these calls are bound to"
            )
        return {pk: seq for pk, seq in found.items() if pk not in foreign}
