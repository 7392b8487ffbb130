"""A folder that LangChain's FAISS store saved as records: an index, and a pickle with the documents and the
document of each vector. The pickle is held in memory, the index is mapped where its type allows it.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from ...errors import DataNotMatchException
from .pickles import Inert, plain, unpickled
from .store_records import KEY, TEXT, VECTOR, Record, StoreRecords, Unreadable, beside, chosen

_PACKAGES: Final = ("langchain", "langchain_core", "langchain_community", "langchain_classic")
_CLASSES: Final = ("InMemoryDocstore", "Document")
_METRICS: Final = {faiss.METRIC_INNER_PRODUCT: "IP", faiss.METRIC_L2: "L2"}
_COLUMNS: Final = frozenset((KEY, VECTOR, TEXT))
_FLAT: Final = (b"IxF2", b"IxFI", b"IxFl")
_LISTS_ELSEWHERE: Final = b"ilod"
"""How faiss marks flat indexes and lists on disk (``faiss/impl/index_read.cpp``, ``OnDiskInvertedLists.cpp``)."""


def index_names(folder: Path) -> list[str]:
    """The names of the indexes in a folder that have documents."""
    return sorted(file.stem for file in folder.glob("*.faiss") if file.with_suffix(".pkl").is_file())


class FaissRecords(StoreRecords):
    """
    Args:
        wanted: the name of an index, which is that of its files; needed where there is more than one.
    """

    def __init__(self, path: str, wanted: str | None = None) -> None:
        super().__init__(path)
        name = chosen(path, index_names(Path(path)), wanted)
        pickled = Path(path) / f"{name}.pkl"
        self._documents, self._ids = _documents(
            unpickled(pickled, str(pickled), _PACKAGES, _CLASSES), pickled
        )
        self._path = Path(path) / f"{name}.faiss"
        self._index = _index(self._path)
        self.count = int(self._index.ntotal)
        metric = int(self._index.metric_type)
        self.metrics = {VECTOR: _METRICS.get(metric, f"number {metric} of faiss")}

    def close(self) -> None:
        self._index = None

    def _chunks(self, after: int, rows: int) -> Iterator[Sequence[Record]]:
        for start in range(after, self.count, rows):
            count = min(rows, self.count - start)
            try:
                vectors: np.ndarray[Any, Any] = self._index.reconstruct_n(start, count)
            except RuntimeError as error:
                kind = type(self._index).__name__
                raise DataNotMatchException(
                    message=f"{self._path}: no vectors can be read out of an index of type {kind}: {error}"
                ) from None
            yield [self._record(start + row, vector) for row, vector in enumerate(vectors)]

    def _record(self, position: int, vector: np.ndarray[Any, Any]) -> Record:
        key = self._ids.get(position)
        document = self._documents.get(key)
        told = document.attributes if isinstance(document, Inert) else {}
        text, metadata = told.get("page_content"), told.get("metadata") or {}
        if not isinstance(key, str) or not isinstance(text, str) or not isinstance(metadata, dict):
            return Unreadable(f"there is no document for vector {position}", {VECTOR: vector.tolist()})
        try:
            return beside({KEY: key, VECTOR: vector, TEXT: text}, plain(metadata), _COLUMNS)
        except ValueError as error:
            return Unreadable(f"metadata: {error}", {KEY: key, TEXT: text})


def _documents(told: Any, path: Path) -> tuple[Mapping[Any, Any], Mapping[int, Any]]:
    """Id → document, and position in the index → id."""
    docstore, ids = told if isinstance(told, tuple) and len(told) == 2 else (None, None)
    documents = docstore.attributes.get("_dict") if isinstance(docstore, Inert) else None
    if not isinstance(documents, dict) or not isinstance(ids, dict):
        raise DataNotMatchException(
            message=f"{path}: expected a docstore and the ids of its documents, as LangChain saves them"
        )
    return documents, ids


def _index(path: Path) -> Any:
    try:
        _refuse_lists_elsewhere(path)
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if hasattr(index, "make_direct_map"):
            index.make_direct_map()
    except (RuntimeError, OSError) as error:
        raise DataNotMatchException(message=f"{path} cannot be read as an index of faiss: {error}") from None
    return index


def _refuse_lists_elsewhere(path: Path) -> None:
    """Refuse an index whose lists are in another file: faiss would open whatever file it names, and resize it.

    The mark of such lists never stands in the floats of embeddings by chance, whose highest byte it lacks; in a
    gigabyte of codes it does once in four times, which is refused as well.
    """
    with path.open("rb") as file:
        is_flat = file.read(len(_FLAT[0])) in _FLAT  # it has no lists
        if is_flat or os.fstat(file.fileno()).st_size == 0:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(_LISTS_ELSEWHERE) >= 0:
                raise DataNotMatchException(
                    message=f"{path} may name another file that has its vectors, which is not opened: save the "
                    "vectors as a flat index"
                )
