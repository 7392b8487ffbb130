"""A prepared search: what a request means for one definition of a collection, ready for query vectors.

Everything that does not depend on the query vectors is decided and checked here: rows, field, metric, parameters,
output. A changed definition is a new object with its own prepared searches, so none of them is ever stale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NoReturn

from ..codec import QueryVectors
from ..columns.snapshot_caches import SnapshotCaches
from ..columns.view import View
from ..errors import IndexNotExistException, ParamError
from ..indexes.field_index import FieldIndex
from ..indexes.registry import check_metric, check_search_parameters, index_types
from ..schema.fields import Field
from ..schema.model import Schema
from ..storage.catalog import CollectionRecord, IndexRecord
from ..storage.store import CollectionReader
from ..suggestions import did_you_mean
from . import elements
from .arrangement import GroupBy
from .buckets import ARGUMENT, FoundBuckets, check_aggregation, found_buckets
from .by_ids import stored_vectors
from .families import compares_elements, family_of
from .family import Nearest, SearchFamily
from .found import FoundHits
from .group_labels import group_labels
from .grouping import Labels, grouped, leaders
from .highlighting import Highlighting
from .highlights import Highlight, SemanticHighlight
from .hits import hits_of
from .metrics import Metric
from .ordering import ORDER_BY, reordered, reordered_groups
from .output import Projection
from .ranges import within
from .rankings import Ranking
from .request import ByIds, Queries, SearchRequest, check_queries
from .scope import Scope
from .selection import BoundScope, Selection, check_isolation
from .semantic_highlighting import SemanticHighlighting
from .sort_keys import sort_keys
from .struct_fusion import ELEMENT_SCOPE, Collapse

if TYPE_CHECKING:
    from ..filters import ElementFilter


@dataclass(frozen=True, slots=True)
class PreparedSearch:
    """``request`` as a collection with ``schema`` means it.

    ``choice``: the rows it is about; ``field``: the vector field they are ranked by, as its ``family`` does it;
    ``params``: those of the search that the index takes, checked; ``projection``: what a hit shows;
    ``analyzer_name``: which of several analyzers cuts query texts; ``highlighting``: what is marked in the hits.
    """

    request: SearchRequest
    schema: Schema
    choice: BoundScope
    field: Field
    metric: Metric
    params: Mapping[str, Any]
    family: SearchFamily[Any]
    projection: Projection
    analyzer_name: str | None = None
    highlighting: Highlighting | SemanticHighlighting | None = None

    def select(self, snapshot_caches: SnapshotCaches, reader: CollectionReader) -> Selection:
        """The rows to search, as ``reader`` sees them; raises what ``BoundScope.select`` raises."""
        if self.family.ranks_by_corpus:
            return self.choice.select_by_text(snapshot_caches, reader)
        return self.choice.select(snapshot_caches, reader)

    def vectors(self, view: View, queries: Queries) -> QueryVectors:
        """``queries`` as the field's family ranks by them.

        Raises:
            ParamError: a query does not fit the field, or there are too many.
        """
        check_queries(queries)
        if isinstance(queries, ByIds):
            tenant = self.request.scope.tenant
            return stored_vectors(view.reader, self.field, queries.ids, tenant)
        return self.family.prepare(view.reader, self.field, queries, self.analyzer_name)

    def check(self) -> None:
        """Raise ParamError for parts of the request that do not go with what the search finds."""

    def check_iterable(self) -> None:
        """Raise ParamError if the search cannot go on page by page."""
        _refuse(self.family, self.field, "an iterator")

    def nearest(self, index: FieldIndex | None) -> Nearest:
        """What finds the nearest rows; ``index`` is the field's, None for an exact scan."""
        ranked: Nearest = partial(
            self.family.nearest, self.metric, self.field, params=self.params, index=index
        )
        ring = self.request.ring
        return ranked if ring is None else within(self.metric, ring, ranked)

    def pages(self, selection: Selection, vectors: QueryVectors, index: FieldIndex | None) -> list[Ranking]:
        """The rows on the request's page, for each of ``vectors``."""
        request, find = self.request, self.nearest(index)
        if request.group_by is not None:
            return self._groups(selection, vectors, find, request.group_by)
        rankings = find(selection, vectors, request.window)
        if request.order_by:
            keys = sort_keys(selection, self.schema, request.order_by, ORDER_BY)
            return [reordered(keys, ranking, request.offset, request.limit) for ranking in rankings]
        if request.offset == 0:
            return rankings
        return [(slots[request.offset :], values[request.offset :]) for slots, values in rankings]

    def hits(self, selection: Selection, queries: Queries, index: FieldIndex | None) -> FoundHits:
        """The answer for each of ``queries`` among the rows of ``selection``."""
        view = selection.view
        pages = self.pages(selection, self.vectors(view, queries), index)
        found = self.shown(view, pages)
        if self.highlighting is None:
            return found
        seqs = [seq for slots, _ in pages for seq in view.snapshot.seqs[slots].tolist()]
        return self.highlighting.marked(view.reader, found, seqs, queries)

    def buckets(self, selection: Selection, queries: Queries, index: FieldIndex | None) -> FoundBuckets:
        """The buckets of the nearest rows, for each of ``queries``."""
        aggregation = self.request.aggregation
        assert aggregation is not None, "the request asks for buckets"
        vectors = self.vectors(selection.view, queries)
        aggregation.check(len(queries))
        labels = group_labels(selection, self.schema, aggregation.all_fields, ARGUMENT)
        groups, size = aggregation.buckets, aggregation.rows
        rankings = grouped(self.metric, self.nearest(index), selection, vectors, labels, groups, size)
        return found_buckets(
            selection,
            self.schema,
            self.metric,
            self.projection,
            aggregation,
            [_best_groups(ranking, labels, groups, size) for ranking in rankings],
            self.request.round_decimal,
        )

    def shown(self, view: View, pages: list[Ranking]) -> FoundHits:
        """The rows of ``pages`` as hits."""
        return hits_of(view, self.projection, pages, self.request.round_decimal)

    def _groups(
        self, selection: Selection, vectors: QueryVectors, find: Nearest, wanted: GroupBy
    ) -> list[Ranking]:
        """The rows of the groups on the request's page."""
        request = self.request
        labels = group_labels(selection, self.schema, wanted.fields, cast=wanted.cast)
        rankings = grouped(self.metric, find, selection, vectors, labels, request.window, wanted.size)
        if request.order_by:
            keys = sort_keys(selection, self.schema, request.order_by, ORDER_BY)
            pages = [_best_groups(ranking, labels, request.window, wanted.size) for ranking in rankings]
            return [
                reordered_groups(keys, page, labels[page[0]], request.offset, request.limit) for page in pages
            ]
        return [
            _best_groups(ranking, labels, request.limit, wanted.size, request.offset) for ranking in rankings
        ]


