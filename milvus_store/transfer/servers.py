"""A Milvus server as a source and a target: rows go by the messages of its protocol, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from milvus_store_lite import DYNAMIC_FIELD, Columns

from .. import MilvusClient
from ..backends.remote.expression import text_of
from ..errors import CollectionNotLoadedException
from ..filters import Expression, all_of, field
from ..index_params import IndexParams
from ..options import consistency_level
from ..server.messages.columns import columns_of
from ..server.messages.pairs import pairs_of, texts_of
from ..server.messages.schemas import schema_of
from ..server.protocol import METHODS, Message
from ..version import NAME
from .capabilities import fitted_to, release_of
from .client_stores import ClientStore
from .connections import ask
from .definitions import CollectionDefinition
from .fitting import fitted_to_a_file
from .messages import field_messages, length_of
from .server_indexes import add_described
from .slices import halves
from .stores import Batch, Fitted, Position, Wanted

_LARGEST: Final = 32 << 20
"""Bytes of a request: half of what servers take by default."""

_PAGE: Final = {"iterator": "True", "reduce_stop_for_best": "True"}
"""As pymilvus's iterators ask: the rows of a page are those with the smallest keys, if not always as many as there
could be."""

_STRONG: Final = 0

_SNAPSHOTS: Final = "ListSnapshots"
_FIRST_WITH_SNAPSHOTS: Final = (3, 0)


@dataclass(frozen=True, slots=True)
class _Packed:
    """Rows of one request: a message for each field."""

    fields: list[Message]
    count: int


class ServerStore(ClientStore):
    _index_options: Mapping[str, Any] = {"sync": False}  # the load waits for all of them at once

    @classmethod
    def open(cls, uri: str, db: str = "", token: str = "") -> ServerStore:
        return cls(MilvusClient(uri, db_name=db, token=token), uri)

    def definition(self, name: str) -> CollectionDefinition:
        described = ask(self.client, "DescribeCollection", collection_name=name)
        schema = schema_of(described.schema.SerializeToString())
        has_key = schema.partition_key_field is not None
        return CollectionDefinition(
            name=described.schema.name or name,
            schema=schema,
            indexes=self._indexes(name),
            aliases=tuple(described.aliases),
            partitions=() if has_key else tuple(self.client.list_partitions(name)),
            properties=tuple(texts_of(described.properties).items()),
            consistency_level=consistency_level(described.consistency_level).value,
            num_partitions=described.num_partitions or None if has_key else None,
            is_loaded=self._is_loaded(name),
        )

    def count(self, name: str) -> int:
        if not self._is_loaded(name):
            self.client.flush(name)
            return int(self.client.get_collection_stats(name)["row_count"])
        (row,) = self.client.query(name, output_fields=["count(*)"], consistency_level="Strong")
        return int(row["count(*)"])

    def count_of(self, definition: CollectionDefinition, wanted: Wanted) -> int:
        (row,) = self.client.query(
            definition.name,
            "" if wanted.filter is None else wanted.filter,
            ["count(*)"],
            partition_names=None if wanted.partition is None else [wanted.partition],
            consistency_level="Strong",
        )
        return int(row["count(*)"])

    def snapshots(self, name: str) -> list[str]:
        """No names where Milvus, before 3.0, or the installed pymilvus has no such call."""
        release = release_of(str(self.client.get_server_version()))
        if _SNAPSHOTS not in METHODS or (release is not None and release < _FIRST_WITH_SNAPSHOTS):
            return []
        return list(ask(self.client, _SNAPSHOTS, collection_name=name).snapshots)

    def state(self, name: str) -> None:
        """Positions are primary keys, which stay good whatever is written."""

    def require_readable(self, definition: CollectionDefinition) -> None:
        if not definition.is_loaded:
            raise CollectionNotLoadedException(
                message=f"collection {definition.name!r} of {self.label} is not loaded, and a server shows only "
                "rows that are: load it first"
            )

    def batches(
        self, definition: CollectionDefinition, wanted: Wanted, after: Position, rows: int
    ) -> Iterator[Batch]:
        """A position is the last primary key: servers give rows in the order of their keys."""
        primary = definition.engine_schema.primary
        key = field(primary.name)
        everything = key <= _LARGEST_KEY if primary.dtype.is_integer else key >= ""
        while True:
            beyond = everything if after is None else key > after
            chosen = beyond if wanted.filter is None else all_of([wanted.filter, beyond])
            page = {"limit": str(rows), **_PAGE}
            found = self._query(definition, chosen, page, wanted.partition, wanted.fields)
            if not found.count:
                return
            after = _last(found, primary.name)
            yield Batch(found, after)

    def fitted(self, definition: CollectionDefinition) -> Fitted:
        version = str(self.client.get_server_version())
        release = release_of(version)
        changes: tuple[str, ...] = ()
        if definition.auto_id and not self.takes_pks():
            changes = (
                f"the rows keep their keys, so whoever writes to the copy gives keys: "
                f"'{definition.engine_schema.primary.name}' is not numbered there any more",
            )
            definition = definition.without_auto_id()
        fitted = fitted_to_a_file(definition) if release is None else fitted_to(release, version, definition)
        return replace(fitted, changes=(*changes, *fitted.changes))

    def packed(self, definition: CollectionDefinition, columns: Columns) -> list[_Packed]:
        fields = field_messages(definition.engine_schema, columns)
        if len(columns) > 1 and sum(one.ByteSize() for one in fields) > _LARGEST:
            return [one for half in halves(columns) for one in self.packed(definition, half)]
        return [_Packed(fields, len(columns))]

    def write(
        self,
        definition: CollectionDefinition,
        partition: str | None,
        packed: Sequence[_Packed],
        *,
        again: bool,
    ) -> None:
        for one in packed:
            ask(
                self.client,
                "Upsert" if again else "Insert",
                collection_name=definition.name,
                partition_name=partition or "",
                fields_data=one.fields,
                num_rows=one.count,
            )

    def finish(self, definition: CollectionDefinition) -> None:
        """Loaded it is in any case that allows it: a server shows only rows that are loaded."""
        self.client.flush(definition.name)
        indexed = {index.field_name for index in definition.indexes}
        may_be_loaded = all(vector.name in indexed for vector in definition.engine_schema.vectors)
        super().finish(replace(definition, is_loaded=may_be_loaded))

    def settle(self, definition: CollectionDefinition) -> None:
        super().settle(definition)
        if not definition.is_loaded:
            self.client.release_collection(definition.name)

    def rows(self, definition: CollectionDefinition, keys: Sequence[Any]) -> Columns | None:
        if not self._is_loaded(definition.name):
            return None
        wanted = field(definition.engine_schema.primary.name).is_in(list(keys))
        return self._query(definition, wanted, {}, None)

    def takes_pks(self) -> bool:
        """Whether it is ours: of Milvus, an upsert gives new keys all the same."""
        info = ask(self.client, "Connect").server_info
        return bool(info.build_tags.startswith(NAME))

    def _query(
        self,
        definition: CollectionDefinition,
        wanted: Expression,
        options: Mapping[str, str],
        partition: str | None,
        fields: Sequence[str] = (),
    ) -> Columns:
        schema = definition.engine_schema
        names = [one.name for one in schema.fields if not one.is_function_output]
        names += [DYNAMIC_FIELD] * schema.enable_dynamic_field
        if fields:
            names = [name for name in names if name in fields or name == schema.primary.name]
        found = ask(
            self.client,
            "Query",
            collection_name=definition.name,
            expr=text_of(wanted),
            output_fields=names,
            partition_names=[] if partition is None else [partition],
            query_params=pairs_of(options),
            consistency_level=_STRONG,
        )
        return columns_of(found.fields_data, length_of(found.fields_data, schema.primary.name))

    def _indexes(self, name: str) -> IndexParams:
        indexes = IndexParams()
        if not self.client.list_indexes(name):
            return indexes
        for index in ask(self.client, "DescribeIndex", collection_name=name).index_descriptions:
            add_described(indexes, index.field_name, index.index_name, texts_of(index.params))
        return indexes


_LARGEST_KEY: Final = (1 << 63) - 1
"""The least one has no literal: older Milvus reads its minus after the number."""


def _last(found: Columns, primary: str) -> int | str:
    keys = found.by_name[primary].values
    last: int | str = max(keys) if isinstance(keys, list) else int(keys.max())  # type: ignore[union-attr]
    return last
