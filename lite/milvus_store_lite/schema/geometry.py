"""Geometries: texts in WKT to shapely's objects and back. The library is imported at the first geometry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..extras import import_extra

MAX_NESTING: Final = 100
"""The most levels of brackets in a text; the deepest geometry without collections of collections has three."""

MAX_POINTS: Final = 100_000
"""The most points of a geometry in a row."""

MAX_POINTS_IN_FILTER: Final = 20_000
"""The most points of the geometry in a filter. Relations of two outlines take their product at worst."""

Geometries = npt.NDArray[np.object_]


def shapely() -> ModuleType:
    """The library; ``MissingExtraError`` if it is not installed."""
    return import_extra("shapely", "GEOMETRY fields")


_BRACKET: Final = re.compile("[()]")


def _check_nesting(text: str) -> None:
    """Raise ValueError for brackets that nest too deep for the stack of GEOS, which recurses."""
    if text.count("(") <= MAX_NESTING:
        return
    depth = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket == "(" else -1
        if depth > MAX_NESTING:
            raise ValueError(f"the brackets of the geometry nest deeper than {MAX_NESTING} levels")


def _check_points(geometries: Geometries, most: int) -> None:
    library = shapely()
    # GEOS takes NaN and infinities, and fails later, in some of its relations.
    if not np.isfinite(library.get_coordinates(geometries)).all():
        raise ValueError("the geometry has a coordinate that is not a finite number")
    points = library.get_num_coordinates(geometries)
    if points.size and points.max() > most:
        raise ValueError(
            f"the geometry has {points.max()} points, at most {most} are allowed: simplify or split it"
        )


def from_wkt(texts: Sequence[str | None], most: int | None = None) -> Geometries:
    """(n,) of geometries, None where the text is None.

    Args:
        most: how many points each may have; None for texts that come from the file.

    Raises:
        ValueError: a text is not WKT, or is beyond the bounds.
    """
    library = shapely()
    for text in texts:
        if text is not None:
            _check_nesting(text)
    found: Geometries = np.empty(len(texts), dtype=object)
    try:
        found[:] = library.from_wkt(np.array(texts, dtype=object))
    except library.errors.ShapelyError as error:
        raise ValueError(f"not a geometry in WKT ({str(error)[:200]})") from None
    if most is not None:
        _check_points(found, most)
    return found


def to_wkt(geometries: Geometries) -> list[str]:
    """The texts of these geometries, with the shortest coordinates that are exact."""
    texts: list[Any] = shapely().to_wkt(geometries, rounding_precision=-1).tolist()
    return texts
