"""Which rows a request is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..caching import Keyed
from ..schema.clock import COLLECTION_CLOCK, Clock
from .tenants import Tenant

if TYPE_CHECKING:
    from ..filters import Expression


@dataclass(frozen=True, slots=True, eq=False)
class Scope(Keyed):
    """Which rows a request is about. Scopes are known by their value, like requests.

    ``expression``: a filter, as text or tree, None for every row; ``params``: the values of its ``{name}``
    templates. ``partitions``: names, None for all. ``tenant``: what the partition key must be beside all that,
    None for anything. ``clock``: how its times are read, and those of the rows shown.
    """

    expression: str | Expression | None = None
    params: Mapping[str, Any] | None = None
    partitions: Sequence[str] | None = None
    tenant: Tenant | None = None
    clock: Clock = COLLECTION_CLOCK

    def of_tenant(self, tenant: Tenant) -> Scope:
        """The part of the scope that belongs to ``tenant``."""
        return replace(self, tenant=tenant)


EVERYTHING: Final = Scope()
