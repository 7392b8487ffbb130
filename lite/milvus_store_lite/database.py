"""A database: the collections in it and their aliases, by name.

It holds no truth of its own: every call begins by asking the file, so other processes' changes are seen at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import tzinfo
from typing import Any

from .codec import check_defaults
from .collection.collection import Collection
from .collection.first_rows import FirstRows
from .collection.index_changes import add_indexes
from .collection.loading import set_loaded
from .collection.opener import CollectionOpener
from .collection.session import Session
from .collection.snapshots import drop_kept
from .embedding import check_provider
from .errors import AliasNotExistException, CollectionExistsError, MilvusException, ParamError
from .process.calls import takes_nothing, whole_calls
from .schema.clock import with_fixed_defaults, zone_of
from .schema.fields import check_name
from .schema.functions import FunctionType
from .schema.given_pks import takes_pks
from .schema.model import Schema
from .schema.properties import COLLECTION_PROPERTIES, check_against_schema, checked_properties
from .schema.reserved import check_field_name
from .snapshots import Snapshots
from .storage.catalog import Catalog, CollectionRecord, IndexRecord
from .storage.connections import Connections
from .storage.databases import Databases
from .storage.reading import OpenTransaction
from .text.fields import check_analyzers


@whole_calls
class Database:
    """The database called ``name`` in a file: it makes, finds, renames and drops collections and their aliases.

    ``DatabaseFile.database`` gives it. It shares the connections, caches and life of the file.
    """

    __slots__ = ("_connections", "_opener", "name", "snapshots")

    def __init__(self, connections: Connections, opener: CollectionOpener, name: str) -> None:
        self.name = name
        self.snapshots = Snapshots(connections, opener, name)
        self._connections = connections
        self._opener = opener

    @takes_nothing
    def collection(self, name: str) -> Collection:
        """The collection called ``name``; whether it exists is found out at each of its calls."""
        return Collection(self._opener, self.name, name)

    def create_collection(
        self,
        name: str,
        schema: Schema,
        properties: Mapping[str, Any] | None = None,
        consistency_level: str = "Bounded",
        indexes: tuple[IndexRecord, ...] = (),
        first: FirstRows | None = None,
        *,
        replace: bool = False,
    ) -> list[Any]:
        """Make a collection, with ``indexes`` and then loaded if there are any: all of it or nothing.

        A collection that exists with exactly this schema keeps its rows, and gets the indexes that it lacks, as in
        Milvus.

        Args:
            first: the rows that it has from the start; then no collection of this name may exist.
            replace: whether to replace a collection of this name.

        Returns:
            The primary keys of its rows.

        Raises:
            MilvusException: another collection or alias has the name.
            DataNotMatchException: a row does not fit the schema.
        """
        check_name("collection", name)
        for field in schema.fields:
            check_field_name(field)
        check_analyzers(schema)
        for function in schema.embedded.values():
            if function.kind is FunctionType.TEXTEMBEDDING:
                check_provider(function)
        checked = checked_properties("collection", COLLECTION_PROPERTIES, properties or {})
        check_against_schema(schema, checked)
        if first is not None:
            # Without the write lock, as for any other write; it is done again if the time zone changes in between.
            with self._connections.reading() as connection:
                zone = self._zone(Catalog(connection), checked)
            first.encode(with_fixed_defaults(schema, zone), zone, takes_pks=takes_pks(schema, checked))
        with self._connections.writing() as connection:
            catalog = Catalog(connection)
            zone = self._zone(catalog, checked)
            schema = with_fixed_defaults(schema, zone)
            if replace:
                self._drop(catalog, name)
            check_defaults(schema, zone)
            if first is not None:
                self._require_free(catalog, self.name, name)
            found = catalog.find(self.name, name)
            if found is None:
                collection_id = catalog.add_collection(self.name, name, schema, checked, consistency_level)
                catalog.tables(collection_id, schema).create()
            else:
                collection_id = found[0]
                _require_same(catalog.load(collection_id), name, schema, checked, consistency_level)
            add_indexes(catalog, collection_id, indexes)
            if indexes:
                record = catalog.load(collection_id)
                set_loaded(catalog, record, record.partitions.values())
            pks: list[Any] = []
            if first is not None:
                session = self._opener.on_new(OpenTransaction(connection), collection_id)
                batch = first.encode(schema, zone, takes_pks=takes_pks(schema, checked))
                pks = self.collection(name).write_first(session, batch, first.partition)
        if found is not None:
            for index in indexes:
                self.collection(name).build_index(index.field, wait=False)
        if first is not None:
            with self._reading(name) as session:
                session.state.indexes.wrote(session.position)
        return pks

    def list_collections(self) -> list[str]:
        """Names of the collections, oldest first."""
        with self._connections.reading() as connection:
            Databases(connection).require(self.name)
            return [found.name for found in Catalog(connection).names().collections_of(self.name)]

    def has_collection(self, name: str) -> bool:
        with self._connections.reading() as connection:
            Databases(connection).require(self.name)
            return Catalog(connection).exists(self.name, name)

    def drop_collection(self, name: str) -> None:
        """Remove a collection, its rows and its snapshots; nothing happens if there is none, as in Milvus."""
        with self._connections.writing() as connection:
            self._drop(Catalog(connection), name)

    def rename_collection(self, old: str, new: str, database: str | None = None) -> None:
        """Give a collection another name, and move it to ``database`` if that is another one.

        Raises:
            ParamError: it has aliases, which do not move with it.
        """
        check_name("collection", new)
        target = database or self.name
        with self._writing(old) as session:
            catalog, record = session.catalog, session.record
            Databases(catalog.connection).require(target)
            if target != self.name and record.aliases:
                raise ParamError(
                    message=f"collection '{record.name}' cannot move to database {target!r} while it has "
                    f"aliases: drop_alias() first: {', '.join(record.aliases)}"
                )
            self._require_free(catalog, target, new)
            catalog.rename_collection(record.id, target, new)

    # Aliases ------------------------------------------------------------------------------------------

    def create_alias(self, alias: str, collection: str) -> None:
        """Let ``alias`` be another name of a collection.

        Raises:
            MilvusException: a collection (code 1601), or an alias of another one (1602), has this name.
        """
        check_name("alias", alias)
        with self._writing(collection) as session:
            catalog, record = session.catalog, session.record
            names = catalog.names()
            target = names.alias_target(self.name, alias)
            if target is not None and target.name == record.name:
                return
            if target is not None:
                raise MilvusException(1602, f"alias {alias!r} already exists, for collection '{target.name}'")
            if names.target(self.name, alias) is not None:
                raise MilvusException(1601, f"alias {alias!r} is the name of a collection already")
            catalog.set_alias(self.name, alias, record.id)

    def alter_alias(self, alias: str, collection: str) -> None:
        """Let an existing alias stand for another collection."""
        with self._writing(collection) as session:
            self._require_alias(session.catalog, alias)
            session.catalog.set_alias(self.name, alias, session.record.id)

    def drop_alias(self, alias: str) -> None:
        """Remove an alias; nothing happens if there is none, as in Milvus."""
        with self._connections.writing() as connection:
            Catalog(connection).remove_alias(self.name, alias)

    def alias_target(self, alias: str) -> str:
        """The collection that an alias stands for."""
        with self._connections.reading() as connection:
            return self._require_alias(Catalog(connection), alias)

    def list_aliases(self) -> list[str]:
        """All aliases, by name."""
        with self._connections.reading() as connection:
            return Catalog(connection).names().aliases_of(self.name)

    # ---------------------------------------------------------------------------------------------------

    def _reading(self, name: str) -> AbstractContextManager[Session]:
        return self._opener.reading(self.name, name)

    def _writing(self, name: str) -> AbstractContextManager[Session]:
        return self._opener.writing(self.name, name)

    def _zone(self, catalog: Catalog, properties: Mapping[str, Any]) -> tzinfo:
        """The time zone in which a new collection with ``properties`` reads times."""
        return zone_of({**Databases(catalog.connection).properties(self.name), **properties})

    def _drop(self, catalog: Catalog, name: str) -> None:
        found = catalog.find(self.name, name)
        if found is None:
            return
        record = catalog.load(found[0])
        if record.name != name:
            raise ParamError(message=f"{name!r} is an alias of '{record.name}': expected a collection name")
        if record.aliases:
            raise ParamError(
                message=f"collection {name!r} cannot be dropped while it has aliases: drop_alias() first: "
                f"{', '.join(record.aliases)}"
            )
        catalog.tables(record.id, record.schema).drop()
        catalog.remove_collection(record.id)
        for snapshot in record.snapshots:
            drop_kept(catalog, snapshot)
        self._opener.forget_dropped(catalog)

    def _require_alias(self, catalog: Catalog, alias: str) -> str:
        target = catalog.names().alias_target(self.name, alias)
        if target is None:
            raise AliasNotExistException(message=f"alias {alias!r} does not exist in database '{self.name}'")
        return target.name

    @staticmethod
    def _require_free(catalog: Catalog, database: str, name: str) -> None:
        if catalog.find(database, name) is not None:
            raise CollectionExistsError(message=f"collection or alias {name!r} already exists")


def _require_same(
    existing: CollectionRecord,
    name: str,
    schema: Schema,
    properties: Mapping[str, Any],
    consistency_level: str,
) -> None:
    """Raise MilvusException unless ``existing`` is what a collection of this definition would be."""
    different = [
        what
        for what, is_same in (
            ("schema", existing.schema == Schema.from_json(schema.to_json())),
            ("properties", existing.properties == properties),
            ("consistency_level", existing.consistency_level == consistency_level),
        )
        if not is_same
    ]
    if existing.name != name:
        raise CollectionExistsError(
            message=f"alias {name!r} already exists, for collection '{existing.name}'"
        )
    if different:
        raise CollectionExistsError(
            message=f"collection {name!r} already exists with another {' and '.join(different)}: drop it "
            f"first, or take another name"
        )
