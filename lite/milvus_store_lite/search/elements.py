"""Search of the single vectors within structs: every struct is a candidate, and is found by itself.

The nearest k of them are in the k rows whose nearest struct is nearest, which an index on lists finds for queries
of one vector. A ranking of structs has their numbers where one of rows has slots: the slot of the row, and in the
lowest bits the offset of the struct in the row's array. So structs of one row stand side by side, as in the array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ..codec import QueryVectors, encode_queries
from ..codec.list_rows import VectorLists, places_of
from ..columns.masks import Mask
from ..columns.vector_lists import ListColumn
from ..columns.view import View
from ..errors import ParamError
from ..indexes.field_index import FieldIndex
from ..schema.fields import MAX_CAPACITY, Field
from ..schema.vector_families import VectorFamily
from ..storage.store import CollectionReader
from . import binary, dense, exact, max_sim, max_sim_nearest, plan
from .family import Nearest, SearchFamily
from .grouping import leaders
from .metrics import Metric
from .rankings import NOTHING, Ranking, merge, order
from .selection import Selection

if TYPE_CHECKING:
    from ..filters import ElementFilter

Ints = npt.NDArray[np.int64]

_OFFSET_BITS: Final = (MAX_CAPACITY - 1).bit_length()

_SCANS: Final[dict[VectorFamily, exact.Scan[Any, Any]]] = {
    VectorFamily.LIST: dense.SCAN,
    VectorFamily.BINARY_LIST: binary.SCAN,
}
"""How the vectors themselves are ranked."""

_METRIC_OF_ROWS: Final = {similarity: metric for metric, similarity in reversed(max_sim.SIMILARITY.items())}
"""The metric of lists by which a row is as near to a single vector as the nearest of its own is."""


def rows_of(numbers: Ints) -> Ints:
    """The slot of each struct's row, or its seq where it is numbered by that."""
    rows: Ints = numbers >> _OFFSET_BITS
    return rows


def offsets_of(numbers: Ints) -> Ints:
    """The offset of each struct in the array of its row."""
    offsets: Ints = numbers & ((1 << _OFFSET_BITS) - 1)
    return offsets


def numbered(rows: Ints, offsets: Ints) -> Ints:
    """The numbers of the structs at ``offsets`` of the arrays of ``rows``."""
    numbers: Ints = (rows << _OFFSET_BITS) | offsets
    return numbers


def query_vectors(
    reader: CollectionReader, field: Field, queries: Sequence[Any], analyzer_name: str | None
) -> QueryVectors:
    """Single vectors as queries of a field of lists; raises ParamError for one that does not fit."""
    for number, query in enumerate(queries):
        if hasattr(query, "to_flat_array") or hasattr(query, "packed"):
            raise ParamError(
                message=f"query vector {number}: the index on field '{field.name}' compares single "
                "vectors: expected a vector, got an EmbeddingList, which takes an index with a metric of lists, "
                "such as MAX_SIM_COSINE"
            )
    return encode_queries(field.member, queries)


def nearest(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: QueryVectors,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex | None = None,
    wanted: ElementFilter | None = None,
) -> list[Ranking]:
    """The ``limit`` nearest structs in the rows of ``selection``, for each of ``queries``.

    Args:
        wanted: only structs that it matches; these are scanned.
    """
    scan, view = _SCANS[field.vector_family], selection.view
    if index is not None and wanted is None and view.is_whole and index.covering(view.snapshot) is not None:
        return _by_index(metric, field, selection, queries, limit, params, index)
    flags = None if wanted is None or selection.count == 0 else wanted.flags(view)
    best = [NOTHING] * len(queries)
    for slots, lists in _parts(view, field, selection):
        places = _places(view, field, lists, slots, selection.rows, flags)
        found = _ranked(scan, metric, lists, places, queries, limit)
        best = [
            merge(metric, so_far, (_numbers(lists, slots, at), values), limit)
            for so_far, (at, values) in zip(best, found, strict=True)
        ]
    return best


FAMILY: Final = SearchFamily(nearest, prepare=query_vectors)


def _by_index(
    metric: Metric,
    field: Field,
    selection: Selection,
    queries: QueryVectors,
    limit: int,
    params: Mapping[str, Any],
    index: FieldIndex,
) -> list[Ranking]:
    """The nearest structs of the rows that ``index`` finds."""
    view, scan = selection.view, _SCANS[field.vector_family]
    assert isinstance(queries, np.ndarray), "an index is of dense vectors"
    lists_of_one = VectorLists(np.arange(len(queries) + 1), queries)
    rows = max_sim_nearest.nearest(
        _METRIC_OF_ROWS[metric], field, selection, lists_of_one, limit, params, index
    )
    found = []
    for number, (slots, _) in enumerate(rows):
        slots = np.sort(slots)
        column = view.resident(field)
        lists = view.vectors_at(field, slots) if column is None else column.at(slots)  # type: ignore[union-attr]
        assert isinstance(lists, ListColumn)
        ((places, values),) = scan.rank(metric, lists.vectors, queries[number : number + 1], limit, None)
        found.append((_numbers(lists, slots, places), values))
    return found


