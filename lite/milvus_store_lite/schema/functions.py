"""Functions of a schema: fields that a collection fills from other fields.

A function that embeds says by what name, which ``embedding`` looks up in the process; here it is a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any, Final, Protocol

from ..errors import ParamError, SchemaNotReadyException
from .data_types import DataType
from .minhash import MinHash


class FunctionType(IntEnum):
    """Kinds of functions; values equal those of ``pymilvus.FunctionType``."""

    UNKNOWN = 0
    BM25 = 1
    TEXTEMBEDDING = 2
    RERANK = 3
    MINHASH = 4


@dataclass(frozen=True)
class Function:
    """One function. It reads a VARCHAR field and fills a vector field: a sparse one (BM25), a dense one
    (TEXTEMBEDDING) or a binary one (MINHASH)."""

    name: str
    kind: FunctionType
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    description: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in _SOURCES:
            kinds = ", ".join(kind.name for kind in _SOURCES)
            raise SchemaNotReadyException(
                message=f"function '{self.name}': a collection in a file has functions of type {kinds} only, got "
                f"{self.kind.name}: compute the field before you insert"
            )
        if len(self.inputs) != 1 or len(self.outputs) != 1:
            raise ParamError(
                message=f"function '{self.name}' ({self.kind.name}) reads one field and writes one, got "
                f"{list(self.inputs)} and {list(self.outputs)}"
            )
        if self.kind is FunctionType.TEXTEMBEDDING:
            self._check_provider()
        elif self.params and self.kind is FunctionType.BM25:
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

    @property
    def provider(self) -> str:
        """The name of what a TEXTEMBEDDING function embeds by."""
        name = self.params["provider"]
        assert isinstance(name, str), "checked when the function was made"
        return name

    def _check_provider(self) -> None:
        provider = self.params.get("provider")
        if not isinstance(provider, str) or not provider:
            raise ParamError(
                message=f"function '{self.name}' (TEXTEMBEDDING) needs a provider in its params, the name of "
                f"what it embeds by, as a str: got {provider!r:.80}"
            )
        if "dim" in self.params and not str(self.params["dim"]).isdigit():
            raise ParamError(
                message=f"function '{self.name}' (TEXTEMBEDDING): dim must be a positive int, got "
                f"{self.params['dim']!r:.80}"
            )

    def to_dict(self) -> dict[str, Any]:
        """The function as the catalog stores it."""
        return {**asdict(self), "kind": self.kind.name}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Function:
        names = {key: tuple(stored[key]) for key in ("inputs", "outputs")}
        return cls(**{**stored, **names, "kind": FunctionType[stored["kind"]]})


_TEXTS: Final = (DataType.VARCHAR, DataType.TEXT)
_SOURCES: Final = {
    FunctionType.BM25: _TEXTS,
    FunctionType.TEXTEMBEDDING: _TEXTS,
    FunctionType.MINHASH: _TEXTS,
}
"""The types that the input field of each kind of function may have."""
_TARGETS: Final = {
    FunctionType.BM25: (DataType.SPARSE_FLOAT_VECTOR,),
    FunctionType.TEXTEMBEDDING: (DataType.FLOAT_VECTOR, DataType.INT8_VECTOR),
    FunctionType.MINHASH: (DataType.BINARY_VECTOR,),
}
"""The types that the output field of each kind of function may have."""


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
    @property
    def has_default(self) -> bool: ...
    @property
    def dim(self) -> int | None: ...
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
        source = _field(function, by_name, function.input, _SOURCES[function.kind])
        target = _field(function, by_name, function.output, _TARGETS[function.kind])
        if function.kind is not FunctionType.BM25:
            _check_vectors(function, source, target)
            continue
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


def _check_vectors(function: Function, source: Described, target: Described) -> None:
    """Raise SchemaNotReadyException unless ``target`` can hold a vector for each text of ``source``."""
    where = f"function '{function.name}' ({function.kind.name})"
    if source.auto_id or source.has_default:
        what = "auto_id" if source.auto_id else "default_value"
        raise SchemaNotReadyException(
            message=f"{where}: its input field '{source.name}' ({source.describe()}) must have no {what}: rows "
            "bring the texts"
        )
    if source.nullable and not target.nullable:
        raise SchemaNotReadyException(
            message=f"{where}: its input field '{source.name}' is nullable, so its output field '{target.name}' "
            "must be nullable too: a null has no vector"
        )
    if function.kind is FunctionType.MINHASH:
        MinHash.of(function.name, function.params, target.dim)
    elif "dim" in function.params and int(function.params["dim"]) != target.dim:
        raise SchemaNotReadyException(
            message=f"{where}: its dim must be that of field '{target.name}' ({target.describe()}), got "
            f"{function.params['dim']!r}"
        )


def _field(
    function: Function, fields: Mapping[str, Described], name: str, dtypes: Sequence[DataType]
) -> Described:
    field = fields.get(name)
    if field is None or field.dtype not in dtypes:
        found = "does not exist" if field is None else f"is {field.describe()}"
        expected = " or ".join(dtype.name for dtype in dtypes)
        raise SchemaNotReadyException(
            message=f"function '{function.name}' ({function.kind.name}): field '{name}' must be {expected}, and "
            f"{found}"
        )
    return field
