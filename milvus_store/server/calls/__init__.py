"""The calls of the protocol, one module for each group; each module lists its own in ``CALLS``."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from ..iterators import SearchIterators
from ..service import Handler
from . import (
    access,
    aliases,
    collections,
    databases,
    handshake,
    indexes,
    loading,
    maintenance,
    one_node,
    partitions,
    rows,
    search,
    snapshots,
)

CALLS: Final[Mapping[str, Handler]] = {
    **handshake.CALLS,
    **databases.CALLS,
    **collections.CALLS,
    **partitions.CALLS,
    **aliases.CALLS,
    **indexes.CALLS,
    **loading.CALLS,
    **rows.CALLS,
    **search.CALLS,
    **snapshots.CALLS,
    **maintenance.CALLS,
    **one_node.CALLS,
    **access.CALLS,
}
"""Name of a call → what answers it, for the calls that keep nothing from one to the next."""


def calls_with(iterators: SearchIterators) -> Mapping[str, Handler]:
    """All calls of a server that has these iterators open."""
    return {**CALLS, "Search": partial(search.search, iterators)}
