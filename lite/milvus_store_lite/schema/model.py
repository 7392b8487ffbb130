"""The schema of a collection's rows: immutable, checked once, written to the catalog as JSON.

The schema knows nothing of SQLite, of Python's input values or of the client's builder classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..errors import ParamError, PrimaryKeyException, SchemaNotReadyException
from ..process.lazy import lazy
from .fields import (
    Field,
    field_from_dict,
    field_to_dict,
    lists_of,
    scalars_within,
)
from .functions import Function, FunctionType, check_functions

MAX_FIELDS: Final = 64
FIRST_FIELD_ID: Final = 100
MAX_AUTO_ID_OFFSET: Final = 1 << 62
"""Half of all numbers are left for ``auto_id`` to go on with."""


@dataclass(frozen=True)
class Schema:
    """The fields of a collection. ``enable_dynamic_field`` admits further keys, kept as JSON; ``functions`` fill
    some of the fields from others. ``auto_id_offset``: what ``auto_id`` adds to a row's seq (``given_pks.py``).
    """

    fields: tuple[Field, ...]
    description: str = ""
    enable_dynamic_field: bool = False
    num_partitions: int | None = None
    functions: tuple[Function, ...] = ()
    auto_id_offset: int = field(default=0, compare=False)
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_fields()
        check_functions(self.functions, self.fields)
        filled = self.filled_by
        numbered = tuple(
            replace(
                field,
                field_id=field.field_id or FIRST_FIELD_ID + index,
                is_function_output=field.name in filled,
            )
            for index, field in enumerate(self.fields)
        )
        object.__setattr__(self, "fields", numbered)
        object.__setattr__(self, "by_name", {field.name: field for field in numbered})

    def _check_fields(self) -> None:
        if len(self.fields) > MAX_FIELDS:
            raise SchemaNotReadyException(
                message=f"a collection has at most {MAX_FIELDS} fields, got {len(self.fields)}"
            )
        names = [field.name for field in self.fields]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SchemaNotReadyException(message=f"duplicated field name: {', '.join(repeated)}")
        primaries = [field.name for field in self.fields if field.is_primary]
        if len(primaries) != 1:
            found = ", ".join(primaries) or "none"
            raise PrimaryKeyException(message=f"a schema has exactly one primary key field, found {found}")
        partition_keys = [field.name for field in self.fields if field.is_partition_key]
        if len(partition_keys) > 1:
            raise SchemaNotReadyException(
                message=f"a schema has at most one partition key, found {', '.join(partition_keys)}"
            )
        if not any(each.dtype.is_vector for field in self.fields for each in (field, *field.members)):
            raise SchemaNotReadyException(message="a schema has at least one vector field, found none")
        if self.num_partitions is not None and not 1 <= self.num_partitions <= 1024:
            raise ParamError(
                message=f"num_partitions must be between 1 and 1024, got {self.num_partitions!r}"
            )
        if type(self.auto_id_offset) is not int or not 0 <= self.auto_id_offset <= MAX_AUTO_ID_OFFSET:
            raise ParamError(
                message=f"auto_id_offset must be between 0 and {MAX_AUTO_ID_OFFSET}, got {self.auto_id_offset!r}"
            )

    @lazy
    def primary(self) -> Field:
        return next(field for field in self.fields if field.is_primary)

    @lazy
    def partition_key(self) -> Field | None:
        return next((field for field in self.fields if field.is_partition_key), None)

    @property
    def filled_by(self) -> dict[str, Function]:
        """Field → the function that fills it."""
        return {function.output: function for function in self.functions}

    @lazy
    def full_text(self) -> dict[str, Function]:
        """Field → the BM25 function that fills it with the terms of a text."""
        return self._filled(FunctionType.BM25)

    @lazy
    def embedded(self) -> dict[str, Function]:
        """Field → the function that fills it with the vector of a text."""
        return self._filled(FunctionType.TEXTEMBEDDING) | self._filled(FunctionType.MINHASH)

    def _filled(self, kind: FunctionType) -> dict[str, Function]:
        return {function.output: function for function in self.functions if function.kind is kind}

    @lazy
    def vectors(self) -> tuple[Field, ...]:
        """The vector fields, and after them those of vectors within structs."""
        return (*(field for field in self.fields if field.dtype.is_vector), *self.lists.values())

    @lazy
    def lists(self) -> dict[str, Field]:
        """``structs[member]`` → the field of lists of vectors that this member makes."""
        return {made.name: made for field in self.fields for made in lists_of(field)}

    def find(self, name: str) -> Field | None:
        """The field with this name, or with the name ``structs[member]``."""
        return self.by_name.get(name) or self.lists.get(name)

    @lazy
    def scalar_members(self) -> dict[str, Field]:
        """``structs[member]`` → this scalar member of structs."""
        return {made.name: made for field in self.fields for made in scalars_within(field)}

    @lazy
    def scalars(self) -> tuple[Field, ...]:
        """Every field that is a column of the rows table, the primary key first."""
        others = (field for field in self.fields if not field.dtype.is_vector and not field.is_primary)
        return (self.primary, *others)

    def to_json(self) -> str:
        """The schema as the catalog stores it; attributes at their default are left out."""
        stored: dict[str, Any] = {
            "description": self.description,
            "enable_dynamic_field": self.enable_dynamic_field,
            "num_partitions": self.num_partitions,
            "fields": [field_to_dict(field) for field in self.fields],
        }
        if self.functions:
            stored["functions"] = [function.to_dict() for function in self.functions]
        if self.auto_id_offset:
            stored["auto_id_offset"] = self.auto_id_offset
        return json.dumps(stored, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Schema:
        loaded = json.loads(text)
        loaded["fields"] = tuple(map(field_from_dict, loaded["fields"]))
        loaded["functions"] = tuple(map(Function.from_dict, loaded.get("functions", ())))
        return cls(**loaded)
