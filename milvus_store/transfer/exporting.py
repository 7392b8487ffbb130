"""``export_rows``: the rows of a collection into a file of another format."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from milvus_store_lite import OnProgress, Progress, about_rows

from ..errors import CollectionNotExistException, ParamError
from ..extras import import_extra
from ..filters import Expression, filled, parse
from .addresses import open_source
from .batches import batch_rows
from .definitions import CollectionDefinition
from .inferring import DYNAMIC_COLUMN
from .numpy_writer import NumpyWriter
from .reading_ahead import read_ahead
from .stores import Source, Wanted

if TYPE_CHECKING:
    from .writers import Writer


_ENDINGS: Final = {
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".npy": "numpy",
    ".npz": "numpy",
}
FORMATS: Final = tuple(dict.fromkeys(_ENDINGS.values()))


def export_rows(
    source: str | Path,
    collection: str,
    target: str | Path,
    *,
    format: str | None = None,
    fields: Sequence[str] = (),
    filter: str | Expression = "",
    filter_params: Mapping[str, Any] | None = None,
    partitions: Sequence[str] = (),
    source_db: str = "",
    source_token: str = "",
    overwrite: bool = False,
    progress: OnProgress | None = None,
) -> int:
    """Write the rows of a collection to a file, which is there when it is complete.

    Parquet and Arrow files have the layout of Milvus's bulk import, and keep the schema: importing them makes the
    same collection.

    Args:
        source: the path of a file or the address of a server, or data of Milvus Lite.
        format: ``parquet``, ``arrow``, ``jsonl``, ``json``, ``csv``, ``tsv`` or ``numpy``; by default as
            ``target`` ends. numpy has vectors and numbers alone: one field in a ``.npy`` file, else several in
            an ``.npz`` file or a new folder.
        fields: names of fields, ``$meta`` for the dynamic keys; by default all.
        filter: which rows, a text or a tree; by default every one.
        filter_params: values of the filter's ``{name}`` templates.
        partitions: names of those whose rows are written, one after the other; by default all.
        overwrite: whether to replace a file.
        progress: is told how many rows are written. If it raises, that ends the export, and there is no new file.

    Returns:
        How many rows were written.

    Raises:
        ParamError: the format cannot be told, or the collection has no such field or partition.
        FilterError: the filter does not parse, or lacks a value.
        FileExistsError: ``target`` exists.
        MissingExtraError: pyarrow is not installed, which all formats but numpy's need.
    """
    path = Path(target)
    kind = format or _ENDINGS.get(path.suffix.lower())
    if kind not in FORMATS:
        raise ParamError(message=f"format must be one of {', '.join(FORMATS)}, got {format!r} for {path}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder that exists already: name another one")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already: name another file, or overwrite it")
    if kind != "numpy":
        import_extra("pyarrow", "exports")
    with closing(open_source(str(source), source_db, token=source_token)) as store:
        known = store.names()
        if collection not in known:
            raise CollectionNotExistException(
                message=f"{store.label} has no collection {collection!r}; it has: {', '.join(known) or 'none'}"
            )
        definition = store.definition(collection)
        store.require_readable(definition)
        names = _names(definition, fields)
        condition = _condition(filter, filter_params or {})
        columns = tuple(names) if fields else ()
        wanted = [Wanted(part, condition, columns) for part in _partitions(definition, partitions)]
        beside = path.with_name(path.name + ".part")
        try:
            writer = _writer(kind, beside, path.suffix.lower(), definition, names)
            count = _written(store, definition, wanted, writer, progress)
            os.replace(beside, path)
        finally:
            _remove(beside)
    return count


def _names(definition: CollectionDefinition, asked: Sequence[str]) -> list[str]:
    schema = definition.engine_schema
    known = [field.name for field in schema.fields if not field.is_function_output]
    known += [DYNAMIC_COLUMN] * schema.enable_dynamic_field
    for name in asked:
        if name not in known:
            raise ParamError(
                message=f"{name!r} is no field of {definition.name!r} to export; there are: {', '.join(known)}"
            )
    return [name for name in known if name in asked] if asked else known


def _writer(
    kind: str, path: Path, ending: str, definition: CollectionDefinition, names: Sequence[str]
) -> Writer:
    if kind == "numpy":
        return NumpyWriter(path, ending, definition, names)
    from .writers import ArrowWriter, CsvWriter, JsonWriter  # they need pyarrow

    if kind in ("parquet", "arrow"):
        return ArrowWriter(path, definition, names, is_parquet=kind == "parquet")
    if kind in ("csv", "tsv"):
        return CsvWriter(path, definition, names, "," if kind == "csv" else "\t")
    return JsonWriter(path, definition, names, is_lines=kind == "jsonl")


def _condition(filter: str | Expression, params: Mapping[str, Any]) -> Expression | None:
    """The filter with its values, about whole rows; None for every row."""
    if isinstance(filter, str):
        return about_rows(parse(filter, params)) if filter.strip() else None
    return about_rows(filled(filter, params))


def _partitions(definition: CollectionDefinition, asked: Sequence[str]) -> Sequence[str | None]:
    for name in asked:
        if name not in definition.partitions:
            raise ParamError(
                message=f"{name!r} is no partition of {definition.name!r} to export; there are: "
                f"{', '.join(definition.partitions) or 'none that have names'}"
            )
    return list(dict.fromkeys(asked)) or [None]


def _remove(path: Path) -> None:
    """Remove what a writer made, a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _written(
    store: Source,
    definition: CollectionDefinition,
    wanted: Sequence[Wanted],
    writer: Writer,
    progress: OnProgress | None,
) -> int:
    done, size = 0, batch_rows(definition.engine_schema)
    with closing(writer):
        total = sum(store.count_of(definition, part) for part in wanted)
        for part in wanted:
            for batch in read_ahead(store.batches(definition, part, None, size)):
                writer.write(batch.columns)
                done += len(batch.columns)
                if progress is not None:
                    progress(Progress(definition.name, done, total, "rows"))
    return done
