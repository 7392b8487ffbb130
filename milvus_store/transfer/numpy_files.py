"""numpy's files as records: a folder with a ``.npy`` file for each field (as Milvus's bulk import has it), an
``.npz`` file, or one ``.npy`` file with vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from milvus_store_lite import Columns, DataNotMatchException, DataType

from .records import RecordBatch

_TYPES: Final = {
    "bool": DataType.BOOL,
    "int8": DataType.INT8,
    "int16": DataType.INT16,
    "int32": DataType.INT32,
    "float32": DataType.FLOAT,
}
_VECTORS: Final = {"float16": DataType.FLOAT16_VECTOR, "int8": DataType.INT8_VECTOR}


class NumpyRecords:
    schema: Final = None
    metrics: Final[Mapping[str, str]] = {}
    primary_key: Final = None
    are_texts: Final = False
    texts_are_json: Final = True

    def __init__(self, path: str) -> None:
        self.label = path
        self._arrays = _arrays(Path(path))
        lengths = {name: len(array) for name, array in self._arrays.items()}
        if len(set(lengths.values())) != 1:
            shown = ", ".join(f"{name!r} has {length:,}" for name, length in lengths.items()) or "none"
            raise DataNotMatchException(message=f"{path}: expected arrays that are equally long, got {shown}")
        (self.count,) = set(lengths.values())

    def types(self) -> Mapping[str, DataType]:
        found = {}
        for name, array in self._arrays.items():
            known = _VECTORS if array.ndim == 2 else _TYPES
            if array.dtype.name in known:
                found[name] = known[array.dtype.name]
        return found

    def sample(self, count: int) -> Sequence[Mapping[str, Any]]:
        columns = {name: array[:count].tolist() for name, array in self._arrays.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def batches(self, after: int, rows: int) -> Iterator[RecordBatch]:
        for start in range(after, self.count, rows):
            end = min(start + rows, self.count)
            values = {name: _column(array[start:end]) for name, array in self._arrays.items()}
            yield RecordBatch(Columns.of(values), range(start + 1, end + 1), end)

    def close(self) -> None:
        self._arrays = {}


def _arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        if path.is_dir():
            files = sorted(path.glob("*.npy"))
            return {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in files}
        loaded = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise DataNotMatchException(message=f"{path} cannot be read: {error}") from None
    return {"vector": loaded} if isinstance(loaded, np.ndarray) else dict(loaded)


def _column(array: np.ndarray[Any, Any]) -> Any:
    return np.asarray(array) if array.dtype.kind in "biuf" else array.tolist()
