"""Which rows a collection does not take, and why: a collection of the same schema in memory is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from milvus_store_lite import Columns, as_list

from .. import MilvusClient
from ..errors import DataNotMatchException
from ..index_params import IndexParams
from .client_stores import ClientStore
from .definitions import CollectionDefinition
from .slices import some_rows


def reasons_of(definition: CollectionDefinition, columns: Columns, *, keeps_pks: bool) -> dict[int, str]:
    """Row → why it is not taken, for those that are not.

    Args:
        keeps_pks: whether rows that are numbered have keys.
    """
    reasons: dict[int, str] = {}
    bare = replace(definition, indexes=IndexParams(), aliases=(), properties=())
    if keeps_pks:
        bare = bare.taking_pks()
    with MilvusClient(":memory:") as scratch:
        ClientStore(scratch, "").create(bare)
        collection = scratch._collection(definition.name)

        def ask(rows: Sequence[int]) -> None:
            """Halve the rows until those that are refused are alone."""
            try:
                collection.insert(some_rows(columns, rows))
            except DataNotMatchException as error:
                if len(rows) == 1:
                    reasons[rows[0]] = error.message.removeprefix("row 0: ")
                    return
                middle = len(rows) // 2
                ask(rows[:middle])
                ask(rows[middle:])

        ask(range(len(columns)))
    return reasons


def shown_row(columns: Columns, row: int) -> dict[str, object]:
    """One of the rows, for people."""
    one = some_rows(columns, [row])
    shown: dict[str, object] = {}
    for name, column in one.by_name.items():
        values = column.values
        if column.rows is None or len(column.rows):
            (value,) = as_list(values)
            shown[name] = value.tolist() if hasattr(value, "tolist") else value
    return shown | (dict(one.extra[0]) if one.extra else {})
