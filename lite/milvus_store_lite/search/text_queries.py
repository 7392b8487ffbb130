"""Query texts to the terms that full text search ranks by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..codec.sparse_rows import SparseRows
from ..errors import ParamError
from ..schema.fields import Field
from ..storage.store import CollectionReader
from ..text.documents import count_terms
from ..text.fields import query_analyzer


def text_queries(
    reader: CollectionReader,
    field: Field,
    texts: Sequence[Any],
    analyzer_name: str | None = None,
) -> SparseRows:
    """The terms of ``texts`` by their numbers in the vocabulary of ``field``, and how often each occurs.

    Args:
        analyzer_name: which of the field's analyzers splits the texts, if it has several.

    Raises:
        ParamError: a query is not a text.
    """
    function = reader.schema.full_text[field.name]
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ParamError(
                message=f"query {number}: field '{field.name}' is filled by function '{function.name}' (BM25) "
                f"from '{function.input}': expected a text to search for, got {type(text).__name__}: {text!r:.80}"
            )
    analyzer = query_analyzer(reader.schema.by_name[function.input], analyzer_name)
    try:
        documents = count_terms(analyzer.tokens(texts))
    except UnicodeEncodeError as error:
        raise ParamError(message=f"a query text cannot be written as UTF-8: {error}") from None
    return reader.numbered_terms(field.name, documents)
