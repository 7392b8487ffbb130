"""``import_rows``: records of a file or a table into a collection, which is made if there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from milvus_store_lite import DataType, OnProgress

from ..errors import ParamError
from ..index_params import IndexParams
from ..schema import CollectionSchema, to_engine
from .addresses import local_file, open_target
from .batches import batch_rows
from .definitions import CollectionDefinition
from .import_runs import Embedding, ImportRun
from .inferring import DYNAMIC_COLUMN, inferred_schema
from .journal import Entry, Journal, journal_path
from .record_files import open_records
from .records import Records
from .stores import Target

_SAMPLED: Final = 1_000
"""Records by which types are told."""

_USUAL_METRIC: Final = "COSINE"
_METRICS: Final = ("COSINE", "L2", "IP", "HAMMING", "JACCARD")


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """``is_new``: whether the collection is to be made. ``rows``: how many records there are, if that is known."""

    collection: str
    schema: CollectionSchema
    is_new: bool
    rows: int | None
    goes_on: bool


@dataclass(frozen=True, slots=True)
class ImportedRows:
    """``refused``: records that were not taken; they are in ``refused_file`` then."""

    rows: int
    refused: int
    refused_file: Path | None


def import_rows(
    source: str | Path,
    target: str | Path,
    collection: str,
    *,
    format: str | None = None,
    table: str | None = None,
    from_collection: str | None = None,
    schema: CollectionSchema | None = None,
    types: Mapping[str, str] | None = None,
    primary_key: str | None = None,
    metric_type: str | None = None,
    embedding: Embedding | None = None,
    target_db: str = "",
    target_token: str = "",
    refused_file: str | Path | None = None,
    journal: str | Path | None = None,
    dry_run: bool = False,
    progress: OnProgress | None = None,
    planned: Callable[[PlannedImport], None] = lambda plan: None,
) -> ImportedRows:
    """Import the records of ``source`` into a collection of a file or a server.

    An import that was broken off goes on where it was when it is called again with the same source and target.

    Args:
        source: a file of Parquet, Arrow (Feather), JSON lines, JSON, CSV, TSV or numpy, a folder of ``.npy``
            files, a database of SQLite or DuckDB, a folder of Chroma, LanceDB, Qdrant's local mode or LangChain's
            FAISS store, or a plain dump of PostgreSQL with vectors of pgvector.
        format: ``parquet``, ``arrow``, ``jsonl``, ``json``, ``csv``, ``tsv``, ``numpy``, ``sqlite``, ``duckdb``,
            ``chroma``, ``lancedb``, ``qdrant``, ``faiss`` or ``pgvector``; by default what the source looks like.
        table: of a database of SQLite or DuckDB: the name of a table, or a query.
        from_collection: of another vector store: the name of a collection, table or index; needed where it has
            several.
        schema: of a new collection; by default what the file says, or what its first records look like.
        types: of columns, where the records do not tell them rightly: ``{"vector": "FLOAT_VECTOR(384)"}``.
        primary_key: a column; by default one called ``id`` or the like, else keys are numbered.
        metric_type: of the dense vectors of a new collection; by default that of the source, else COSINE.
        embedding: makes vectors of texts.
        refused_file: where records that are not taken are written as JSON lines, with number and reason; by
            default beside the source.
        journal: where to note what is done; by default beside the target.
        dry_run: plan, and write nothing.
        planned: called with the plan before anything is written.
        progress: is told how many records are read. If it raises, that ends the import, which goes on when it is
            called again.

    Raises:
        ParamError: the schema cannot be told, or the target cannot hold it.
        MissingExtraError: what reads the format is not installed.
    """
    source, target = str(source), str(target)
    path = journal_path(source, target, beside=local_file(target)) if journal is None else Path(journal)
    refusals = Path(source.rstrip("/\\") + ".refused.jsonl") if refused_file is None else Path(refused_file)
    with (
        closing(open_records(source, format, table, from_collection)) as records,
        closing(open_target(target, target_db, token=target_token, dry_run=dry_run)) as store,
    ):
        book = Journal.open(path, source, f"{target} {target_db} {collection}")
        begun = book.collections.get(collection)
        is_new = not store.has(collection)
        if is_new:
            made = schema or _schema_of(records, types or {}, primary_key, embedding)
            indexes = _indexes(made, metric_type, records.metrics)
            definition = CollectionDefinition(collection, made, indexes)
            takes_pks = definition.auto_id and store.takes_pks()
        else:
            definition = store.definition(collection)
            takes_pks = definition.takes_pks
            if begun is not None and begun.is_new:
                indexes = _indexes(definition.schema, metric_type, records.metrics)
                definition = replace(definition, indexes=indexes, properties=(), is_loaded=True)
        keeps_pks = takes_pks and _has_pks(records, definition)
        planned(PlannedImport(collection, definition.schema, is_new, records.count, begun is not None))
        if dry_run:
            return ImportedRows(0, 0, None)
        if is_new:
            _create(store, definition.taking_pks() if keeps_pks else definition)
        entry = Entry(is_new=is_new) if is_new or begun is None else begun
        goes_on = entry is begun
        run = ImportRun(records, store, definition, keeps_pks, book, refusals, embedding, progress)
        run.carried_out(entry, batch_rows(definition.engine_schema), goes_on=goes_on)
        if entry.is_new:
            store.finish(definition)
            if keeps_pks:
                store.settle(definition)
        book.remove()
    return ImportedRows(entry.rows, entry.refused, refusals if entry.refused else None)


def _schema_of(
    records: Records, types: Mapping[str, str], primary_key: str | None, embedding: Embedding | None
) -> CollectionSchema:
    told = records.schema
    if told is not None and not types and primary_key is None and embedding is None:
        return told
    sample = [
        {name: value for name, value in record.items() if name != DYNAMIC_COLUMN}
        for record in records.sample(_SAMPLED)
    ]
    key = primary_key or records.primary_key
    schema = inferred_schema(sample, records.types(), types, key, are_texts=records.are_texts)
    names = {field.name for field in schema.fields}
    if embedding is not None and embedding.vector_field not in names:
        (vector,) = embedding.embed(["how long is a vector?"])
        schema.add_field(embedding.vector_field, DataType.FLOAT_VECTOR, dim=len(vector))
    if not any(field.dtype.is_vector for field in schema.fields):
        raise ParamError(
            message=f"no vectors can be told from the first records of {records.label}: give the types of their "
            "columns, or a function that embeds a text"
        )
    return schema


def _indexes(schema: CollectionSchema, metric: str | None, told: Mapping[str, str]) -> IndexParams:
    """An AUTOINDEX on each vector.

    Args:
        metric: of dense vectors, where the user says it. told: those that the source says, by field.
    """
    indexes = IndexParams()
    usual = {DataType.BINARY_VECTOR: "HAMMING", DataType.SPARSE_FLOAT_VECTOR: "IP"}
    engine_schema = to_engine(schema)
    for field in engine_schema.vectors:
        if field.is_function_output:
            chosen = "BM25"
        elif metric is not None and field.dtype not in usual:
            chosen = metric
        else:
            chosen = told.get(field.name, usual.get(field.dtype, _USUAL_METRIC))
            if chosen not in _METRICS:
                raise ParamError(
                    message=f"the source compares {field.name!r} by {chosen}, which there is not here: say "
                    "another metric (--metric, metric_type=)"
                )
        if field.name not in engine_schema.by_name:  # it is a member of a struct, as ``chunks[vector]``
            chosen = f"MAX_SIM_{chosen}"
        indexes.add_index(field.name, "AUTOINDEX", metric_type=chosen)
    return indexes


def _has_pks(records: Records, definition: CollectionDefinition) -> bool:
    """Whether rows that are numbered have keys, as the first record tells."""
    primary = definition.engine_schema.primary
    return primary.auto_id and any(primary.name in record for record in records.sample(1))


def _create(store: Target, definition: CollectionDefinition) -> None:
    refusals = store.fitted(definition).refusals
    if refusals:
        raise ParamError(message="the target cannot hold:\n  " + "\n  ".join(refusals))
    store.create(definition)
