"""Properties of databases and collections: the known keys, their values, and those that a file does not support.

Milvus stores and shows any other key as well, for the user's own purposes, and so does a file. A known key that
would change what calls do, and that a file does not support, is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ParamError
from .clock import TIMEZONE, zone_called
from .lifetime import check_lifetime
from .model import Schema

ISOLATION: Final = "partitionkey.isolation"
DYNAMIC: Final = "dynamicfield.enabled"
GIVEN_PKS: Final = "allow_insert_auto_id"

_FLAG: Final = "true or false"
_ZONE: Final = "an IANA time zone"
_NO_LIMITS: Final = "a file has no rates and quotas: leave it out, or use a Milvus server"

COLLECTION_PROPERTIES: Final[Mapping[str, str]] = {
    ISOLATION: _FLAG,
    DYNAMIC: _FLAG,
    GIVEN_PKS: _FLAG,
    TIMEZONE: _ZONE,
    "mmap.enabled": _FLAG,
    "lazyload.enabled": _FLAG,
    "collection.autocompaction.enabled": _FLAG,
}
"""Key → its kind of value. Those after the first four say where a server keeps data: they change no answer."""

DATABASE_PROPERTIES: Final[Mapping[str, str]] = {TIMEZONE: _ZONE}

_UNSERVED: Final[Mapping[str, str]] = {
    "database.force.deny.writing": "open the file with read_only=True instead",
    "database.force.deny.reading": "a file asks nobody who reads it: close the client instead",
}
_UNSERVED_PREFIXES: Final = (
    "collection.insertRate",
    "collection.upsertRate",
    "collection.deleteRate",
    "collection.bulkLoadRate",
    "collection.queryRate",
    "collection.searchRate",
    "collection.diskProtection",
    "database.diskQuota",
    "database.max.collections",
)


def checked_properties(owner: str, known: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` with the values of ``known`` keys checked; ``owner``: of the properties, for errors.

    Raises:
        ParamError: a key does not take its value, or a file does not support the key.
    """
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ParamError(message=f"properties must be a dict with str keys, got {given!r:.80}")
    for key, value in given.items():
        reason = _UNSERVED.get(key) or (_NO_LIMITS if key.startswith(_UNSERVED_PREFIXES) else None)
        if reason is not None:
            raise ParamError(message=f"{owner} property {key!r} is not supported: {reason}")
        if known.get(key) == _ZONE:
            zone_called(value, f"{owner} property {key!r}")
        if known.get(key) == _FLAG and as_flag(value) is None:
            raise ParamError(message=f"{owner} property {key!r} must be {_FLAG}, got {value!r}")
        if not isinstance(value, (str, int, float)):
            raise ParamError(
                message=f"{owner} property {key!r} must be a str, a number or a bool, got {type(value).__name__}"
            )
    return dict(given)


def check_against_schema(schema: Schema, properties: Mapping[str, Any]) -> None:
    """Raise ``ParamError`` if a collection of this schema cannot have ``properties``."""
    check_lifetime(schema, properties)
    if as_flag(properties.get(ISOLATION)) and schema.partition_key is None:
        raise ParamError(
            message=f"collection property {ISOLATION!r} needs a field with is_partition_key=True, "
            f"the schema has none"
        )
    if as_flag(properties.get(DYNAMIC, schema.enable_dynamic_field)) != schema.enable_dynamic_field:
        raise ParamError(
            message=f"collection property {DYNAMIC!r} can only be set to true on a collection that exists, "
            f"got {properties[DYNAMIC]!r}: a new one takes enable_dynamic_field in its schema"
        )


def as_flag(value: object) -> bool | None:
    """``value`` as Milvus reads a flag: a bool, or its name in any case; None if it is neither."""
    return {"true": True, "false": False}.get(str(value).lower())
