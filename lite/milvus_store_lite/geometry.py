"""Geometries: texts in WKT to shapely's objects and back. The library is imported at the first geometry."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from .extras import imported

Geometries = npt.NDArray[np.object_]


def shapely() -> ModuleType:
    """The library; ``MissingExtraError`` if it is not installed."""
    return imported("shapely", "GEOMETRY fields")


def from_wkt(texts: Sequence[str | None]) -> Geometries:
    """(n,) of geometries, None where the text is None. ``ValueError`` for a text that is no WKT."""
    library = shapely()
    found: Geometries = np.empty(len(texts), dtype=object)
    try:
        found[:] = library.from_wkt(np.array(texts, dtype=object))
    except library.errors.ShapelyError as error:
        raise ValueError(f"no geometry in WKT ({error})") from None
    return found


def to_wkt(geometries: Geometries) -> list[str]:
    """The texts that stand for just these geometries, with the shortest coordinates that do."""
    texts: list[Any] = shapely().to_wkt(geometries, rounding_precision=-1).tolist()
    return texts
