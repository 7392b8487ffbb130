"""Search by primary keys: the vectors of stored rows as query vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..codec import QueryVectors, encode_pks, stored_queries
from ..errors import DataNotMatchException, ParamError
from ..schema.fields import Field
from ..storage.store import CollectionReader
from .tenants import Tenant, other_tenants


def stored_vectors(
    reader: CollectionReader, field: Field, ids: Sequence[Any], tenant: Tenant | None
) -> QueryVectors:
    """The vectors that the rows ``ids`` have in ``field``, a query in each row, in the order of ``ids``.

    Neither filter nor partitions confine the rows, but ``tenant`` does: distances to a vector tell what it is.

    Raises:
        ParamError: an id is of the wrong type, no row has it, or its row has no vector.
    """
    try:
        pks = encode_pks(reader.schema.primary, ids)
    except DataNotMatchException as error:
        raise ParamError(message=error.about("id")) from None
    seqs = reader.living_seqs_of_pks(pks)
    if tenant is not None:
        foreign = other_tenants(reader, seqs, tenant)
        seqs = {pk: seq for pk, seq in seqs.items() if pk not in foreign}
    _refuse("some of the provided primary key IDs do not exist: missing IDs =", pks, set(pks) - set(seqs))
    blobs = reader.vectors.fetch(list(seqs.values()), field.name)
    empty = {pk for pk, seq in seqs.items() if _has_no_vector(field, blobs[seq])}
    _refuse(f"field '{field.name}' is null in some of the rows to search by: IDs =", pks, empty)
    return stored_queries(field, [blobs[seqs[pk]] for pk in pks])


def _has_no_vector(field: Field, blob: bytes | None) -> bool:
    """Whether a row is no query; an empty sparse vector is one."""
    return blob is None or (field.within is not None and not blob)


def _refuse(sentence: str, pks: list[Any], wrong: set[Any]) -> None:
    if wrong:
        shown = [pk for pk in dict.fromkeys(pks) if pk in wrong][:10]
        more = ", …" if len(wrong) > len(shown) else ""
        raise ParamError(message=f"{sentence} [{', '.join(map(repr, shown))}{more}]")
