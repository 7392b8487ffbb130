"""Columns of geometries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..schema.geometry import Geometries, from_wkt
from .column import allocated
from .growable import Growable

_GEOMETRY_SIZE: Final = 300
"""Bytes of a small polygon in shapely, about."""


@dataclass(frozen=True, slots=True)
class GeometryColumn:
    """``geometries``: (n,) of shapely's objects, None where the value is null."""

    geometries: Geometries

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return allocated(self.geometries) + _GEOMETRY_SIZE * len(self.geometries)


class GeometryBuilder:
    """GEOMETRY from stored WKT; None is null."""

    def __init__(self) -> None:
        self._geometries: Growable[np.object_] = Growable(object)

    def append(self, texts: Sequence[str | None]) -> None:
        self._geometries.append(from_wkt(texts))

    def view(self) -> GeometryColumn:
        return GeometryColumn(self._geometries.view())
