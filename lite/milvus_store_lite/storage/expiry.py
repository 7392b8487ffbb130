"""The moment of a call, by which rows have expired or live."""

from __future__ import annotations

from dataclasses import dataclass

from ..process import wall_clock
from ..schema.lifetime import Lifetime


@dataclass(frozen=True, slots=True)
class Expiry:
    """Rows with this ``lifetime``, ``now``, in seconds since 1970: one moment for the whole of a call."""

    lifetime: Lifetime
    now: float

    @classmethod
    def of(cls, lifetime: Lifetime) -> Expiry:
        return cls(lifetime, wall_clock.now())

    @property
    def instant(self) -> int:
        """``now`` as fields of times store it."""
        return int(self.now * 1_000_000)

    @property
    def insertion(self) -> float:
        """The moment of insertion whose rows expire now, in a collection whose rows live equally long."""
        assert self.lifetime.seconds is not None, "rows of this collection have times of their own"
        return self.now - self.lifetime.seconds
