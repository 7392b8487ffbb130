"""The calls of the protocol, one module for each group; each module lists its own in ``CALLS``."""

from collections.abc import Mapping
from typing import Final

from ..service import Handler
from . import (
    aliases,
    collections,
    databases,
    handshake,
    indexes,
    loading,
    maintenance,
    partitions,
    rows,
    search,
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
    **maintenance.CALLS,
}
"""Name of a call → what answers it."""
