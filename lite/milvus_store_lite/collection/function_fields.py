"""Fields that functions fill, in a collection that has rows: they come and go with their function and index."""

from __future__ import annotations

from typing import Final

from ..codec import stored_text_vectors
from ..schema.fields import Field
from ..schema.functions import Function, FunctionType
from ..schema.model import Schema
from ..storage.catalog import IndexRecord
from ..storage.store import CollectionReader, CollectionStore
from ..text.documents import count_terms
from ..text.fields import check_analyzers, deciding_fields, tokens_of_rows
from .index_changes import add_indexes
from .schema_changes import with_function, without_function
from .session import Session

_ROWS_AT_ONCE: Final = 1_024
"""Rows whose texts and terms are in memory at once."""


def add_function_field(session: Session, field: Field, function: Function, index: IndexRecord) -> None:
    """Add ``field``, the ``function`` that fills it, also in the rows that are there, and its ``index``.

    Raises:
        SchemaNotReadyException: the function cannot fill this field from the fields there are.
        ParamError: the field cannot have this index.
    """
    record = session.record
    schema = with_function(record.schema, field, function)
    check_analyzers(schema)
    session.catalog.change_schema(record, schema)
    add_indexes(session.catalog, record.id, [index])
    _fill(session, schema, function)


def drop_function_field(session: Session, name: str) -> None:
    """Remove the function called ``name``, the field that it fills, and the index on this field.

    Raises:
        ParamError: there is no such function, or the collection needs the field.
    """
    record = session.record
    schema, field = without_function(record.schema, name)
    index = record.index_of(field)
    if index is not None:
        session.catalog.remove_index(record.id, index.name)
    session.catalog.change_schema(record, schema)


def _fill(session: Session, schema: Schema, function: Function) -> None:
    """Give the stored rows, some at a time, what ``function`` makes of them."""
    store = CollectionStore(session.record.id, schema)
    transaction = session.reader.transaction
    reader = CollectionReader(store, transaction, session.position)
    writer = store.writer(transaction.connection, session.position)
    source, seqs = schema.by_name[function.input], reader.seqs.live()
    names = sorted(deciding_fields(source))
    columns = [reader.rows.chunks(name, seqs, _ROWS_AT_ONCE) for name in names]
    start = 0
    try:
        for values in zip(*columns, strict=True):
            of_rows = dict(zip(names, values, strict=True))
            given = of_rows[source.name]
            some = seqs[start : start + len(given)].tolist()
            if function.kind is FunctionType.BM25:
                texts = ["" if text is None else text for text in given]
                writer.fill_text(function.output, some, count_terms(tokens_of_rows(source, texts, of_rows)))
            else:
                writer.fill(function.output, some, stored_text_vectors(schema, function, given))
            start += len(given)
    except ValueError as error:
        raise reader.layout.corrupt(f"field '{source.name}'", error) from error
