"""``export_rows``: the rows of a collection into a file of another format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from milvus_store_lite import Columns

from ..errors import CollectionNotExistException, ParamError
from ..extras import import_extra
from .addresses import open_source
from .batches import batch_rows
from .definitions import CollectionDefinition
from .inferring import DYNAMIC_COLUMN
from .stores import Source

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
}
FORMATS: Final = tuple(dict.fromkeys(_ENDINGS.values()))


def export_rows(
    source: str | Path,
    collection: str,
    target: str | Path,
    *,
    format: str | None = None,
    fields: Sequence[str] = (),
    source_db: str = "",
    source_token: str = "",
    overwrite: bool = False,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write the rows of a collection to a file, which is there when it is complete.

    Parquet and Arrow files have the layout of Milvus's bulk import, and keep the schema: importing them makes the
    same collection.

    Args:
        source: the path of a file or the address of a server, or data of Milvus Lite.
        format: ``parquet``, ``arrow``, ``jsonl``, ``json``, ``csv`` or ``tsv``; by default as ``target`` ends.
        fields: names of fields, ``$meta`` for the dynamic keys; by default all.
        overwrite: whether to replace a file.

    Returns:
        How many rows were written.

    Raises:
        ParamError: the format cannot be told, or the collection has no such field.
        FileExistsError: ``target`` exists.
    """
    path = Path(target)
    kind = format or _ENDINGS.get(path.suffix.lower())
    if kind not in FORMATS:
        raise ParamError(message=f"format must be one of {', '.join(FORMATS)}, got {format!r} for {path}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already: name another file, or overwrite it")
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
        beside = path.with_name(path.name + ".part")
        try:
            count = _written(store, definition, _writer(kind, beside, definition, names), report)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
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


def _writer(kind: str, path: Path, definition: CollectionDefinition, names: Sequence[str]) -> Writer:
    from .writers import ArrowWriter, CsvWriter, JsonWriter  # they need pyarrow

    if kind in ("parquet", "arrow"):
        return ArrowWriter(path, definition, names, is_parquet=kind == "parquet")
    if kind in ("csv", "tsv"):
        return CsvWriter(path, definition, names, "," if kind == "csv" else "\t")
    return JsonWriter(path, definition, names, is_lines=kind == "jsonl")


def _written(
    store: Source, definition: CollectionDefinition, writer: Writer, report: Callable[[int, int], None]
) -> int:
    total, done = store.count(definition.name), 0
    with closing(writer):
        for columns in _batches(store, definition):
            writer.write(columns)
            done += len(columns)
            report(done, total)
    return done


def _batches(store: Source, definition: CollectionDefinition) -> Iterator[Columns]:
    for batch in store.batches(definition, None, None, batch_rows(definition.engine_schema)):
        yield batch.columns
