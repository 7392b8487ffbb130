"""Points in time and spans of time: parses ISO 8601 texts, and moves many instants by a span.

An instant is a count of microseconds since 1970-01-01T00:00:00Z. Errors are ``ValueError``. ``clock`` decides in
which time zone a call reads and shows times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

UTC: Final = timezone.utc
PARTS: Final = ("year", "month", "day", "hour", "minute", "second", "microsecond")
"""The parts of a time that ``parts`` returns."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d(?::?[0-5]\d(?::?[0-5]\d)?)?)?",
    re.ASCII,
)
"""The forms that Milvus's ``timestamptz.go`` reads; of a fraction, six digits count."""

_SPAN = re.compile(
    r"(?P<sign>[+-]?)P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d{1,6}))?S)?)?"
)
FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
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


def instant(given: str | datetime, zone: tzinfo = UTC) -> int:
    """The microseconds of an ISO 8601 time such as ``2025-01-31T12:00:00+08:00``; without an offset, in ``zone``.

    A time that the clocks of the zone show twice means the first of the two. A time that they skip is counted from
    before the gap.
    """
    moment = _moment(given) if isinstance(given, str) else given
    if moment.utcoffset() is None:
        moment = moment.replace(tzinfo=zone)
    micros = (moment - _EPOCH) // _MICROSECOND
    if not FIRST <= micros <= LAST:
        raise ValueError(f"{given!r:.60} is not between the years 1 and 9999 in UTC")
    return micros


def _moment(text: str) -> datetime:
    found = _INSTANT.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        clock, fraction, offset = found.groups()
        moment = datetime.fromisoformat(clock)
        if offset is not None:
            moment = moment.replace(tzinfo=_offset(offset))
    except ValueError:
        raise ValueError(
            f"{text!r:.60} is not an ISO 8601 time: write one as '2025-01-31T12:00:00', "
            f"'2025-01-31T12:00:00+08:00' or '2025-01-31T04:00:00Z'"
        ) from None
    if fraction is not None:
        moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    return moment


@lru_cache(maxsize=256)
def _offset(text: str) -> tzinfo:
    """The zone of an offset: ``Z``, ``+08``, ``+0530``, ``-03:30:52``."""
    if text in ("Z", "z"):
        return UTC
    digits = text[1:].replace(":", "").ljust(6, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))
    return timezone(-ahead if text[0] == "-" else ahead)


def to_text(micros: int, zone: tzinfo = UTC) -> str:
    """The instant as users see it, by the clocks of ``zone``: ``2025-01-31T12:00:00.5+08:00``, ``…Z`` in UTC."""
    moment = _utc(micros)
    if zone is not UTC:
        with suppress(
            OverflowError
        ):  # where the zone's calendar leaves the years that can be written: in UTC
            moment = moment.astimezone(zone)
    text = moment.isoformat()
    clock, offset = (text[:19], text[19:]) if not moment.microsecond else (text[:26].rstrip("0"), text[26:])
    return clock + ("Z" if offset == "+00:00" else offset)


def parts(micros: int, names: Sequence[str], zone: tzinfo = UTC) -> list[int]:
    """The parts ``names`` of the instant, by the clocks of ``zone``."""
    utc, years = _utc(micros), 0
    if not 1 < utc.year < datetime.max.year:
        # The zone's calendar may leave Python's range of years: it repeats every 400.
        years = -400 if utc.year > 1 else 400
        utc = utc.replace(year=utc.year + years)
    moment = utc.astimezone(zone)
    return [getattr(moment, name) - (years if name == "year" else 0) for name in names]


def _utc(micros: int) -> datetime:
    if not FIRST <= micros <= LAST:
        raise ValueError(f"{micros} microseconds since 1970 are not between the years 1 and 9999")
    return _EPOCH + timedelta(microseconds=micros)


def span(text: str) -> Span:
    """The span of an ISO 8601 duration: ``P1DT2H``, ``P3M``, ``-P1Y``, ``PT0.5S``."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"{text!r:.60} is not an ISO 8601 duration: write one as 'P3D', 'P1Y2M' or 'PT1H30M'"
        )
    parts = {name: value for name, value in found.groupdict().items() if value and name != "sign"}
    if any(len(value) > _MAX_DIGITS for value in parts.values()):
        raise ValueError(f"the duration {text!r:.60} is too long")
    months = 12 * int(parts.get("years", 0)) + int(parts.get("months", 0))
    if months > _MAX_MONTHS:
        raise ValueError(f"the duration {text!r:.60} is too long, at most 10,000 years are allowed")
    seconds = sum(int(parts.get(name, 0)) * factor for name, factor in _SECONDS.items())
    micros = seconds * 1_000_000 + int(parts.get("fraction", "0").ljust(6, "0"))
    return -Span(months, micros) if found["sign"] == "-" else Span(months, micros)


def moved(instants: npt.NDArray[np.int64], by: Span) -> npt.NDArray[Any]:
    """``instants`` moved by the span: int64, or Python integers where that is too small.

    In a month that is too short for the day, the result is its last day: a month after January 31st is the last
    day of February.
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
    month_lengths = (new_months + np.timedelta64(1, "M")).astype("datetime64[D]") - new_months.astype(
        "datetime64[D]"
    )
    time_of_day = since_month - days.astype("timedelta64[us]")
    new_days = new_months.astype("datetime64[D]") + np.minimum(days, month_lengths - np.timedelta64(1, "D"))
    result: npt.NDArray[np.int64] = (new_days.astype("datetime64[us]") + time_of_day).astype(np.int64)
    return result
