"""Points in time and spans of time: what ISO 8601 texts mean, and moving many instants by a span.

An instant is a count of microseconds since 1970-01-01T00:00:00Z. Errors are ``ValueError``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_SPAN = re.compile(
    r"(?P<sign>[+-]?)P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,6}))?S)?)?"
)
FIRST = (datetime(1, 1, 1, tzinfo=timezone.utc) - _EPOCH) // _MICROSECOND
LAST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // _MICROSECOND
_MAX_DIGITS = 9
_MAX_MONTHS = 120_000
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True, slots=True)
class Span:
    """Calendar months, then microseconds; a day is 24 hours, for instants are counted in UTC."""

    months: int
    micros: int

    def __neg__(self) -> Span:
        return Span(-self.months, -self.micros)


def instant(text: str) -> int:
    """The microseconds of an ISO 8601 instant with a zone: ``2025-01-31T12:00:00+08:00``, ``…Z``."""
    normal = re.sub(r"(?<=[0-9.])[zZ]\Z", "+00:00", text.strip())
    # Python 3.10 reads fractions of three or six digits only.
    normal = re.sub(r"\.(\d{1,6})(?=[+-]\d\d:?\d\d\Z|\Z)", lambda found: "." + found[1].ljust(6, "0"), normal)
    try:
        moment = datetime.fromisoformat(normal)
    except ValueError:
        raise ValueError(
            f"{text!r:.60} is no ISO 8601 time, write one as '2025-01-31T12:00:00+08:00' or '2025-01-31T04:00:00Z'"
        ) from None
    return of_datetime(moment, repr(text)[:60])


def of_datetime(moment: datetime, shown: str | None = None) -> int:
    """The microseconds of ``moment``, which must know its zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"{shown or repr(moment)} has no time zone, add an offset such as 'Z' or '+08:00'")
    micros = (moment - _EPOCH) // _MICROSECOND
    if not FIRST <= micros <= LAST:
        raise ValueError(f"{shown or repr(moment)} is not between the years 1 and 9999 in UTC")
    return micros


def to_text(micros: int) -> str:
    """The instant as users see it, in UTC: ``2025-01-31T04:00:00Z``."""
    if not FIRST <= micros <= LAST:
        raise ValueError(f"{micros} microseconds since 1970 are not between the years 1 and 9999")
    return (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")


def span(text: str) -> Span:
    """The span of an ISO 8601 duration: ``P1DT2H``, ``P3M``, ``-P1Y``, ``PT0.5S``."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r:.60} is no ISO 8601 duration, write one as 'P3D', 'P1Y2M' or 'PT1H30M'")
    parts = {name: value for name, value in found.groupdict().items() if value and name != "sign"}
    if any(len(value) > _MAX_DIGITS for value in parts.values()):
        raise ValueError(f"the duration {text!r:.60} is too long")
    months = 12 * int(parts.get("years", 0)) + int(parts.get("months", 0))
    if months > _MAX_MONTHS:
        raise ValueError(f"the duration {text!r:.60} is too long, at most 10,000 years are counted")
    seconds = sum(int(parts.get(name, 0)) * factor for name, factor in _SECONDS.items())
    micros = seconds * 1_000_000 + int(parts.get("fraction", "0").ljust(6, "0"))
    return -Span(months, micros) if found["sign"] == "-" else Span(months, micros)


def moved(instants: npt.NDArray[np.int64], by: Span) -> npt.NDArray[Any]:
    """``instants`` moved by the span: int64, or Python integers where that is too small.

    A month that is too short for the day gives its last day, as calendars do: a month after January 31st is
    the last day of February.
    """
    if by.months:
        instants = _moved_by_months(instants, by.months)
    low, high = (int(instants.min()), int(instants.max())) if instants.size else (0, 0)
    limits = np.iinfo(np.int64)
    if limits.min <= low + by.micros and high + by.micros <= limits.max:
        result: npt.NDArray[Any] = instants + np.int64(by.micros)
    else:
        result = instants.astype(object) + by.micros
    return result


def moved_instant(micros: int, by: Span) -> int:
    """One instant moved by the span."""
    return int(moved(np.array([micros], dtype=np.int64), by)[0])


def _moved_by_months(instants: npt.NDArray[np.int64], months: int) -> npt.NDArray[np.int64]:
    moments = instants.astype("datetime64[us]")
    old_months = moments.astype("datetime64[M]")
    new_months = old_months + np.timedelta64(months, "M")
    since_month = moments - old_months.astype("datetime64[us]")
    days = since_month.astype("timedelta64[D]")
    month_lengths = (new_months + 1).astype("datetime64[D]") - new_months.astype("datetime64[D]")
    time_of_day = since_month - days.astype("timedelta64[us]")
    new_days = new_months.astype("datetime64[D]") + np.minimum(days, month_lengths - np.timedelta64(1, "D"))
    result: npt.NDArray[np.int64] = (new_days.astype("datetime64[us]") + time_of_day).astype(np.int64)
    return result
