"""What the registry says of one index type."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema.data_types import DataType
from .parameters import Parameter


@dataclass(frozen=True, slots=True)
class IndexType:
    """One index type.

    ``metrics``: those it ranks by, the default first; empty for an index on scalar fields.
    ``build`` and ``search``: the parameters of ``create_index`` and of a search.
    ``served_by``: in a few words, what answers here.
    ``least_rows``: below this many rows nothing is built, since an exact scan is as fast; None where an exact
    scan is all there is.
    ``takes``: the types of scalar fields it may be on; an index on vectors stands in its family's list instead.
    """

    name: str
    metrics: tuple[str, ...]
    served_by: str
    build: tuple[Parameter, ...] = ()
    search: tuple[Parameter, ...] = ()
    least_rows: int | None = None
    takes: frozenset[DataType] = frozenset()


def by_name(kinds: tuple[IndexType, ...]) -> dict[str, IndexType]:
    """Index types by name; in capitals, as any spelling is looked up."""
    return {kind.name.upper(): kind for kind in kinds}