@dataclass(frozen=True, slots=True)
class ElementSearch(PreparedSearch):
    """A search that finds single structs: its rankings have their numbers in place of slots.

    ``wanted``: what the filter says of the structs themselves; None for any. ``collapse``: what the request says
    of the structs of a row where a hybrid search counts rows; None for nothing.
    """

    wanted: ElementFilter | None = None
    collapse: Collapse | None = None

    def vectors(self, view: View, queries: Queries) -> QueryVectors:
        if isinstance(queries, ByIds):
            self.refuse("search by ids", "a row has several vectors, give the one that is meant as data")
        return PreparedSearch.vectors(self, view, queries)

    def check(self) -> None:
        """Raise ``ParamError`` for parts of the request that are about rows."""
        request, primary = self.request, self.schema.primary.name
        if request.group_by is not None and request.group_by.fields != (primary,):
            self.refuse("groups by other fields than the primary key", f"name '{primary}', as Milvus demands")
        if request.order_by:
            self.refuse(ORDER_BY, "order the hits")
        if request.aggregation is not None:
            self.refuse(ARGUMENT, f"group by '{primary}'")
        if request.highlight is not None:
            self.refuse("highlighter", "search by a field of the rows")

    def refuse(self, asked: str, instead: str) -> NoReturn:
        """Raise the ``ParamError`` that such a search does not take ``asked``."""
        raise ParamError(
            message=f"field '{self.field.name}' ({self.field.describe()}): {asked} is not supported in a search "
            f"of single structs: {instead}"
        )

    def hits(self, selection: Selection, queries: Queries, index: FieldIndex | None) -> FoundHits:
        if self.collapse is not None:
            self.refuse(ELEMENT_SCOPE, f"group by '{self.schema.primary.name}'")
        return PreparedSearch.hits(self, selection, queries, index)

    def nearest(self, index: FieldIndex | None) -> Nearest:
        ranked: Nearest = partial(
            elements.nearest, self.metric, self.field, params=self.params, index=index, wanted=self.wanted
        )
        ring = self.request.ring
        return ranked if ring is None else within(self.metric, ring, ranked)

    def pages(self, selection: Selection, vectors: QueryVectors, index: FieldIndex | None) -> list[Ranking]:
        request, find = self.request, self.nearest(index)
        if request.group_by is not None:
            size = request.group_by.size
            page = request.limit, size, request.offset
            return elements.best_of_rows(self.metric, find, selection, vectors, *page)
        rankings = find(selection, vectors, request.window)
        return [(numbers[request.offset :], values[request.offset :]) for numbers, values in rankings]

    def shown(self, view: View, pages: list[Ranking]) -> FoundHits:
        rows = [(elements.rows_of(numbers), values) for numbers, values in pages]
        found = hits_of(view, self.projection, rows, self.request.round_decimal)
        return found._replace(
            offsets=list(chain.from_iterable(elements.offsets_of(numbers).tolist() for numbers, _ in pages))
        )


def _best_groups(ranking: Ranking, labels: Labels, groups: int, size: int, skip: int = 0) -> Ranking:
    """The rows of the nearest ``groups`` groups of a ranking, after ``skip`` nearer ones."""
    slots, values = ranking
    kept = leaders(labels[slots], groups, size, skip)
    return slots[kept], values[kept]


