"""Clocks: the time zone that a call reads and shows times in, and which parts of a time it asks for.

The zone of a call has precedence over that of its collection, and this over that of its database; the default is
UTC. The zone decides what a time without an offset means, and how times are shown. The file stores instants, which
no zone changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Final

from ..errors import ParamError
from ..suggestions import did_you_mean
from . import times
from .data_types import DataType
from .model import Schema

TIMEZONE: Final = "timezone"
"""The property of databases and collections, and the parameter of calls."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The options of a call for times. ``timezone``: a name, None for the collection's. ``parts``: those of
    ``times.PARTS`` to show; empty to show the whole time.

    Raises:
        ParamError: no time zone has this name.
    """

    timezone: str | None = None
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.timezone is not None:
            zone_called(self.timezone, TIMEZONE)

    @classmethod
    def of(cls, timezone: str | None, time_fields: object) -> Clock:
        """What a call's ``timezone`` and ``time_fields`` ask for, None for what was not given."""
        if timezone is None and time_fields is None:
            return COLLECTION_CLOCK
        return cls(timezone, _time_parts(time_fields))

    def zone(self, properties: Mapping[str, Any]) -> tzinfo:
        """The zone of a call on a collection with ``properties``, which include those of its database."""
        return zone_of(properties) if self.timezone is None else zone_called(self.timezone, TIMEZONE)

    def show(self, properties: Mapping[str, Any]) -> Callable[[int], Any]:
        """The function that turns a stored instant of such a collection into the value for the caller."""
        zone, parts = self.zone(properties), self.parts
        if parts:
            return lambda micros: times.parts(micros, parts, zone)
        return lambda micros: times.to_text(micros, zone)


COLLECTION_CLOCK: Final = Clock()
"""The clock of a call without options."""


def zone_of(properties: Mapping[str, Any]) -> tzinfo:
    """The zone of a collection with ``properties``, which include those of its database."""
    name = properties.get(TIMEZONE)
    return times.UTC if name is None else zone_called(name, f"property {TIMEZONE!r}")


def zone_called(name: object, what: str) -> tzinfo:
    """The time zone with the IANA name ``name``; ``what`` is where it was given, for errors.

    Raises:
        ParamError: there is no such zone.
    """
    found = _zone(name) if isinstance(name, str) else None
    if found is None:
        raise ParamError(
            message=f"{what} must be an IANA time zone such as 'Asia/Shanghai' or 'UTC', got {name!r:.80}"
            + _hint(name)
        )
    return found


def _time_parts(given: object) -> tuple[str, ...]:
    """The parts that ``time_fields`` asks for: names separated by commas or spaces, or a list of names.

    Raises:
        ParamError: it names something else.
    """
    if given is None:
        return ()
    texts = [given] if isinstance(given, str) else given
    if isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts):
        names = tuple(name.lower() for text in texts for name in text.replace(",", " ").split())
        if set(names) <= set(times.PARTS):
            return names
    raise ParamError(message=f"time_fields must name some of {', '.join(times.PARTS)}, got {given!r:.80}")


def with_fixed_defaults(schema: Schema, zone: tzinfo) -> Schema:
    """``schema`` with offsets in its default times, so that they stay the same when the zone changes."""
    fields = []
    for field in schema.fields:
        if field.dtype is DataType.TIMESTAMPTZ and isinstance(field.default, str):
            try:
                fixed = times.to_text(times.instant(field.default, zone), zone)
            except ValueError:
                fixed = field.default  # the check of the defaults reports the error
            field = replace(field, default=fixed)
        fields.append(field)
    return replace(schema, fields=tuple(fields))


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo | None:
    if name == "UTC":
        return times.UTC
    from zoneinfo import ZoneInfo  # most databases never need it

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; malformed; a folder of names
        return None


def _hint(name: object) -> str:
    from zoneinfo import available_timezones

    known = available_timezones()
    return did_you_mean(name, known) if known else "; this system has no time zones: pip install tzdata"
