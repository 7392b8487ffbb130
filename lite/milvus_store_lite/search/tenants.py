"""Tenants: the values of a collection's partition key, and which rows are a tenant's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..codec.scalars import encode_scalar
from ..errors import DataNotMatchException, ParamError
from ..schema.fields import Field
from ..storage.catalog import CollectionRecord
from ..storage.store import CollectionReader

Tenant = str | int


def plain_tenant(tenant: object) -> Tenant:
    """``tenant`` as a plain str or int: caches use it as a key, so its hash and ``==`` must be those.

    Raises:
        ParamError: ``tenant`` has another type, such as None, a bool or a float.
    """
    kind = type(tenant)  # isinstance() would trust the object's __class__
    if kind is str or kind is int:
        return tenant  # type: ignore[return-value]
    if issubclass(kind, str):
        return str.__str__(tenant)
    if issubclass(kind, np.integer) and not issubclass(kind, np.timedelta64):
        return int(tenant)  # type: ignore[call-overload, no-any-return]
    if issubclass(kind, int) and kind is not bool:
        return int.__int__(tenant)  # type: ignore[arg-type]
    raise ParamError(
        message=f"a tenant must be a str or an int, a value of the partition key, got {kind.__name__}: "
        f"{tenant!r:.80}"
    )


def stored_tenant(record: CollectionRecord, tenant: object) -> Tenant:
    """``tenant`` as rows store it; raises ``ParamError`` if the partition key cannot have this value."""
    key = partition_key(record)
    try:
        stored: Tenant = encode_scalar(key, [plain_tenant(tenant)])[0]
    except (ParamError, DataNotMatchException):
        raise ParamError(
            message=f"collection '{record.name}' tells tenants apart by '{key.name}' ({key.describe()}), "
            f"which cannot be {tenant!r:.80}"
        ) from None
    return stored


def partition_key(record: CollectionRecord) -> Field:
    """The field of the partition key; raises ``ParamError`` for a collection without one."""
    key = record.schema.partition_key
    if key is None:
        raise ParamError(
            message=f"collection '{record.name}' has no partition key, so it has no tenants: create it with a "
            "field that has is_partition_key=True"
        )
    return key


def other_tenants(reader: CollectionReader, found: Mapping[Any, int], tenant: Tenant) -> set[Any]:
    """The primary keys in ``found`` (pk → seq) whose rows belong to other tenants."""
    key = reader.schema.partition_key
    assert key is not None, "a collection with tenants has a partition key"
    fetched = reader.rows.fetch(list(found.values()), [key.name])
    return {pk for pk, seq in found.items() if fetched[seq][2] != tenant}
