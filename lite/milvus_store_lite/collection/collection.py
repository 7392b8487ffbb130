"""A collection: the calls that read and write its rows.

Each call is one transaction on the file and delegates what it does: checking rows to ``codec``,
statements to ``storage``, predicates to ``filters``, ranking to ``search``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial as with_arguments
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..codec import (
    ArrayOp,
    Batch,
    Changes,
    Columns,
    GivenRows,
    Stored,
    encode_pks,
    merged,
    missing_columns,
)
from ..errors import ParamError
from ..process.calls import whole_calls
from ..schema.clock import COLLECTION_CLOCK, Clock
from ..schema.given_pks import offset_beyond
from ..schema.model import Schema
from ..search.arrangement import OrderBy
from ..search.cursors import ElementCursor, QueryCursor, SearchCursor
from ..search.embedded_queries import as_vectors
from ..search.found import FoundHits, FoundRows, fetched
from ..search.ordering import ordered
from ..search.prepared import ElementSearch
from ..search.request import ElementPlace, HybridRequest, Queries, SearchRequest, check_window
from ..search.scope import EVERYTHING, Scope
from ..search.selected_elements import ElementSelection, refuse_place
from ..search.selection import BoundScope, Selection
from ..storage.catalog import DEFAULT_PARTITION, CollectionRecord
from ..storage.integrity.row_checksums import PARTITION_COLUMN
from ..storage.leases import Lease
from ..storage.partitions import loaded_partitions, partition_id
from .definition import refuse_partition_key
from .encoding import as_changes, as_inserted, as_upserted, rules_of
from .reading import Read, Reading
from .session import CollectionState, Session

if TYPE_CHECKING:
    from ..search.reranking.candidates import Candidates
    from ..search.reranking.reranking import Reranking

NO_OPS: Final[Mapping[str, ArrayOp]] = MappingProxyType({})

Encode = Callable[[CollectionRecord, Columns], Batch | Changes]
"""Checks rows against the definition of their collection."""


class Written(NamedTuple):
    """What a write has done: the primary keys now in place, and how many rows it was given."""

    ids: list[Any]
    row_count: int


@whole_calls
class Collection(Reading):
    """The collection called ``name`` (or by that alias), looked up anew at every call."""

    # Writing ------------------------------------------------------------------------------------------

    def insert(self, rows: GivenRows, partition: str | None = None) -> Written:
        """Add ``rows``, all or none; they are on disk on return.

        A row whose primary key exists already replaces the older one, as the last writer does in Milvus.

        Raises:
            DataNotMatchException: a row does not fit the schema.
        """
        return self._write_rows(rows, partition, as_inserted)

    def upsert(
        self,
        rows: GivenRows,
        partition: str | None = None,
        *,
        partial: bool = False,
        array_ops: Mapping[str, ArrayOp] = NO_OPS,
    ) -> Written:
        """Add ``rows``, replacing those with the same primary keys.

        With ``auto_id`` the rows name the keys to replace and get new ones, unless the call is a partial one or
        the collection takes keys (``CollectionRecord.takes_pks``).

        Args:
            partial: fields and dynamic keys that a row does not have stay as they are, and so does its partition
                unless ``partition`` is given. A row that replaces none must have all fields, as for ``insert``.
            array_ops: ARRAY fields whose given elements are appended to those that are there, or removed from
                them; any of these makes the call a partial one.

        Raises:
            ParamError: one of ``array_ops`` is not for an ARRAY field that rows have.
        """
        if partial or array_ops:
            return self._write_rows(rows, partition, with_arguments(as_changes, array_ops=array_ops))
        return self._write_rows(rows, partition, as_upserted)

    def write_first(self, session: Session, batch: Batch, partition: str | None) -> list[Any]:
        """Add the rows of a collection that ``session`` has just made; returns their primary keys."""
        return self._write_batch(session, batch, partition)

    def delete_ids(self, ids: Sequence[Any], partition: str | None = None) -> int:
        """Delete the rows with these primary keys; returns how many there were."""
        with self._writing() as session:
            record = session.record
            found = self._seqs_of_pks(session, encode_pks(record.schema.primary, ids))
            seqs = list(found.values())
            if partition is not None:
                wanted = partition_id(record, partition)
                partitions = session.reader.rows.partitions_of(seqs)
                seqs = [seq for seq in seqs if partitions[seq] == wanted]
            self._remove(session, seqs)
            return len(seqs)

    def delete_where(self, scope: Scope) -> int:
        """Delete the rows in ``scope``; returns how many there were."""
        with self._writing() as session:
            bound = BoundScope.of(session.record, self._own(scope), only_loaded=False)
            if bound.condition is not None and bound.condition.is_approximate:
                raise ParamError(
                    message="delete takes no Bloom filter, which matches some rows that are not meant: expected "
                    "type=roaring, or the values themselves, as in 'id in {ids}'"
                )
            selection = session.selected(bound)
            self._remove(session, selection.view.snapshot.seqs[selection.slots].tolist())
            return selection.count

    # Reading ------------------------------------------------------------------------------------------

    def get(
        self,
        ids: Sequence[Any],
        output_fields: Sequence[str],
        partitions: Sequence[str] | None = None,
        clock: Clock = COLLECTION_CLOCK,
    ) -> FoundRows:
        """The rows with these primary keys that exist, in the order of ``ids``."""

        def rows(session: Session) -> FoundRows:
            record, reader = session.state.record, session.reader
            chosen = loaded_partitions(record, partitions)
            pks = encode_pks(record.schema.primary, ids)
            found = self._seqs_of_pks(session, pks)
            seqs = [found[pk] for pk in dict.fromkeys(pks) if pk in found]
            if chosen is not None:
                wanted = {partition_id(record, partition) for partition in chosen}
                of_rows = reader.rows.partitions_of(seqs)
                seqs = [seq for seq in seqs if of_rows[seq] in wanted]
            projection = session.state.columns(tuple(output_fields), clock)
            return fetched(reader, projection, seqs)

        return self._read(rows)

    def query(
        self,
        scope: Scope,
        output_fields: Sequence[str],
        limit: int | None = None,
        offset: int = 0,
        *,
        by_pk: bool = False,
        order_by: Sequence[OrderBy] = (),
        after: ElementPlace | None = None,
    ) -> FoundRows:
        """The rows in ``scope``, ``limit`` of them after ``offset``, in the order they were written.

        Where the filter has an ``element_filter``, these are the elements that it holds for, row by row.

        Args:
            by_pk: order them by their primary keys instead. order_by: order them so; equal ones as they were
                written. after: leave out the elements of a row up to this one.
        """
        check_window(limit, offset)
        own, names, end = self._own(scope), tuple(output_fields), None if limit is None else offset + limit

        def slots_of(selection: Selection, schema: Schema) -> npt.NDArray[np.int64]:
            order = [OrderBy(schema.primary.name)] if by_pk else order_by
            return (ordered(selection, schema, order, end) if order else selection.slots)[:end]

        def rows(session: Session) -> FoundRows:
            state, schema = session.state, session.record.schema
            bound = state.bound_scope(own)
            wanted, selection = bound.elements, session.selected(bound)
            if wanted is None:
                refuse_place(after)
                seqs = selection.view.snapshot.seqs[slots_of(selection, schema)[offset:]].tolist()
                return fetched(session.reader, state.columns(names, scope.clock), seqs)
            found = ElementSelection.of(selection, wanted)
            if after is not None:
                seqs_of_pks = self._seqs_of_pks(session, encode_pks(schema.primary, [after.pk]))
                found = found.beyond(seqs_of_pks.values(), after.offset)
            page = found.elements(slots_of(found.rows, schema)).part(offset, end)
            return page.fetched(session.reader, state.columns(names, scope.clock))

        return self._read(rows)

    def search(
        self, request: SearchRequest, queries: Queries, reranking: Reranking | None = None
    ) -> FoundHits:
        """The nearest rows in the request's scope for each of ``queries``, or what ``reranking`` makes of them."""
        own, vectors = self._own(request), as_vectors(self.describe, request, queries)

        def hits(session: Session) -> FoundHits:
            search = session.state.search(own)
            return search.hits(session.selected(search), vectors, session.index_for(search))

        def candidates(session: Session) -> Candidates:
            # Few programs rerank; importing what does takes a while.
            from ..search.reranking.searching import candidates_of_search

            search = session.state.search(own)
            selection, index = session.selected(search), session.index_for(search)
            assert reranking is not None, "else there are hits"
            return candidates_of_search(
                search, selection, vectors, index, reranking, session.state.bound_scope
            )

        return self._read(hits) if reranking is None else reranking.hits(self._read(candidates))

    def hybrid_search(self, request: HybridRequest) -> FoundHits:
        """The best rows of several searches of one state of the collection."""
        from ..search.hybrid import hybrid_candidates, hybrid_hits, reranking_of

        searched = [
            (search, as_vectors(self.describe, search, queries)) for search, queries in request.searches
        ]
        request = replace(request, searches=searched)
        own = [self._own(search) for search, _ in searched]
        everything = self._own(EVERYTHING)

        def found(session: Session, of: Callable[..., Read]) -> Read:
            state = session.state
            searches = [state.search(asked) for asked in own]
            selections = [session.selected(search) for search in searches]
            whole = None if request.group_by is None else session.selected(state.bound_scope(everything))
            return of(state.record, searches, selections, whole, request, session.index_for)

        if request.rescoring is None:
            return self._read(lambda session: found(session, hybrid_hits))
        return reranking_of(request).hits(self._read(lambda session: found(session, hybrid_candidates)))

    def iterate_query(
        self, scope: Scope, output_fields: Sequence[str], offset: int = 0, *, only_loaded: bool = True
    ) -> QueryCursor:
        """The rows in ``scope`` as ``query`` gives them, page by page, as they are now; close it when done.

        Args:
            only_loaded: False to read rows that are not loaded as well, and whole rows whatever the filter says of
                their elements, as a copy of the collection has to.
        """
        own = self._own(scope)

        def bound(state: CollectionState) -> BoundScope:
            return (
                state.bound_scope(own) if only_loaded else BoundScope.of(state.record, own, only_loaded=False)
            )

        def cursor(lease: Lease, session: Session, selection: Selection) -> QueryCursor:
            projection = session.state.columns(tuple(output_fields), scope.clock)
            wanted = session.state.bound_scope(own).elements if only_loaded else None
            return QueryCursor(lease, selection, wanted, projection, offset)

        return self._kept(bound, cursor)

    def iterate_search(self, request: SearchRequest, queries: Queries) -> SearchCursor:
        """The rows nearest to the one query vector in ``queries``, page by page.

        All pages show the collection as it is now. The request's limit is the length of a page, and bounds the
        parameters of the index; its offset and groups must be none. Close the cursor when done.
        """
        assert request.offset == 0, "iterators know no offset"
        assert request.group_by is None, "iterators know no groups"
        own = self._own(request)
        queries = as_vectors(self.describe, request, queries)

        def cursor(lease: Lease, session: Session, selection: Selection) -> SearchCursor:
            search = session.state.search(own)
            search.check_iterable()
            vectors = search.vectors(selection.view, queries)
            find = search.nearest(session.index_for(search))
            kind = ElementCursor if isinstance(search, ElementSearch) else SearchCursor
            return kind(lease, search, selection, vectors, find)

        return self._kept(lambda state: state.search(own), cursor)

    # ---------------------------------------------------------------------------------------------------

    def _write_rows(self, rows: GivenRows, partition: str | None, encode: Encode) -> Written:
        # Rows are checked before the write lock is taken; if another process has changed the rules in between,
        # they are checked again.
        record = self.describe()
        while True:
            rules = rules_of(record)
            columns = self._own_rows(record, rows.columns(record.schema))
            if not columns.count:
                return Written([], 0)
            encoded = encode(record, columns)
            with self._writing() as session:
                record = session.record
                if rules_of(record) == rules:
                    is_partial = isinstance(encoded, Changes)
                    if isinstance(encoded, Changes):
                        encoded = self._merged(session, encoded, partition)
                    pks = self._write_batch(session, encoded, partition, keeps_pks=is_partial)
                    return Written(pks, columns.count)

    def _merged(self, session: Session, changes: Changes, partition: str | None) -> Batch:
        """``changes`` over the stored rows, which are read together."""
        reader = session.reader
        found = self._seqs_of_pks(session, list(dict.fromkeys(changes.pks)))
        scalars, vectors = missing_columns(changes, found)
        columns = [PARTITION_COLUMN, *scalars]
        fetched = reader.rows.fetch(list(found.values()), columns)
        by_column = {
            name: {pk: fetched[seq][index] for pk, seq in found.items()}
            for index, name in enumerate(columns, 2)
        }
        blobs = {}
        for name in vectors:
            of_seq = reader.vectors.fetch(list(found.values()), name)
            blobs[name] = {pk: of_seq[seq] for pk, seq in found.items()}
        stored = Stored(by_column, blobs, by_column.pop(PARTITION_COLUMN))
        default = partition_id(session.record, DEFAULT_PARTITION) if partition is None else None
        return merged(changes, stored, default_partition=default)

    def _write_batch(
        self, session: Session, batch: Batch, partition: str | None, *, keeps_pks: bool = False
    ) -> list[Any]:
        """Write ``batch`` in place of the rows with its keys; returns the keys of the rows it was made of.

        Args:
            keeps_pks: whether rows of an ``auto_id`` collection keep the keys of those that they replace, even
                where it takes no other keys of theirs.
        """
        record, writer = session.record, session.writer()
        target = self._target_partition(record, partition)
        pks, replaced = batch.pks, {}
        if pks is not None:
            batch = batch.last_of_each_pk()
            replaced = self._replaced(session, pks)
            if replaced:
                writer.remove(list(replaced.values()))
        if pks is None or not record.takes_pks:
            numbers = writer.next_pks(batch.count, record.schema.auto_id_offset)
            if pks is not None and batch.pks is not None and keeps_pks:
                kept = [pk if pk in replaced else new for pk, new in zip(batch.pks, numbers, strict=True)]
                key_of = dict(zip(batch.pks, kept, strict=True))
                batch, pks = replace(batch, pks=kept), [key_of[pk] for pk in pks]
            else:
                batch, pks = replace(batch, pks=numbers), numbers
        elif record.schema.primary.auto_id:
            last_seq = writer.position.last_seq + batch.count
            offset = offset_beyond(record.schema, pks, last_seq)
            if offset > record.schema.auto_id_offset:
                session.catalog.change_schema(record, replace(record.schema, auto_id_offset=offset))
        writer.insert(batch, target)
        writer.save_position()
        session.state.indexes.wrote(writer.position)
        return pks

    def _own_rows(self, record: CollectionRecord, columns: Columns) -> Columns:
        """The rows to write where ``columns`` are given."""
        return columns

    def _seqs_of_pks(self, session: Session, pks: Sequence[Any]) -> dict[Any, int]:
        """The seq of each of ``pks`` that exists and has not expired."""
        return session.reader.living_seqs_of_pks(pks)

    def _replaced(self, session: Session, pks: Sequence[Any]) -> dict[Any, int]:
        """The seqs of the rows that new rows with these keys replace, by key."""
        return session.reader.lookups.seqs_of_pks(list(dict.fromkeys(pks)))

    @staticmethod
    def _target_partition(record: CollectionRecord, partition: str | None) -> int:
        """The partition that new rows go to."""
        if partition:
            refuse_partition_key(record, partition)
        return partition_id(record, partition or DEFAULT_PARTITION)