def prepared(
    record: CollectionRecord, chosen: Callable[[Scope], BoundScope], request: SearchRequest
) -> PreparedSearch:
    """``request`` checked against the collection.

    Args:
        chosen: what a scope means for the collection.

    Raises:
        MilvusException: it does not fit the collection; the message says what and why.
    """
    choice = chosen(request.scope)
    check_isolation(record, choice, request.scope)
    field = vector_field(record.schema, request.anns_field)
    index = _index(record, field)
    metric = _metric(field, index, request.metric)
    given = dict(request.params)
    analyzer_name = _analyzer_name(field, given.pop("analyzer_name", None))
    scope = given.pop(ELEMENT_SCOPE, None)
    params: dict[str, Any] = {}
    if given:
        params = check_search_parameters(field, index.type, index.parameters, given, request.window)
    family = family_of(field, metric)
    params |= family.taken_over(index.parameters)
    if request.ring is not None:
        _refuse(family, field, "a range of distances")
        request.ring.check(metric)
    if request.group_by is not None:
        _refuse(family, field, "group_by_field")
    projection = Projection.of(record, request.output_fields, request.scope.clock, as_rows=False)
    if request.aggregation is not None:
        _refuse(family, field, "search_aggregation")
        check_aggregation(record.schema, request.aggregation, projection)
    kind: Callable[..., PreparedSearch] = PreparedSearch
    if compares_elements(field, metric):
        collapse = None if scope is None else Collapse.of(scope, metric)
        kind = partial(ElementSearch, wanted=_wanted(record.schema, choice, field), collapse=collapse)
    elif scope is not None:
        raise ParamError(
            message=f"field '{field.name}' ({field.describe()}): {ELEMENT_SCOPE} is for a search of single "
            "structs, which this is not"
        )
    search = kind(
        request=request,
        schema=record.schema,
        choice=choice,
        field=field,
        metric=metric,
        params=params,
        family=family,
        projection=projection,
        analyzer_name=analyzer_name,
        highlighting=_highlighting(request.highlight, record.schema, field, analyzer_name),
    )
    search.check()
    return search


def _wanted(schema: Schema, choice: BoundScope, field: Field) -> ElementFilter | None:
    """What the filter says of the single structs whose vectors ``field`` has."""
    assert field.within is not None, field
    return None if choice.condition is None else choice.condition.of_elements(schema.by_name[field.within])


def _refuse(family: SearchFamily[Any], field: Field, asked: str) -> None:
    if family.is_plain:
        raise ParamError(
            message=f"field '{field.name}' ({field.describe()}): {asked} is not supported in a search for lists "
            "of embeddings, as in Milvus"
        )


def vector_field(schema: Schema, name: str | None) -> Field:
    """The vector field that a search names; without a name the only one."""
    if name:
        field = schema.find(name)
        if field is None or not field.dtype.is_vector:
            raise ParamError(
                message=f"anns_field {name!r} is not a vector field of the collection, expected one of "
                f"{', '.join(field.name for field in schema.vectors)}"
                + did_you_mean(name, [field.name for field in schema.vectors])
            )
        return field
    if len(schema.vectors) > 1:
        raise ParamError(
            message=f"the collection has several vector fields: expected anns_field to be one of "
            f"{', '.join(field.name for field in schema.vectors)}, got none"
        )
    return schema.vectors[0]


def _analyzer_name(field: Field, given: object) -> str | None:
    """The name of an analyzer that a search asks for."""
    if given is None or (isinstance(given, str) and field.is_full_text):
        return given
    raise ParamError(
        message=f"analyzer_name must be the name of an analyzer, in a search for texts, got {given!r:.80} for "
        f"field '{field.name}' ({field.describe()})"
    )


def _index(record: CollectionRecord, field: Field) -> IndexRecord:
    index = record.index_of(field.name)
    if index is None:
        raise IndexNotExistException(
            message=f"vector field '{field.name}' of collection '{record.name}' has no index: "
            f"call create_index first"
        )
    return index


def _metric(field: Field, index: IndexRecord, asked: str | None) -> Metric:
    assert index.metric is not None, "an index on a vector field has a metric"
    if asked and check_metric(field, index_types(field)[index.type], asked) != index.metric:
        raise ParamError(
            message=f"metric_type of field '{field.name}' must be the one of its index, {index.metric}, "
            f"got {asked!r}"
        )
    return Metric(index.metric)


def _highlighting(
    asked: Highlight | SemanticHighlight | None, schema: Schema, field: Field, analyzer_name: str | None
) -> Highlighting | SemanticHighlighting | None:
    """What is to be marked in the hits of a search of ``field``; None for nothing."""
    if isinstance(asked, SemanticHighlight):
        return SemanticHighlighting.of(asked, schema)
    return None if asked is None else Highlighting.of(asked, schema, field, analyzer_name)
