"""What is asked of a collection and what comes back: plain data between the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from ..errors import ParamError

if TYPE_CHECKING:
    from ..filters import Expression

MAX_WINDOW: Final = 16_384
"""Milvus's bound on limit + offset."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows a request is about.

    ``expression``: a filter, as text or tree, None for every row; ``params``: the values of its ``{name}``
    templates. ``partitions``: names, None for all.
    """

    expression: str | Expression | None = None
    params: Mapping[str, Any] | None = None
    partitions: Sequence[str] | None = None

    def within(self, partitions: Sequence[str] | None) -> Scope:
        """The same scope in other partitions."""
        return self if partitions is self.partitions else replace(self, partitions=partitions)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The ``limit`` nearest rows of each query vector, after ``offset`` nearer ones.

    ``queries``: n vectors as the caller gave them. ``anns_field``: the vector field, None when there is one only.
    ``metric``: None for the index's own. ``output_fields``: names as Milvus takes them, ``*`` for all.
    ``params``: what the index in use takes, such as ``nprobe`` or ``ef``.
    """

    queries: Sequence[Any]
    anns_field: str | None = None
    limit: int = 10
    offset: int = 0
    metric: str | None = None
    scope: Scope = field(default_factory=Scope)
    output_fields: Sequence[str] = ()
    round_decimal: int = -1
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_window(self.limit, self.offset)


@dataclass(frozen=True, slots=True)
class Hits:
    """The answer to one query vector, nearest first: three lists of equal length.

    ``distances`` follow Milvus: squared distance for L2, similarity for IP and COSINE.
    """

    pks: list[Any]
    distances: list[float]
    entities: list[dict[str, Any]]


def check_window(limit: int | None, offset: int) -> None:
    """Raise ``ParamError`` unless Milvus would serve this page."""
    for name, value, low in (("limit", limit, 1), ("offset", offset, 0)):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise ParamError(message=f"{name} must be an int, got {type(value).__name__}: {value!r}")
        if value < low:
            raise ParamError(message=f"{name} must be at least {low}, got {value}")
    if (limit or 0) + offset > MAX_WINDOW:
        raise ParamError(
            message=f"limit + offset must be at most {MAX_WINDOW}, got {limit} + {offset}; "
            f"restrict the filter, or page by primary key"
        )
