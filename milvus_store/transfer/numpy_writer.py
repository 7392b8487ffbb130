"""numpy's files as an export writes them: dense and binary vectors, numbers and truth values, each field an array.

What numpy has no type for is refused before anything is written. A field streams into a file of its own, whose
header is written again at the end, with the number of rows: numpy leaves room for that.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt

from milvus_store_lite import Column, Columns, DataType, Field, Values, as_list, encode_vectors, of_rows

from ..errors import ParamError
from .definitions import CollectionDefinition

_TYPES: Final = {
    DataType.BOOL: "?",
    DataType.INT8: "i1",
    DataType.INT16: "<i2",
    DataType.INT32: "<i4",
    DataType.INT64: "<i8",
    DataType.FLOAT: "<f4",
    DataType.DOUBLE: "<f8",
    DataType.FLOAT_VECTOR: "<f4",
    DataType.FLOAT16_VECTOR: "<f2",
    DataType.INT8_VECTOR: "i1",
    DataType.BFLOAT16_VECTOR: "u1",
    DataType.BINARY_VECTOR: "u1",
}
"""Field → the type of its elements; u1 stands for bytes."""


class NumpyWriter:
    """A ``.npy`` file of one field, an ``.npz`` file, or a folder with a ``.npy`` file for each.

    Args:
        path: where to write; ``ending`` says which of them.

    Raises:
        ParamError: numpy has no type for a field, or one file is to hold several.
    """

    def __init__(
        self, path: Path, ending: str, definition: CollectionDefinition, names: Sequence[str]
    ) -> None:
        by_name = definition.engine_schema.by_name
        known = [name for name in names if name in by_name and by_name[name].dtype in _TYPES]
        if len(known) < len(names):
            others = ", ".join(repr(name) for name in names if name not in known)
            raise ParamError(
                message=f"numpy has no type for {others} of {definition.name!r}: choose among the fields "
                f"{', '.join(known) or 'of another format'}"
            )
        if ending == ".npy" and len(names) != 1:
            raise ParamError(
                message=f"a .npy file holds one field, got {', '.join(names)}: choose one, or write an .npz file"
            )
        self._path = path
        self._is_archive = ending == ".npz"
        self._fields = [by_name[name] for name in names]
        self._temporary = TemporaryDirectory(dir=path.parent, prefix=path.name) if self._is_archive else None
        if self._temporary is None and ending != ".npy":
            path.mkdir()
        folder = path if self._temporary is None else Path(self._temporary.name)
        self._files = [
            _ArrayFile(path if ending == ".npy" else folder / f"{field.name}.npy", field)
            for field in self._fields
        ]

    def write(self, columns: Columns) -> None:
        for field, file in zip(self._fields, self._files, strict=True):
            values = of_rows(columns.by_name.get(field.name, Column((), ())), columns.count)
            file.write(_array(field, values))

    def close(self) -> None:
        for file in self._files:
            file.close()
        if self._temporary is not None:
            with self._temporary as folder, zipfile.ZipFile(self._path, "w") as archive:
                for one in sorted(Path(folder).iterdir()):
                    archive.write(one, one.name)


class _ArrayFile:
    def __init__(self, path: Path, field: Field) -> None:
        self._file: BinaryIO = path.open("wb")
        self._type = np.dtype(_TYPES[field.dtype])
        self._width = (_width(field),) if field.dtype.is_vector else ()
        self._count = 0
        self._write_header()

    def write(self, values: npt.NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(values).data)
        self._count += len(values)

    def close(self) -> None:
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        shape = (self._count, *self._width)
        described = {"descr": self._type.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, described)


def _width(field: Field) -> int:
    """Elements of a vector."""
    dim = field.dim or 0
    if field.dtype is DataType.BINARY_VECTOR:
        return dim // 8
    return 2 * dim if field.dtype is DataType.BFLOAT16_VECTOR else dim


def _array(field: Field, values: Values) -> npt.NDArray[Any]:
    kind = np.dtype(_TYPES[field.dtype])
    if isinstance(values, np.ndarray):
        return values.astype(kind, copy=False)
    stored = encode_vectors(field, values) if field.dtype.is_vector else as_list(values)
    if field.nullable and any(value is None for value in stored):
        raise ParamError(
            message=f"field {field.name!r} has nulls, which numpy does not: leave the field out, or choose rows "
            f"by the filter '{field.name} is not null'"
        )
    if field.dtype.is_vector:
        return np.frombuffer(b"".join(blob for blob in stored if blob is not None), kind).reshape(
            len(stored), _width(field)
        )
    return np.array(stored, dtype=kind)
