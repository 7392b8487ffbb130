"""``st_...``: relations of the geometries of many rows to a given one, by shapely.

Coordinates are points of a plane, and distances have its units.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ...schema.geometry import MAX_POINTS_IN_FILTER, Geometries, from_wkt, shapely
from .truth import BoolArray, Truth, some

_SEEN_FROM_CONSTANT: Final = {
    "st_contains": "within",
    "st_within": "contains",
    "st_crosses": "crosses",
    "st_equals": "equals",
    "st_intersects": "intersects",
    "st_overlaps": "overlaps",
    "st_touches": "touches",
}
"""shapely's name of each relation with its sides exchanged: it is fast when the prepared side comes first."""

RELATIONS: Final = frozenset(_SEEN_FROM_CONSTANT)


def constant(text: str) -> Any:
    """The geometry that ``text`` stands for, prepared for many comparisons; ``ValueError`` if there is none."""
    found = from_wkt([text], MAX_POINTS_IN_FILTER)[0]
    shapely().prepare(found)
    return found


def missing(geometries: Geometries) -> BoolArray:
    """(n,) bool: rows that have no geometry."""
    found: BoolArray = shapely().is_missing(geometries)
    return found


def related(relation: str, geometries: Geometries, other: Any, distance: float) -> Truth:
    """Rows whose geometry has the relation to ``other``; unknown where there is none."""
    library = shapely()
    with np.errstate(all="ignore"):  # coordinates near the end of floats: GEOS overflows to an infinity
        if relation == "st_dwithin":
            holds = library.dwithin(other, geometries, distance)
        elif relation == "st_isvalid":
            holds = library.is_valid(geometries)
        else:
            holds = getattr(library, _SEEN_FROM_CONSTANT[relation])(other, geometries)
    return Truth.of(np.asarray(holds, dtype=np.bool_), some(missing(geometries)))
