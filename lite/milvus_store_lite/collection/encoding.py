"""Given rows as their collection stores them: checked against its definition, each kind of write in its way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from ..codec import ArrayOp, Batch, Changes, Columns, encode_changes, encode_columns, encode_inserted
from ..schema.clock import zone_of
from ..schema.model import Schema
from ..storage.catalog import CollectionRecord


def rules_of(record: CollectionRecord) -> tuple[Schema, tzinfo, bool]:
    """What decides whether rows fit, and what they become."""
    return record.schema, zone_of(record.in_force), record.takes_pks


def as_inserted(record: CollectionRecord, columns: Columns) -> Batch:
    schema, zone, takes_pks = rules_of(record)
    return encode_inserted(schema, columns, takes_pks=takes_pks, zone=zone)


def as_upserted(record: CollectionRecord, columns: Columns) -> Batch:
    return encode_columns(record.schema, columns, pk_given=True, zone=zone_of(record.in_force))


def as_changes(record: CollectionRecord, columns: Columns, *, array_ops: Mapping[str, ArrayOp]) -> Changes:
    """The rows of a partial upsert."""
    return encode_changes(record.schema, columns, zone=zone_of(record.in_force), array_ops=array_ops)
