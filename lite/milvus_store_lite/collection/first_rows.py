"""The rows that a collection has from the moment it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

from ..codec import Batch, GivenRows, encode_columns
from ..schema.model import Schema


@dataclass
class FirstRows:
    """``rows`` that go to ``partition``, None for the default one."""

    rows: GivenRows
    partition: str | None = None
    _encoded: tuple[Schema, tzinfo, Batch] | None = field(default=None, init=False, repr=False)

    def encode(self, schema: Schema, zone: tzinfo) -> Batch:
        """The rows, checked against ``schema``; a second call with the same schema returns the first result.

        Raises:
            DataNotMatchException: a row does not fit.
        """
        if self._encoded is None or self._encoded[:2] != (schema, zone):
            columns = self.rows.columns(schema)
            batch = encode_columns(schema, columns, pk_given=not schema.primary.auto_id, zone=zone)
            self._encoded = schema, zone, batch
        return self._encoded[2]
