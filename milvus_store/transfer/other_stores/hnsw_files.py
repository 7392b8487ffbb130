"""The vectors in an HNSW index of Chroma, in the files of its version of hnswlib: a header, and for each element
its links, its vector of float32 numbers and its label. A pickle beside has the label of each id.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...errors import DataNotMatchException
from .pickles import unpickled

_HEADER: Final = np.dtype(
    [
        ("version", "<i4"),
        *((name, "<u8") for name in ("level", "capacity", "elements", "size", "label_at", "vector_at")),
    ]
)
_VERSION: Final = 1
_FLOAT_BYTES: Final = 4
_LABEL_BYTES: Final = 8


class HnswFiles:
    """``folder``: that of the index, which holds nothing before Chroma has written the pickle. ``latest``: the
    number of the last change that it has, None where it does not say."""

    def __init__(self, folder: Path) -> None:
        self._labels_of: dict[str, int] = {}
        self._labels = np.empty(0, np.uint64)
        self.latest: int | None = None
        names = folder / "index_metadata.pickle"
        if not names.is_file():
            return
        self._read_names(names)
        elements = _elements(folder)
        self._vectors = elements["vector"]
        labels = np.array(elements["label"])
        self._order = np.argsort(labels, kind="stable")
        self._labels = labels[self._order]

    def __contains__(self, one: object) -> bool:
        return one in self._labels_of

    def vectors(self, ids: Sequence[str]) -> list[np.ndarray[Any, Any] | None]:
        """A (dim,) float32 vector for each id, None for one that is not there."""
        known = [(row, self._labels_of[one]) for row, one in enumerate(ids) if one in self._labels_of]
        found: list[np.ndarray[Any, Any] | None] = [None] * len(ids)
        if not known or not len(self._labels):
            return found
        wanted = np.array([label for _, label in known], np.uint64)
        places = np.minimum(np.searchsorted(self._labels, wanted), len(self._labels) - 1)
        is_there = self._labels[places] == wanted
        matrix = np.array(self._vectors[self._order[places]])
        for (row, _), vector, there in zip(known, matrix, is_there, strict=True):
            found[row] = vector if there else None
        return found

    def _read_names(self, path: Path) -> None:
        try:
            told = unpickled(path, str(path), ("chromadb",), ("PersistentData",))
        except OSError as error:
            raise DataNotMatchException(message=f"{path} cannot be read: {error}") from None
        names = told if isinstance(told, dict) else getattr(told, "attributes", {})
        labels = names.get("id_to_label")
        if not isinstance(labels, dict) or not all(
            isinstance(one, str) and type(label) is int and label >= 0 for one, label in labels.items()
        ):
            raise DataNotMatchException(message=f"{path} has no label for each id")
        latest = names.get("max_seq_id")
        self._labels_of, self.latest = labels, latest if isinstance(latest, int) else None


def _elements(folder: Path) -> np.ndarray[Any, Any]:
    """The elements with their ``vector`` and ``label``, mapped from the file."""
    path = folder / "data_level0.bin"
    try:
        with (folder / "header.bin").open("rb") as file:
            header = np.frombuffer(file.read(_HEADER.itemsize), _HEADER)[0]
        if header["version"] != _VERSION:
            raise ValueError(f"its header has version {header['version']}, where {_VERSION} is known")
        count, size = int(header["elements"]), int(header["size"])
        label_at, vector_at = int(header["label_at"]), int(header["vector_at"])
        dim, remainder = divmod(label_at - vector_at, _FLOAT_BYTES)
        if remainder or dim <= 0 or label_at + _LABEL_BYTES > size or count * size > path.stat().st_size:
            raise ValueError(f"{count} elements of {size} bytes with {dim} numbers do not fit the file")
        element = np.dtype(
            {
                "names": ["vector", "label"],
                "formats": [("<f4", (dim,)), "<u8"],
                "offsets": [vector_at, label_at],
                "itemsize": size,
            }
        )
        if count == 0:
            return np.empty(0, element)
        return np.memmap(path, element, mode="r", shape=(count,))
    except (OSError, ValueError, IndexError, OverflowError) as error:
        raise DataNotMatchException(message=f"{path} cannot be read as an index of Chroma: {error}") from None
