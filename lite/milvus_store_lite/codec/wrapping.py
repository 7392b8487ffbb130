"""Vectors that are bytes, wrapped in a list: so a query shows them, and so they may come back in an upsert."""

from __future__ import annotations

from typing import Any


def unwrapped(value: Any) -> Any:
    """The bytes in a list of just them; anything else as it is."""
    if isinstance(value, (list, tuple)) and len(value) == 1 and isinstance(value[0], (bytes, bytearray)):
        return value[0]
    return value
