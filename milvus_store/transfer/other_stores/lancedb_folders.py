"""A folder of LanceDB as records, by its package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from milvus_store_lite import MissingExtraError

from ...errors import DataNotMatchException
from ..arrow_files import ArrowRecords
from .store_records import chosen

_SUFFIX: Final = ".lance"
_METRICS: Final = {"l2": "L2", "cosine": "COSINE", "dot": "IP", "hamming": "HAMMING"}
_USUAL: Final = "L2"
"""By which LanceDB searches unless it is told otherwise."""


class LancedbRecords(ArrowRecords):
    """
    Args:
        path: a folder of tables, or of one table, whose name ends in ``.lance``.
        wanted: the name of a table; needed where there is more than one.
    """

    def __init__(self, path: str, wanted: str | None = None) -> None:
        folder = Path(path)
        if folder.suffix == _SUFFIX:
            folder, wanted = folder.parent, wanted or folder.stem
        names = sorted(one.stem for one in folder.glob(f"*{_SUFFIX}") if one.is_dir())
        name = chosen(path, names, wanted)
        try:
            self._table = _package().connect(folder).open_table(name)
            super().__init__(path, self._table.schema)
            self.metrics = self._told_metrics()
        except (RuntimeError, ValueError, OSError) as error:
            raise DataNotMatchException(message=f"{path} cannot be read by lancedb: {error}") from None

    @property
    def count(self) -> int:
        return int(self._table.count_rows())

    def close(self) -> None:
        """A table has nothing open between two reads."""

    def _told_metrics(self) -> Mapping[str, str]:
        metrics = {field.name: _USUAL for field in self._schema if pa.types.is_fixed_size_list(field.type)}
        for index in self._table.list_indices():
            statistics = self._table.index_stats(index.name)
            kind = None if statistics is None else statistics.distance_type
            metrics |= {column: _METRICS.get(kind, kind) for column in index.columns if kind is not None}
        return metrics

    def _tables(self, after: int, rows: int) -> Iterator[pa.RecordBatch]:
        left = self.count - after
        if left > 0:
            yield from self._table.search().offset(after).limit(left).to_batches(batch_size=rows)


def _package() -> Any:
    # No extra has it: it has 180 MB, and whoever has such a folder has the package.
    try:
        return import_module("lancedb")
    except ImportError as error:
        raise MissingExtraError(
            message=f"LanceDB folders need the package lancedb: pip install lancedb ({error})"
        ) from error
