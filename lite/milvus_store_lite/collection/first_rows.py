"""The rows that a collection has from the moment it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo

from ..codec import Batch, GivenRows, encode_inserted
from ..schema.model import Schema


@dataclass
class FirstRows:
    """``rows`` that go to ``partition``, None for the default one."""

    rows: GivenRows
    partition: str | None = None
    _encoded: tuple[Schema, tzinfo, Batch] | None = field(default=None, init=False, repr=False)

    def encode(self, schema: Schema, zone: tzinfo, *, takes_pks: bool) -> Batch:
        """The rows, checked against ``schema``; a second call with the same schema returns the first result.

        Args:
            takes_pks: whether they may have primary keys.

        Raises:
            DataNotMatchException: a row does not fit.
        """
        if self._encoded is None or self._encoded[:2] != (schema, zone):
            columns = self.rows.columns(schema)
            batch = encode_inserted(schema, columns, takes_pks=takes_pks, zone=zone)
            self._encoded = schema, zone, batch
        return self._encoded[2]
