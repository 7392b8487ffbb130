"""From the rows a user gives to the values SQLite stores, checked against the schema on the way.

Works column by column: the common case (every value has the field's own Python type) is decided by a few
calls per column, and only a column that fails it is walked through to name the row at fault.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NoReturn, cast

import numpy as np
import numpy.typing as npt

from ..data_types import INTEGER_RANGES, DataType
from ..errors import DataNotMatchException, ParamError, SchemaNotReadyException
from ..schema import DYNAMIC_FIELD, Field, Schema

FloatMatrix = npt.NDArray[np.float32]
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Batch:
    """Checked rows, column by column, ready for the file.

    ``pks`` is None when the engine is to number the rows. ``scalars`` holds a list of stored values per
    scalar field but the primary key; ``vectors`` a (n, dim) float32 matrix per vector field; ``dynamic`` a
    list of JSON texts, or None without a dynamic field.
    """

    count: int
    pks: list[Any] | None
    scalars: dict[str, list[Any]]
    vectors: dict[str, FloatMatrix]
    dynamic: list[str] | None

    def keep(self, places: Sequence[int]) -> Batch:
        """The batch of the rows at ``places``, in that order."""

        def pick(values: list[Any]) -> list[Any]:
            return [values[place] for place in places]

        return Batch(
            count=len(places),
            pks=None if self.pks is None else pick(self.pks),
            scalars={name: pick(values) for name, values in self.scalars.items()},
            vectors={name: matrix[places] for name, matrix in self.vectors.items()},
            dynamic=None if self.dynamic is None else pick(self.dynamic),
        )


def encode_rows(schema: Schema, rows: Sequence[Mapping[str, Any]], *, pk_given: bool) -> Batch:
    """Check ``rows`` against ``schema`` and turn them into a batch.

    Args:
        rows: dictionaries from field name to value; with a dynamic field, other keys are kept as JSON.
        pk_given: whether rows must carry the primary key; False for inserts with ``auto_id``.

    Raises:
        DataNotMatchException: names the row, the field, what was expected and what was given.
    """
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataNotMatchException(
                message=f"row {place}: expected a dict of field values, got {type(row).__name__}: {row!r:.80}"
            )
    primary = schema.primary
    if not pk_given:
        _refuse_given_pk(primary, rows)
    dynamic = _encode_dynamic(schema, rows)
    return Batch(
        count=len(rows),
        pks=encode_pks(primary, _column(primary, rows)) if pk_given else None,
        scalars={one.name: _encode_scalar(one, _column(one, rows)) for one in schema.scalars[1:]},
        vectors={one.name: encode_vectors(one, _column(one, rows)) for one in schema.vectors},
        dynamic=dynamic,
    )


def encode_pks(primary: Field, values: Sequence[Any]) -> list[Any]:
    """Primary key values as stored; raises DataNotMatchException for one of the wrong type."""
    return _encode_scalar(primary, list(values))


def check_defaults(schema: Schema) -> None:
    """Raise SchemaNotReadyException for a default value that its own field would not take."""
    for one in schema.fields:
        if one.has_default:
            try:
                _encode_scalar(one, [one.default])
            except DataNotMatchException as error:
                raise SchemaNotReadyException(
                    message=error.message.replace("row 0", "default_value", 1)
                ) from None


def decode_scalar(one: Field) -> Callable[[Any], Any] | None:
    """What turns a stored value of the field into the one a user sees; None when it is the same."""
    if one.dtype is DataType.BOOL:
        return lambda stored: None if stored is None else bool(stored)
    if one.dtype is DataType.JSON:
        return lambda stored: None if stored is None else json.loads(stored)
    return None


def encode_queries(one: Field, queries: Sequence[Any]) -> FloatMatrix:
    """Query vectors for field ``one`` as a (q, dim) float32 matrix; raises ParamError naming the query."""
    try:
        return encode_vectors(one, queries)
    except DataNotMatchException as error:
        raise ParamError(message=error.message.replace("row ", "query vector ", 1)) from None


def _fail(one: Field, place: int, value: object, expected: str) -> NoReturn:
    shown = repr(value)
    if len(shown) > 80:
        shown = shown[:77] + "…"
    raise DataNotMatchException(
        message=f"row {place}: field '{one.name}' ({one.describe()}): expected {expected}, "
        f"got {type(value).__name__}: {shown}"
    )


def _column(one: Field, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    try:
        return list(map(itemgetter(one.name), rows))
    except KeyError:
        values = [row.get(one.name, _MISSING) for row in rows]
    if not one.may_be_missing:
        place = values.index(_MISSING)
        raise DataNotMatchException(
            message=f"row {place}: field '{one.name}' ({one.describe()}) is missing: expected a value, since "
            f"the field is neither nullable nor has a default; given were {sorted(map(str, rows[place]))}"
        )
    return [None if value is _MISSING else value for value in values]


def _refuse_given_pk(primary: Field, rows: Sequence[Mapping[str, Any]]) -> None:
    for place, row in enumerate(rows):
        if primary.name in row:
            raise DataNotMatchException(
                message=f"row {place}: field '{primary.name}' is numbered by auto_id: expected no value, "
                f"got {row[primary.name]!r}"
            )


# Scalars ----------------------------------------------------------------------------------------------


def _encode_scalar(one: Field, values: list[Any]) -> list[Any]:
    """Stored values of one scalar field, None where the value is null."""
    if type(None) not in set(map(type, values)):
        return _ENCODERS[one.dtype](one, values)
    if one.has_default and one.default is not None:
        return _ENCODERS[one.dtype](one, [one.default if value is None else value for value in values])
    if not one.nullable:
        _fail(one, values.index(None), None, "a value, since the field is not nullable")
    present = [place for place, value in enumerate(values) if value is not None]
    stored: list[Any] = [None] * len(values)
    try:
        encoded = _ENCODERS[one.dtype](one, [values[place] for place in present])
    except DataNotMatchException:
        # Encode once more one by one, so that the message counts rows as the user does.
        for place in present:
            _encode_at(one, place, values[place])
        raise
    for place, value in zip(present, encoded, strict=True):
        stored[place] = value
    return stored


def _encode_at(one: Field, place: int, value: Any) -> None:
    try:
        _ENCODERS[one.dtype](one, [value])
    except DataNotMatchException as error:
        raise DataNotMatchException(message=error.message.replace("row 0:", f"row {place}:", 1)) from None


def _encode_integers(one: Field, values: list[Any]) -> list[int]:
    low, high = INTEGER_RANGES[one.dtype]
    if set(map(type, values)) - {int}:
        for place, value in enumerate(values):
            if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
                _fail(one, place, value, "an integer")
        values = list(map(int, values))
    if values and not (low <= min(values) and max(values) <= high):
        place = next(place for place, value in enumerate(values) if not low <= value <= high)
        _fail(one, place, values[place], f"an integer between {low} and {high}")
    return values


def _encode_bools(one: Field, values: list[Any]) -> list[bool]:
    if set(map(type, values)) - {bool}:
        for place, value in enumerate(values):
            if not isinstance(value, (bool, np.bool_)):
                _fail(one, place, value, "a bool")
        values = list(map(bool, values))
    return values


def _encode_floats(one: Field, values: list[Any]) -> list[float]:
    if set(map(type, values)) - {float, int}:
        for place, value in enumerate(values):
            if isinstance(value, (bool, np.bool_)) or not isinstance(
                value, (int, float, np.integer, np.floating)
            ):
                _fail(one, place, value, "a number")
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:
        numbers = np.array([_to_float(value) for value in values], dtype=np.float64)
    if one.dtype is DataType.FLOAT:
        # The stored double is the float32 that Milvus would keep, so that both compare alike.
        with np.errstate(over="ignore"):
            numbers = numbers.astype(np.float32).astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.all():
        place = int(np.argmin(finite))
        _fail(one, place, values[place], f"a finite number in the range of {one.dtype.name}")
    return cast("list[float]", numbers.tolist())


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _encode_strings(one: Field, values: list[Any]) -> list[str]:
    assert one.max_length is not None
    try:
        lengths = list(map(len, map(str.encode, values)))
    except (TypeError, UnicodeEncodeError):
        for place, value in enumerate(values):
            if not isinstance(value, str):
                _fail(one, place, value, "a str")
            _check_unicode(one, place, value)
        raise
    if lengths and max(lengths) > one.max_length:
        place = next(place for place, length in enumerate(lengths) if length > one.max_length)
        raise DataNotMatchException(
            message=f"row {place}: field '{one.name}' ({one.describe()}): expected at most {one.max_length} "
            f"bytes of UTF-8, got {lengths[place]}: {values[place][:40]!r}…"
        )
    return values


def _check_unicode(one: Field, place: int, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        _fail(one, place, value, "text that can be written as UTF-8 (no lone surrogates)")


def _encode_json_values(one: Field, values: list[Any]) -> list[str]:
    return [_to_json(one, place, value) for place, value in enumerate(values)]


_ENCODERS: dict[DataType, Callable[[Field, list[Any]], list[Any]]] = {
    **dict.fromkeys(INTEGER_RANGES, _encode_integers),
    DataType.BOOL: _encode_bools,
    DataType.FLOAT: _encode_floats,
    DataType.DOUBLE: _encode_floats,
    DataType.VARCHAR: _encode_strings,
    DataType.JSON: _encode_json_values,
}


# JSON -------------------------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """What ``json`` cannot write by itself but users put into metadata: numpy's scalars and arrays."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


