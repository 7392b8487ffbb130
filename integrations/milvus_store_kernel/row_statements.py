"""Statements about collections with fields: rows, filters, and searches that return fields."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from milvus_store import DataType, MilvusClient

from . import statements
from .dispatch import execute
from .errors import CellError
from .session import Session
from .statements import Ordering
from .tables import Line, Output, Table

MOST_SHOWN = 100
"""Rows of a ``select`` without a limit."""
DEFAULT_HITS = 10
"""Hits of a ``select … nearest`` without a limit."""
_COUNT = "count(*)"
_NOT_OPTIONS = frozenset({"self", "collection_name", "schema", "index_params", "timeout"})
"""Arguments of ``create_collection`` that a statement cannot give: they are objects."""


@execute.register
def _create_collection(statement: statements.CreateCollection, session: Session) -> Output:
    options = {name: option.value for name, option in statement.options.items()}
    for name in _NOT_OPTIONS & options.keys():
        raise CellError("ParamError", f"unknown parameter {name!r}", statement.options[name].at)
    session.client.create_collection(statement.collection, **options)
    return Line(f"Created collection {statement.collection}")


@execute.register
def _insert_rows(statement: statements.InsertRows, session: Session) -> Output:
    written = session.client.insert(statement.collection, list(statement.rows))
    return Table(("inserted_ids",), [(pk,) for pk in written["ids"]])


@execute.register
def _delete_rows(statement: statements.DeleteRows, session: Session) -> Output:
    count = session.client.delete(statement.collection, filter=statement.filter.text)["delete_count"]
    return Line(f"Deleted {count} row{'' if count == 1 else 's'}")


@execute.register
def _select_rows(statement: statements.SelectRows, session: Session) -> Output:
    if statement.nearest is not None:
        return _search(statement, session.client)
    if statement.fields == (_COUNT,):
        (row,) = session.client.query(statement.collection, _filter_text(statement), output_fields=[_COUNT])
        return Table((_COUNT,), [(row[_COUNT],)])
    return _query(statement, session.client)


def _query(statement: statements.SelectRows, client: MilvusClient) -> Output:
    wanted = list(statement.fields)
    limit = MOST_SHOWN + 1 if statement.limit is None else statement.limit
    if statement.order:
        names = [term.field for term in statement.order]
        fields = wanted if wanted == ["*"] else list(dict.fromkeys([*wanted, *names]))
        text = _filter_text(statement) or every_row(statement.collection, client)
        rows = _sorted(list(client.query(statement.collection, text, output_fields=fields)), statement.order)
        rows = rows[statement.offset : statement.offset + limit]
    else:
        rows = list(
            client.query(
                statement.collection,
                _filter_text(statement),
                output_fields=wanted,
                limit=limit,
                offset=statement.offset,
            )
        )
    note = None
    if statement.limit is None and len(rows) > MOST_SHOWN:
        rows, note = (
            rows[:MOST_SHOWN],
            f"the first {MOST_SHOWN} rows; there are more, add 'limit' to see them",
        )
    columns = _columns(wanted, rows, statement.collection, client)
    return Table(tuple(columns), [[row.get(name) for name in columns] for row in rows], note)


def _search(statement: statements.SelectRows, client: MilvusClient) -> Output:
    nearest = statement.nearest
    assert nearest is not None
    if statement.order or statement.fields == (_COUNT,):
        at = statement.order[0].field.at if statement.order else None
        raise CellError("SyntaxError", "'nearest' orders by distance: leave out 'order by' and count(*)", at)
    found = client.search(
        statement.collection,
        [vector if isinstance(vector, bytes) else list(vector) for vector in nearest.vectors],
        filter=_filter_text(statement),
        output_fields=list(statement.fields),
        anns_field=nearest.field or "",
        search_params={"offset": statement.offset} if statement.offset else None,
        limit=DEFAULT_HITS if statement.limit is None else statement.limit,
    )
    key = _primary_key(statement.collection, client)
    entities = [dict(hit["entity"]) for hits in found for hit in hits]
    names = [
        name
        for name in _columns(list(statement.fields), entities, statement.collection, client)
        if name != key
    ]
    numbered = len(found) > 1
    columns = [*(["query"] if numbered else []), key, "distance", *names]
    rows = [
        [
            *([number] if numbered else []),
            hit[key],
            hit["distance"],
            *(dict(hit["entity"]).get(name) for name in names),
        ]
        for number, hits in enumerate(found, 1)
        for hit in hits
    ]
    return Table(tuple(columns), rows)


def _filter_text(statement: statements.SelectRows) -> str:
    return "" if statement.filter is None else statement.filter.text


def every_row(collection: str, client: MilvusClient) -> str:
    """A filter that every row matches: a query without a filter needs a limit, which would apply before the
    order."""
    for field in client.describe_collection(collection)["fields"]:
        if field.get("is_primary"):
            name = field["name"]
            return f"{name} >= ''" if field["type"] == DataType.VARCHAR else f"{name} >= 0 or {name} < 0"
    raise CellError("ParamError", f"collection {collection} has no primary key")


def _primary_key(collection: str, client: MilvusClient) -> str:
    fields = client.describe_collection(collection)["fields"]
    return next(str(field["name"]) for field in fields if field.get("is_primary"))


def _sorted(rows: list[dict[str, Any]], order: Iterable[Ordering]) -> list[dict[str, Any]]:
    """Rows by several fields; those without a value come last."""
    for term in reversed(list(order)):
        with_value = [row for row in rows if row.get(term.field) is not None]
        without = [row for row in rows if row.get(term.field) is None]
        try:
            with_value.sort(key=itemgetter(term.field), reverse=term.descending)
        except TypeError:
            message = f"field {term.field!r} holds values that have no common order"
            raise CellError("ParamError", message) from None
        rows = with_value + without
    return rows


def _columns(
    wanted: list[str], rows: list[dict[str, Any]], collection: str, client: MilvusClient
) -> list[str]:
    """Column names: those asked for, or for ``*`` the schema's and then all others in the rows."""
    if wanted != ["*"]:
        return wanted
    names = [field["name"] for field in client.describe_collection(collection)["fields"]]
    return list(dict.fromkeys([*names, *(name for row in rows for name in row)]))
