"""The definition of a collection: the calls that describe and change its fields, partitions and indexes.

Each call is one transaction. ``schema_changes`` decides which changes of the schema are allowed, ``index_changes``
which indexes a collection may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..codec import check_defaults, encode_default
from ..embedding import check_provider
from ..errors import ParamError
from ..process.calls import whole_calls
from ..process.progress import UNHEARD, OnProgress, Reports, heard
from ..schema.clock import with_fixed_defaults, zone_of
from ..schema.fields import Field, check_name
from ..schema.functions import Function, FunctionType
from ..schema.model import Schema
from ..schema.properties import (
    COLLECTION_PROPERTIES,
    DYNAMIC,
    as_flag,
    check_against_schema,
    checked_properties,
)
from ..schema.reserved import check_field_name
from ..search.tenants import Tenant, stored_tenant
from ..storage.catalog import DEFAULT_PARTITION, CollectionRecord, IndexRecord
from ..storage.partitions import loaded_partitions, partition_id, partition_ids
from ..storage.positions import Position
from ..text.fields import check_analyzers, query_analyzer
from .function_fields import add_function_field, drop_function_field
from .index_changes import add_indexes, alter_index, drop_index
from .loading import set_loaded
from .opener import CollectionOpener
from .schema_changes import with_altered_function, with_field, with_field_params, without_field
from .session import Session

if TYPE_CHECKING:
    from ..text.analyzer import Analyzer


@whole_calls
class Definition:
    """The definition of the collection called ``name`` in ``database``, and the base of the calls on its rows.

    Args:
        opener: begins transactions and finds the collection in them.
    """

    suggests_names = True
    """Whether an error may name other collections of the database."""

    def __init__(self, opener: CollectionOpener, database: str, name: str) -> None:
        self.name = name
        self._opener = opener
        self._database = database

    def _reading(self) -> AbstractContextManager[Session]:
        return self._opener.reading(self._database, self.name, self.suggests_names)

    def _writing(self) -> AbstractContextManager[Session]:
        return self._opener.writing(self._database, self.name, self.suggests_names)

    def describe(self) -> CollectionRecord:
        with self._reading() as session:
            return session.record

    def count(self) -> int:
        """Rows in the collection, now."""
        with self._reading() as session:
            return session.position.live

    def position(self) -> Position:
        """Where the collection stands in its history: as long as it is the same, so are the rows."""
        with self._reading() as session:
            return session.position

    def index_progress(self, field: str) -> tuple[int, int, bool]:
        """(rows, rows that the index on ``field`` does not have yet, whether it is about to have them)."""
        with self._reading() as session:
            index = session.index_of(field)
            position = session.position
            if index is None:
                return position.live, 0, False
            return position.live, index.pending(position), index.wants_work(position)

    def unstored(self, field: str) -> int:
        """Rows that the index on ``field`` does not have in the file yet; reads no index."""
        with self._reading() as session:
            index = session.state.indexes.of(field)
            return 0 if index is None else index.unstored(session)

    def stored_tenant(self, tenant: object) -> Tenant:
        """``tenant`` as rows store it; raises ``ParamError`` if the partition key cannot have this value."""
        return stored_tenant(self.describe(), tenant)

    def analyzer(self, field: str | None, name: str | None = None) -> Analyzer:
        """The analyzer that cuts query texts for ``field``; ``name``: which of several that the field has.

        Raises:
            ParamError: the field has no analyzer, or none of this name.
        """
        schema = self.describe().schema
        analyzed = {field.name: field for field in schema.fields if field.enable_analyzer}
        if field not in analyzed:
            raise ParamError(
                message=f"field_name must be a field with an analyzer (of '{self.name}': "
                f"{', '.join(analyzed) or 'none'}), got {field!r}"
            )
        return query_analyzer(analyzed[field], name)

    def create_partition(self, name: str) -> None:
        """Add a partition that rows can be put into by name; nothing happens if it exists, as in Milvus.

        Raises:
            ParamError: the collection has a partition key, which does that by itself.
        """
        check_name("partition", name)
        with self._writing() as session:
            record = session.record
            if name in record.partitions:
                return
            refuse_partition_key(record, name)
            session.catalog.add_partition(record.id, name)

    def drop_partition(self, name: str) -> None:
        """Remove a partition and its rows; nothing happens if it does not exist, as in Milvus."""
        with self._writing() as session:
            record = session.record
            if name not in record.partitions:
                return
            partition = partition_id(record, name)
            if name == DEFAULT_PARTITION:
                raise ParamError(message=f"the default partition {name!r} cannot be dropped")
            self._remove(session, session.reader.seqs.in_partition(partition))
            session.catalog.remove_partition(record.id, name)
            if record.released:
                session.catalog.set_loaded(record.id, record.loaded_partitions - {partition})

    def alter_properties(self, properties: Mapping[str, Any], drop: Iterable[str] = ()) -> None:
        """Set ``properties`` and remove those called ``drop``; the others stay as they are."""
        checked = checked_properties("collection", COLLECTION_PROPERTIES, properties)
        gone = set(drop)
        with self._writing() as session:
            record = session.record
            kept = {key: value for key, value in record.properties.items() if key not in gone}
            schema = record.schema
            if as_flag(checked.get(DYNAMIC)) and not schema.enable_dynamic_field:
                schema = replace(schema, enable_dynamic_field=True)
                self._change_schema(session, schema)
            check_against_schema(schema, {**kept, **checked})
            session.catalog.set_properties(record.id, {**kept, **checked})

    def require_loaded(self) -> None:
        """Raise ``CollectionNotLoadedException`` unless the collection, or a part of it, is loaded."""
        loaded_partitions(self.describe(), None)

    def is_loaded(self, partition: str | None = None) -> bool:
        """Whether the collection, or the partition, may be read; raises PartitionNotExistException."""
        record = self.describe()
        if partition is None:
            return record.is_loaded
        return partition_id(record, partition) in record.loaded_partitions

    def load(self, partitions: Sequence[str] | None = None) -> None:
        """Let the collection, or some of its partitions beside those loaded already, be read.

        Raises:
            IndexNotExistException: a vector field has no index, so that it cannot be loaded.
            PartitionNotExistException: there is no such partition.
        """
        self._set_loaded(lambda record: record.loaded_partitions | partition_ids(record, partitions))

    def release(self, partitions: Sequence[str] | None = None) -> None:
        """Stop the collection, or some of its partitions, from being read until they are loaded again."""
        self._set_loaded(lambda record: record.loaded_partitions - partition_ids(record, partitions))

    def _set_loaded(self, wanted: Callable[[CollectionRecord], frozenset[int]]) -> None:
        record = self.describe()
        if wanted(record) == record.loaded_partitions:
            return  # without a turn to write, which a read-only client never gets and another has to wait for
        with self._writing() as session:
            set_loaded(session.catalog, session.record, wanted(session.record))

    def create_indexes(self, indexes: Sequence[IndexRecord], *, wait: bool = True) -> None:
        """Add indexes, all or none; an index that exists already stays as it is.

        Args:
            wait: return when the indexes of the stored rows are built; else the build goes on in the background.
        """
        with self._writing() as session:
            add_indexes(session.catalog, session.record.id, indexes)
        for index in indexes:
            self.build_index(index.field, wait=wait)

    def build_index(self, field: str, *, wait: bool, progress: OnProgress | None = None) -> None:
        """Bring the index on a vector field up to date, unless its type needs no building.

        Args:
            wait: return when that is done; else it goes on in the background.
            progress: is told during the build how many vectors are in. If it raises, nothing is built.
        """
        with self._reading() as session:
            index = session.state.indexes.of(field)
        if index is None or index.is_exact:
            return
        if wait:
            reports = UNHEARD if progress is None else Reports(progress)
            what = f"{self.name}, {index.record.name}"
            self._opener.maintainer.improve(
                index, lambda done, total: reports.tell(what, done, total, "vectors")
            )
        else:
            self._opener.maintainer.schedule(index)

    def alter_index(self, name: str, properties: Mapping[str, Any], drop: Iterable[str] = ()) -> None:
        """Set ``properties`` of an index and remove those called ``drop``."""
        with self._writing() as session:
            alter_index(session.catalog, session.record, name, properties, drop)

    def drop_index(self, name: str) -> None:
        """Remove an index; nothing happens if it does not exist, as in Milvus."""
        with self._writing() as session:
            drop_index(session.catalog, session.record, name)

    def compact(self, progress: OnProgress | None = None) -> None:
        """Write the rows anew without the gaps that removed rows left. The file keeps the free pages."""
        heard(self._rewrite, progress)

    def add_field(self, field: Field) -> None:
        """Add a nullable field; stored rows get its default, or null."""
        check_field_name(field)
        with self._writing() as session:
            record = session.record
            schema = with_fixed_defaults(with_field(record.schema, field), zone_of(record.in_force))
            check_defaults(schema)
            check_analyzers(schema)
            self._change_schema(session, schema, encode_default(schema.by_name[field.name]))

    def add_function_field(self, field: Field, function: Function, index: IndexRecord) -> None:
        """Add a field with the function that fills it, in the rows that are there as well, and its index.

        Raises:
            SchemaNotReadyException: the function cannot fill this field from the fields there are.
            ParamError: the field cannot have this index.
        """
        check_field_name(field)
        with self._writing() as session:
            add_function_field(session, field, function, index)
        self.build_index(field.name, wait=True)

    def drop_function_field(self, name: str) -> None:
        """Remove the function called ``name``, with the field that it fills and the index on it."""
        with self._writing() as session:
            drop_function_field(session, name)

    def alter_function(self, name: str, function: Function) -> None:
        """Let ``function``, which embeds texts by other params, fill what the one called ``name`` filled."""
        if function.kind is FunctionType.TEXTEMBEDDING:
            check_provider(function)
        with self._writing() as session:
            self._change_schema(session, with_altered_function(session.record.schema, name, function))

    def drop_field(self, name: str) -> None:
        """Remove a field and its values."""
        with self._writing() as session:
            self._change_schema(session, without_field(session.record, name))

    def alter_field(self, name: str, params: Mapping[str, Any]) -> None:
        """Change parameters of a field, such as ``max_length``, as far as the stored values allow."""
        with self._writing() as session:
            schema, reader = session.record.schema, session.reader
            is_text = name in schema.by_name and schema.by_name[name].max_length is not None
            longest = reader.rows.longest(name, reader.seqs.live()) if is_text else 0
            self._change_schema(session, with_field_params(schema, name, params, longest))

    def truncate(self) -> int:
        """Remove every row; returns how many there were."""
        with self._writing() as session:
            seqs = session.reader.seqs.live().tolist()
            self._remove(session, seqs)
            return len(seqs)

    def count_partition(self, name: str) -> int:
        """Rows in a partition, now."""
        with self._reading() as session:
            record = session.record
            partition = partition_id(record, name)
            if len(record.partitions) == 1:
                return session.position.live
            return len(session.reader.seqs.in_partition(partition))

    def _rewrite(self, reports: Reports) -> None:
        with self._writing() as session, reports.interrupting(session.catalog.connection):
            record, live = session.record, session.position.live
            for done in session.catalog.tables(record.id, record.schema).rewrite(live):
                reports.tell(f"compacting {record.name}", done, live, "rows")

    @staticmethod
    def _change_schema(session: Session, schema: Schema, stored_default: Any = None) -> None:
        session.catalog.change_schema(session.record, schema, stored_default)

    def _remove(self, session: Session, seqs: list[int]) -> None:
        if seqs:
            writer = session.writer()
            writer.remove(seqs)
            writer.save_position()


def refuse_partition_key(record: CollectionRecord, partition: str) -> None:
    key = record.schema.partition_key
    if key is not None:
        raise ParamError(
            message=f"collection '{record.name}' spreads its rows by the partition key '{key.name}': "
            f"expected no partition_name, got {partition!r}"
        )