_dump = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode


def _to_json(one: Field, place: int, value: Any) -> str:
    try:
        if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
            raise TypeError("a key is not a str")
        text = _dump(value)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        _fail(one, place, value, f"a value that JSON can hold ({error})")
    return text


def _encode_dynamic(schema: Schema, rows: Sequence[Mapping[str, Any]]) -> list[str] | None:
    known = frozenset(schema.by_name)
    if all(map(known.issuperset, rows)):
        return ["{}"] * len(rows) if schema.enable_dynamic_field else None
    if not schema.enable_dynamic_field:
        for place, row in enumerate(rows):
            unknown = [key for key in row if key not in known]
            if unknown:
                raise DataNotMatchException(
                    message=f"row {place}: unknown field {unknown[0]!r}: the collection has no dynamic field, "
                    f"expected {', '.join(schema.by_name)}"
                )
    stand_in = Field(name="dynamic_field", dtype=DataType.JSON)
    texts = []
    for place, row in enumerate(rows):
        extra = {key: value for key, value in row.items() if key not in known}
        if DYNAMIC_FIELD in extra:
            raise DataNotMatchException(
                message=f"row {place}: {DYNAMIC_FIELD!r} is the name of the dynamic field itself: "
                f"give its keys beside the other fields"
            )
        texts.append(_to_json(stand_in, place, extra))
    return texts


