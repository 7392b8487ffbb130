"""The fields of a schema: what each of them may be, and how the catalog stores it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from ..errors import DataTypeNotSupportException, ParamError, PrimaryKeyException, SchemaNotReadyException
from ..process.lazy import lazy
from .data_types import ELEMENT_TYPES, MEMBER_TYPES, STORED_TYPES, DataType
from .vector_families import FAMILY_OF_TYPE, VectorFamily

MAX_NAME_LENGTH: Final = 255
MAX_VARCHAR_LENGTH: Final = 65_535
MAX_TEXT_LENGTH: Final = 2**28
"""The most bytes of UTF-8 of a TEXT: SQLite takes 10**9, and a row is in memory several times."""
MAX_CAPACITY: Final = 4_096
MIN_DIM, MAX_DIM = 2, 32_768
MAX_BINARY_DIM: Final = 262_144
DYNAMIC_FIELD: Final = "$meta"
_MEMBER_BITS: Final = 16
"""The number of a member follows that of its array in so many bits."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class NoDefault:
    """Type of ``NO_DEFAULT``: tells a field without a default from one whose default is None."""

    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT: Final = NoDefault()


def check_name(kind: str, name: object) -> str:
    """Return ``name`` if Milvus would take it as the name of a ``kind``, else raise ``ParamError``."""
    if not isinstance(name, str):
        raise ParamError(message=f"{kind} name must be a str, got {type(name).__name__}: {name!r}")
    if not _NAME.match(name) or len(name) > MAX_NAME_LENGTH:
        raise ParamError(
            message=f"invalid {kind} name {name!r}: expected a letter or underscore first, then letters, "
            f"digits and underscores, at most {MAX_NAME_LENGTH} characters"
        )
    return name


