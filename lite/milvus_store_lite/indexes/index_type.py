"""The description of one index type in the registry."""

from __future__ import annotations

from dataclasses import dataclass

from ..schema.data_types import DataType
from .parameters import Parameter


@dataclass(frozen=True, slots=True)
class IndexType:
    """One index type.

    ``metrics``: those that it ranks by, the default first; empty for an index on scalar fields.
    ``build`` and ``search``: the parameters of ``create_index`` and of a search.
    ``served_by``: in a few words, the structure that answers here.
    ``least_rows``: with fewer rows nothing is built, since an exact scan is as fast; None for an exact scan.
    ``takes``: the scalar field types that it may be on. Indexes on vectors are listed by their family instead.
    """

    name: str
    metrics: tuple[str, ...]
    served_by: str
    build: tuple[Parameter, ...] = ()
    search: tuple[Parameter, ...] = ()
    least_rows: int | None = None
    takes: frozenset[DataType] = frozenset()


def by_name(kinds: tuple[IndexType, ...]) -> dict[str, IndexType]:
    """Index types by name, in capitals: a look-up ignores case."""
    return {kind.name.upper(): kind for kind in kinds}
