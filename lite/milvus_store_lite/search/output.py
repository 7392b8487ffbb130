"""Output fields: which values of a found row a call returns, and in which form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..codec import decode_scalar, decode_vector
from ..errors import ParamError
from ..process.lazy import lazy
from ..schema.clock import Clock
from ..schema.fields import DYNAMIC_FIELD, Field
from ..schema.model import Schema
from ..storage.catalog import CollectionRecord
from ..suggestions import did_you_mean
from .struct_vectors import StructVectors

_MEMBER = re.compile(r"(\w+)\[(\w+)\]\Z")


@dataclass(frozen=True)
class Projection:
    """The part of a row to return. ``dynamic``: None for nothing, else the keys wanted, empty for all.

    ``members``: the members to show of arrays of structs, where not all are wanted.
    ``wraps_bytes``: whether vectors that are bytes come in a list, as pymilvus's queries show them.
    ``show_time``: what to show of a stored instant.
    """

    schema: Schema
    with_pk: bool
    wraps_bytes: bool
    scalars: tuple[Field, ...]
    vectors: tuple[Field, ...]
    dynamic: frozenset[str] | None
    members: Mapping[str, frozenset[str]]
    show_time: Callable[[int], Any]

    @classmethod
    def of(cls, record: CollectionRecord, names: Sequence[str], clock: Clock, *, as_rows: bool) -> Projection:
        """Shows ``names``: fields, ``structs[member]``, ``*`` for everything, other names for dynamic keys.

        Args:
            as_rows: the rows of a query, which have their primary key in any case; False for hits.

        Raises:
            ParamError: a name is not a field, and the collection has no dynamic field.
        """
        schema = record.schema
        everything = "*" in names
        members = _members(schema, names)
        wanted = {_MEMBER.sub(r"\1", name) if name.partition("[")[0] in members else name for name in names}
        for field in schema.vectors:
            if field.is_full_text and field.name in wanted:
                raise ParamError(
                    message=f"output field '{field.name}' is filled by function "
                    f"'{schema.full_text[field.name].name}' (BM25) and cannot be read, as in Milvus: "
                    f"ask for '{schema.full_text[field.name].input}'"
                )
        extra = wanted - set(schema.by_name) - {"*", DYNAMIC_FIELD}
        if extra and not schema.enable_dynamic_field:
            raise ParamError(
                code=1700,
                message=f"output field {sorted(extra)[0]!r} does not exist, expected one of "
                f"{', '.join(schema.by_name)}" + did_you_mean(sorted(extra)[0], schema.by_name),
            )
        dynamic: frozenset[str] | None = None
        if schema.enable_dynamic_field and (everything or extra or DYNAMIC_FIELD in wanted):
            dynamic = frozenset() if everything or DYNAMIC_FIELD in wanted else frozenset(extra)
        return cls(
            schema=schema,
            wraps_bytes=as_rows,
            with_pk=as_rows or everything or schema.primary.name in wanted,
            scalars=tuple(field for field in schema.scalars[1:] if everything or field.name in wanted),
            vectors=tuple(
                field
                for field in schema.vectors
                if _is_wanted(field, names, wanted) or (everything and not field.is_full_text)
            ),
            dynamic=dynamic,
            members={}
            if everything
            else {root: chosen for root, chosen in members.items() if root not in names},
            show_time=clock.show(record.in_force),
        )

    @lazy
    def has_columns(self) -> bool:
        """Whether anything of a row is to be shown."""
        return bool(self.with_pk or self.scalars or self.vectors or self.dynamic is not None)

    @lazy
    def columns(self) -> tuple[str, ...]:
        """What is read of a row beside its primary key and its vectors."""
        names = tuple(field.name for field in self.scalars)
        return names if self.dynamic is None else (*names, DYNAMIC_FIELD)

    @lazy
    def lists(self) -> dict[str, StructVectors]:
        """Array of structs → what puts the vectors that are shown back into its structs."""
        within: dict[str, list[Field]] = {}
        for field in self.vectors:
            if field.within is not None:
                within.setdefault(field.within, []).append(field)
        return {
            name: StructVectors(self.schema.by_name[name], fields, self.members.get(name))
            for name, fields in within.items()
        }

    @lazy
    def plan(self) -> list[tuple[str, int, Callable[[Any], Any] | None]]:
        """(name, offset in the fetched row, how to decode) in the order of the schema; -1 for vectors."""
        offsets = {field.name: offset for offset, field in enumerate(self.scalars, start=2)}
        steps: list[tuple[str, int, Callable[[Any], Any] | None]] = []
        for field in self.schema.fields:
            if field.is_primary and self.with_pk:
                steps.append((field.name, 1, None))
            elif field.name in offsets:
                chosen = self.members.get(field.name)
                decode = (
                    decode_scalar(field, self.show_time) if chosen is None else _decode_members(field, chosen)
                )
                steps.append((field.name, offsets[field.name], decode))
            elif field.dtype.is_vector and field in self.vectors:
                steps.append((field.name, -1, decode_vector(field, wrapped=self.wraps_bytes)))
        return steps


def _is_wanted(field: Field, names: Sequence[str], wanted: set[str]) -> bool:
    """Whether ``names`` ask for a vector field, or for the vectors of structs, by themselves or with these."""
    return field.name in (wanted if field.within is None else names) or field.within in names


def _members(schema: Schema, names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Array of structs → the members of it that ``names`` ask for, as in ``chunks[text]``."""
    found: dict[str, frozenset[str]] = {}
    for name in names:
        asked = _MEMBER.match(name)
        field = schema.by_name.get(asked[1]) if asked else None
        if asked is None or field is None or not field.members:
            continue
        known = [member.name for member in field.members]
        if asked[2] not in known:
            raise ParamError(
                code=1700,
                message=f"output field {name!r} does not exist, the structs of '{field.name}' have the members "
                f"{', '.join(known)}",
            )
        found[field.name] = found.get(field.name, frozenset()) | {asked[2]}
    return found


def _decode_members(field: Field, chosen: frozenset[str]) -> Callable[[Any], Any]:
    names = [member.name for member in field.members if member.name in chosen and not member.dtype.is_vector]

    def decode(stored: str | None) -> list[dict[str, Any]] | None:
        if stored is None:
            return None
        return [{name: struct[name] for name in names} for struct in json.loads(stored)]

    return decode
