"""Functions of a schema: fields that a collection fills from other fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from ..errors import ParamError, SchemaNotReadyException
from .data_types import DataType


class FunctionType(IntEnum):
    """Kinds of functions; values equal those of ``pymilvus.FunctionType``."""

    UNKNOWN = 0
    BM25 = 1
    TEXTEMBEDDING = 2
    RERANK = 3
    MINHASH = 4


@dataclass(frozen=True)
class Function:
    """One function. BM25 reads a VARCHAR field and writes a sparse one."""

    name: str
    kind: FunctionType
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    description: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind is not FunctionType.BM25:
            raise SchemaNotReadyException(
                message=f"function '{self.name}': a collection in a file has functions of type BM25 only, got "
                f"{self.kind.name}: compute the field before you insert"
            )
        if len(self.inputs) != 1 or len(self.outputs) != 1:
            raise ParamError(
                message=f"function '{self.name}' (BM25) reads one field and writes one, got "
                f"{list(self.inputs)} and {list(self.outputs)}"
            )
        if self.params:
            raise ParamError(
                message=f"function '{self.name}' (BM25) takes no params, got {dict(self.params)!r:.80}: "
                f"bm25_k1 and bm25_b are parameters of the index"
            )

    @property
    def input(self) -> str:
        return self.inputs[0]

    @property
    def output(self) -> str:
        return self.outputs[0]

    def to_dict(self) -> dict[str, Any]:
        """The function as the catalog stores it."""
        return {**asdict(self), "kind": self.kind.name}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Function:
        names = {key: tuple(stored[key]) for key in ("inputs", "outputs")}
        return cls(**{**stored, **names, "kind": FunctionType[stored["kind"]]})


class Described(Protocol):
    """A field, as far as a function needs it."""

    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> DataType: ...
    @property
    def auto_id(self) -> bool: ...
    @property
    def nullable(self) -> bool: ...
    @property
    def enable_analyzer(self) -> bool: ...
    def describe(self) -> str: ...


def check_functions(functions: Sequence[Function], fields: Sequence[Described]) -> None:
    """Raise SchemaNotReadyException unless the fields of each function exist and have the right types."""
    for what, names in (
        ("function name", [function.name for function in functions]),
        ("field that a function fills", [function.output for function in functions]),
    ):
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SchemaNotReadyException(message=f"duplicated {what}: {', '.join(repeated)}")
    by_name = {field.name: field for field in fields}
    for function in functions:
        source = _field(function, by_name, function.input, DataType.VARCHAR)
        target = _field(function, by_name, function.output, DataType.SPARSE_FLOAT_VECTOR)
        if not source.enable_analyzer or source.auto_id:
            expected = "no auto_id" if source.auto_id else "enable_analyzer=True"
            raise SchemaNotReadyException(
                message=f"function '{function.name}' (BM25): its input field '{source.name}' "
                f"({source.describe()}) must have {expected}"
            )
        if target.nullable:
            raise SchemaNotReadyException(
                message=f"function '{function.name}' (BM25): its output field '{target.name}' cannot be nullable"
            )


def _field(function: Function, fields: Mapping[str, Described], name: str, dtype: DataType) -> Described:
    field = fields.get(name)
    if field is None or field.dtype is not dtype:
        found = "does not exist" if field is None else f"is {field.describe()}"
        raise SchemaNotReadyException(
            message=f"function '{function.name}' (BM25): field '{name}' must be {dtype.name}, and {found}"
        )
    return field