# Vectors ----------------------------------------------------------------------------------------------


def encode_vectors(one: Field, values: Sequence[Any]) -> FloatMatrix:
    """Vectors of a FLOAT_VECTOR field as a (n, dim) float32 matrix.

    Takes lists or tuples of numbers and numpy arrays of any real type.

    Raises:
        DataNotMatchException: a vector of another dimension, not of numbers, or with NaN or infinity.
    """
    dim = one.vector_dim
    try:
        matrix = _pack_lists(values, dim) if _all_lists(values) else _stack_arrays(values, dim)
    except (ValueError, TypeError, struct.error, OverflowError):
        matrix = None
    if matrix is None:
        matrix = np.empty((len(values), dim), dtype=np.float32)
        for place, value in enumerate(values):
            matrix[place] = _one_vector(one, place, value)
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        place = int(np.argmin(finite))
        _fail(one, place, values[place], "finite numbers in the range of float32 (no NaN, no infinity)")
    return matrix


def _all_lists(values: Sequence[Any]) -> bool:
    return not set(map(type, values)) - {list, tuple}


def _pack_lists(values: Sequence[Sequence[float]], dim: int) -> FloatMatrix:
    """Lists of Python numbers: ``struct`` converts them three times faster than numpy does."""
    pack = struct.Struct(f"={dim}f").pack
    packed = b"".join([pack(*value) for value in values])
    return np.frombuffer(packed, dtype=np.float32).reshape(len(values), dim)


def _stack_arrays(values: Sequence[Any], dim: int) -> FloatMatrix | None:
    if set(map(type, values)) != {np.ndarray}:
        return None
    stacked = np.stack(cast("Sequence[npt.NDArray[Any]]", values))
    if stacked.shape != (len(values), dim) or stacked.dtype.kind not in "fiu":
        return None
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(stacked, dtype=np.float32)


def _one_vector(one: Field, place: int, value: Any) -> npt.NDArray[np.float32]:
    if value is None or isinstance(value, (str, bytes, dict, int, float)):
        _fail(one, place, value, f"a vector of {one.dim} numbers")
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "fiu" or array.ndim != 1:
        _fail(one, place, value, f"a vector of {one.dim} numbers")
    if array.shape[0] != one.dim:
        raise DataNotMatchException(
            message=f"row {place}: field '{one.name}' ({one.describe()}): expected a vector of dimension "
            f"{one.dim}, got dimension {array.shape[0]}"
        )
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
