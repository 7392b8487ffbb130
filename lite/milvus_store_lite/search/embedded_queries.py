"""Query texts of a field that a function fills with vectors, as the vectors that are searched for."""

from __future__ import annotations

from collections.abc import Callable

from ..codec import text_vectors
from ..errors import ParamError, shown
from ..storage.catalog import CollectionRecord
from .prepared import vector_field
from .request import Queries, SearchRequest, check_queries


def as_vectors(describe: Callable[[], CollectionRecord], request: SearchRequest, queries: Queries) -> Queries:
    """``queries``, with texts as vectors if a function makes those of the request's field. No transaction is open.

    Args:
        describe: gives the definition of the collection, where it is needed.

    Raises:
        ParamError: there are too many texts, or a query is none.
        EmbeddingError: the function failed.
    """
    if not isinstance(queries, (list, tuple)) or not queries or not isinstance(queries[0], str):
        return queries
    schema = describe().schema
    field = vector_field(schema, request.anns_field)
    function = schema.embedded.get(field.name)
    if function is None:
        return queries
    check_queries(queries)
    for number, text in enumerate(queries):
        if not isinstance(text, str):
            raise ParamError(
                message=f"query {number}: field '{field.name}' is filled by function '{function.name}': expected "
                f"a text, as the first query is one, got {shown(text)}"
            )
    return list(text_vectors(schema, function, queries, as_queries=True))