def _parts(view: View, field: Field, selection: Selection) -> Iterator[tuple[Ints, ListColumn[Any]]]:
    """The lists of all selected rows, and maybe of others, with their slots, ascending."""
    path = plan.choose(
        view.count, selection.count, resident=view.holds(field), can_be_resident=view.can_hold(field)
    )
    if path is plan.Path.NOTHING:
        return
    if path is plan.Path.STREAM:
        parts: Iterator[tuple[Ints, Any]] = view.vector_chunks(field)
    elif path is plan.Path.FETCH:
        parts = iter([(selection.slots, view.vectors_at(field, selection.slots))])
    else:
        parts = iter([(np.arange(view.count), view.vectors(field))])
    for slots, lists in parts:
        assert isinstance(lists, ListColumn)
        yield slots, lists


def _places(
    view: View,
    field: Field,
    lists: ListColumn[Any],
    slots: Ints,
    rows: Mask | None,
    flags: tuple[Ints, npt.NDArray[np.bool_]] | None,
) -> Ints | None:
    """Where the vectors stand, among those of ``lists``, that may be found; None for all of them.

    Args:
        rows: the slots that may be found, None for all. flags: the structs that may, as of ``ElementFilter``.
    """
    chosen = None if rows is None else np.flatnonzero(rows.flags[slots])
    if flags is None and (chosen is None or len(chosen) == len(slots)):
        return None
    chosen = np.arange(len(slots)) if chosen is None else chosen
    places, starts = places_of(lists.starts, chosen)
    if flags is None:
        return places
    structs, begins = places_of(flags[0], slots[chosen])
    if not np.array_equal(starts, begins):
        error = ValueError("a row has more or fewer vectors than structs")
        raise view.reader.layout.corrupt(f"vectors of field '{field.name}'", error)
    return places[flags[1][structs]]


def _ranked(
    scan: exact.Scan[Any, Any],
    metric: Metric,
    lists: ListColumn[Any],
    places: Ints | None,
    queries: QueryVectors,
    limit: int,
) -> Iterator[Ranking]:
    """The nearest of the vectors at ``places``, None for all, as places."""
    count = int(lists.starts[-1])
    if places is None or len(places) == count:
        return scan.rank(metric, lists.vectors, queries, limit, None)
    if len(places) < plan.GATHER_SHARE * count and scan.rank_at is not None:
        return scan.rank_at(metric, lists.vectors, places, queries, limit)
    mask = np.zeros(count, dtype=np.bool_)
    mask[places] = True
    return scan.rank(metric, lists.vectors, queries, limit, mask)


def _numbers(lists: ListColumn[Any], slots: Ints, places: Ints) -> Ints:
    """The numbers of the structs whose vectors are at ``places``."""
    rows = np.searchsorted(lists.starts, places, side="right") - 1
    return numbered(slots[rows], places - lists.starts[rows])


def best_of_rows(
    metric: Metric,
    find: Nearest,
    selection: Selection,
    queries: QueryVectors,
    rows: int,
    size: int,
    skip: int,
) -> list[Ranking]:
    """The nearest ``size`` structs of each of the nearest ``rows`` rows, after ``skip`` nearer ones."""
    return [
        _best_of_rows(metric, find, selection, queries[number : number + 1], rows, size, skip)
        for number in range(len(queries))
    ]


def _best_of_rows(
    metric: Metric,
    find: Nearest,
    selection: Selection,
    query: QueryVectors,
    rows: int,
    size: int,
    skip: int,
) -> Ranking:
    """A row is as near as its nearest struct. So the nearest structs name the rows, whose others come after."""
    wanted, asked = rows + skip, rows + skip
    left = selection
    found: list[Ranking] = []
    nearest_rows = np.empty(0, dtype=np.int64)
    while True:
        (ranking,) = find(left, query, asked)
        found.append(ranking)
        nearest_rows = np.concatenate([nearest_rows, np.unique(rows_of(ranking[0]))])
        if len(nearest_rows) >= wanted or len(ranking[0]) < asked:
            break
        unseen = np.ones(selection.view.count, dtype=np.bool_)
        unseen[nearest_rows] = False
        left, asked = left.only(unseen), 2 * asked
    numbers, values = np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])
    by = order(metric, values)  # what an index finds later may be nearer
    numbers, values = numbers[by], values[by]
    kept = leaders(rows_of(numbers), wanted, 1)
    numbers, values = numbers[kept], values[kept]
    if size > 1 and len(numbers):
        chosen = np.zeros(selection.view.count, dtype=np.bool_)
        chosen[rows_of(numbers)] = True
        ((numbers, values),) = find(selection.only(chosen), query, len(numbers) * MAX_CAPACITY)
    kept = leaders(rows_of(numbers), rows, size, skip)
    return numbers[kept], values[kept]