@dataclass(frozen=True)
class Field:
    """One field of a schema. ``max_length`` is in UTF-8 bytes (of an element if the field is an ARRAY),
    ``dim`` in vector elements, ``max_capacity`` in array elements. ``analyzer_params`` is a JSON text.
    ``members``: the fields of the structs in an ARRAY whose ``element_type`` is STRUCT. ``within``: the array
    whose structs have the member, of a field that ``lists_of`` makes, whose values are lists of vectors, or
    ``scalars_within``.
    ``is_function_output``: a function of the schema fills the field; the schema itself sets it.
    """

    name: str
    dtype: DataType
    is_primary: bool = False
    auto_id: bool = False
    is_partition_key: bool = False
    nullable: bool = False
    default: Any = NO_DEFAULT
    max_length: int | None = None
    dim: int | None = None
    element_type: DataType | None = None
    max_capacity: int | None = None
    members: tuple[Field, ...] = ()
    within: str | None = None
    enable_analyzer: bool = False
    enable_match: bool = False
    analyzer_params: str | None = None
    is_function_output: bool = False
    description: str = ""
    field_id: int = 0

    def __post_init__(self) -> None:
        if self.within is None:  # else the parts of the name were checked
            check_name("field", self.name)
        if self.dtype not in STORED_TYPES:
            stored = ", ".join(sorted(dtype.name for dtype in STORED_TYPES))
            raise DataTypeNotSupportException(
                message=f"field '{self.name}': data type {self.dtype.name} is not supported by this version of "
                f"milvus-store, which supports {stored}"
            )
        if DataType.VARCHAR in (self.dtype, self.element_type):
            self._check_range("max_length", self.max_length, 1, MAX_VARCHAR_LENGTH)
        if self.dtype is DataType.ARRAY:
            self._check_array()
        if self.dtype is DataType.TEXT:
            self._refuse(max_length=self.max_length is not None)
        self._check_text_options()
        if self.dtype.is_vector:
            self._check_dim()
            self._refuse(default_value=self.has_default)
        if self.dtype in (DataType.JSON, DataType.ARRAY, DataType.TEXT):
            self._refuse(default_value=self.has_default)
        if self.is_primary:
            if self.dtype not in (DataType.INT64, DataType.VARCHAR):
                raise PrimaryKeyException(
                    message=f"primary key '{self.name}' must be INT64 or VARCHAR, got {self.dtype.name}"
                )
            self._refuse(nullable=self.nullable, default_value=self.has_default)
        elif self.auto_id:
            raise SchemaNotReadyException(
                message=f"field '{self.name}': auto_id belongs to the primary key only"
            )
        if self.is_partition_key:
            if self.dtype not in (DataType.INT64, DataType.VARCHAR):
                raise SchemaNotReadyException(
                    message=f"partition key '{self.name}' must be INT64 or VARCHAR, got {self.dtype.name}"
                )
            self._refuse(nullable=self.nullable, is_primary=self.is_primary)

    @property
    def has_default(self) -> bool:
        return self.default is not NO_DEFAULT

    @property
    def may_be_missing(self) -> bool:
        return self.nullable or self.has_default or self.auto_id

    @lazy
    def vector_family(self) -> VectorFamily:
        """The family of a vector field."""
        if self.within is not None:
            is_binary = self.dtype is DataType.BINARY_VECTOR
            return VectorFamily.BINARY_LIST if is_binary else VectorFamily.LIST
        return VectorFamily.TEXT if self.is_full_text else FAMILY_OF_TYPE[self.dtype]

    @property
    def is_full_text(self) -> bool:
        """Whether a function fills the field with the terms of texts."""
        return self.is_function_output and self.dtype is DataType.SPARSE_FLOAT_VECTOR

    @property
    def vector_dim(self) -> int:
        """The dimension of a vector field that is not sparse."""
        assert self.dim is not None, f"{self.name} has no dimension"
        return self.dim

    @lazy
    def member(self) -> Field:
        """The member of structs whose vectors make the lists of this field."""
        assert self.within is not None, f"{self.name} has no lists"
        return replace(
            self, name=self.name[len(self.within) + 1 : -1], within=None, nullable=False, max_capacity=None
        )

    @lazy
    def element(self) -> Field:
        """An element of an ARRAY field, as a field of the same name."""
        assert self.element_type is not None, f"{self.name} is not an array field"
        return Field(self.name, self.element_type, max_length=self.max_length)

    def describe(self) -> str:
        """The type as errors name it: ``VARCHAR(max_length=64)``, ``FLOAT_VECTOR(dim=8)``, ``ARRAY<INT64>``."""
        if self.dtype is DataType.ARRAY:
            return f"ARRAY<{self.describe_element()}>"
        if self.dtype is DataType.VARCHAR:
            return f"VARCHAR(max_length={self.max_length})"
        name = self.dtype.name if self.dim is None else f"{self.dtype.name}(dim={self.dim})"
        return name if self.within is None or self.dim is None else f"list of {name}"

    def describe_element(self) -> str:
        """The type of an element as errors name it: ``INT64``, ``STRUCT``, empty if there is none."""
        if self.element_type not in ELEMENT_TYPES:
            return "" if self.element_type is None else self.element_type.name
        return self.element.describe()

    def _check_dim(self) -> None:
        if self.dtype is DataType.SPARSE_FLOAT_VECTOR:
            self._refuse(dim=self.dim is not None)
            return
        is_binary = self.dtype is DataType.BINARY_VECTOR
        self._check_range("dim", self.dim, MIN_DIM, MAX_BINARY_DIM if is_binary else MAX_DIM)
        if is_binary and self.vector_dim % 8:
            raise SchemaNotReadyException(
                message=f"field '{self.name}' ({self.describe()}): dim must be a multiple of 8"
            )

    def _check_text_options(self) -> None:
        if not self.dtype.is_text:
            self._refuse(
                enable_analyzer=self.enable_analyzer,
                enable_match=self.enable_match,
                analyzer_params=self.analyzer_params is not None,
            )
        if self.enable_match and not self.enable_analyzer:
            raise SchemaNotReadyException(
                message=f"field '{self.name}' ({self.describe()}): enable_match needs enable_analyzer=True"
            )

    def _check_array(self) -> None:
        if self.element_type is DataType.STRUCT:
            check_members(self.name, self.members)
            self._check_range("max_capacity", self.max_capacity, 1, MAX_CAPACITY)
            return
        if self.element_type not in ELEMENT_TYPES:
            possible = ", ".join(sorted(dtype.name for dtype in ELEMENT_TYPES))
            given = None if self.element_type is None else self.element_type.name
            raise SchemaNotReadyException(
                message=f"field '{self.name}' (ARRAY): element_type must be one of {possible}, got {given}"
            )
        self._check_range("max_capacity", self.max_capacity, 1, MAX_CAPACITY)

    def _check_range(self, parameter: str, value: object, low: int, high: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SchemaNotReadyException(
                message=f"field '{self.name}' ({self.dtype.name}): {parameter} must be an int between {low} "
                f"and {high}, got {value!r}"
            )

    def _refuse(self, **present: bool) -> None:
        for parameter, is_present in present.items():
            if is_present:
                raise SchemaNotReadyException(
                    message=f"field '{self.name}' ({self.describe()}): {parameter} is not allowed for this field"
                )


def check_members(name: str, members: tuple[Field, ...]) -> None:
    """Raise SchemaNotReadyException if the structs of the array field ``name`` cannot have ``members``."""
    if not members:
        raise SchemaNotReadyException(
            message=f"field '{name}' (ARRAY<STRUCT>): expected a struct_schema with at least one field"
        )
    names = [member.name for member in members]
    if len(set(names)) < len(names):
        raise SchemaNotReadyException(
            message=f"field '{name}' (ARRAY<STRUCT>): members share a name: {names}"
        )
    for member in members:
        where = f"field '{name}' (ARRAY<STRUCT>), member '{member.name}' ({member.describe()})"
        if member.dtype not in MEMBER_TYPES:
            possible = ", ".join(sorted(dtype.name for dtype in MEMBER_TYPES))
            raise SchemaNotReadyException(message=f"{where}: expected one of {possible}")
        if member != Field(
            member.name,
            member.dtype,
            max_length=member.max_length,
            dim=member.dim,
            description=member.description,
        ):
            raise SchemaNotReadyException(
                message=f"{where}: a member has a type, a max_length or dim and a description only; the array "
                "as a whole may be nullable"
            )


def lists_of(array: Field) -> tuple[Field, ...]:
    """The vector members of the structs in ``array``, each as a field ``structs[member]`` of lists of vectors."""
    return tuple(
        replace(
            member,
            name=f"{array.name}[{member.name}]",
            within=array.name,
            nullable=array.nullable,
            max_capacity=array.max_capacity,
            field_id=array.field_id << _MEMBER_BITS | number,
        )
        for number, member in enumerate(array.members, 1)
        if member.dtype.is_vector
    )


def scalars_within(array: Field) -> tuple[Field, ...]:
    """The scalar members of the structs in ``array``, each as a field ``structs[member]`` that an index is on."""
    return tuple(
        replace(member, name=f"{array.name}[{member.name}]", within=array.name)
        for member in array.members
        if not member.dtype.is_vector
    )


_FIELD_DEFAULTS = {field.name: field.default for field in fields(Field)}


def field_to_dict(field: Field) -> dict[str, Any]:
    """``field`` as the catalog stores it; attributes at their default are left out."""
    stored = {key: value for key, value in asdict(field).items() if value is not _FIELD_DEFAULTS[key]}
    stored.pop("default", None)
    stored.pop("is_function_output", None)
    stored.pop("members", None)
    if field.members:
        stored["members"] = [field_to_dict(member) for member in field.members]
    if field.has_default:
        stored["default"] = field.default
    if field.element_type is not None:
        stored["element_type"] = field.element_type.name
    return {**stored, "dtype": field.dtype.name}


def field_from_dict(stored: dict[str, Any]) -> Field:
    """The field that the catalog stores so."""
    types: dict[str, Any] = {key: DataType[stored[key]] for key in ("dtype", "element_type") if key in stored}
    members = tuple(map(field_from_dict, stored.get("members", ())))
    return Field(**{**stored, **types, "members": members})
