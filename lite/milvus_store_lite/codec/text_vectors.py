"""The vectors that functions of the schema make of texts: embeddings, and signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from ..embedding import vectors_of
from ..schema.functions import Function, FunctionType
from ..schema.minhash import MinHash
from ..schema.model import Schema
from .vectors import Blob, encode_vectors


def text_vectors(
    schema: Schema, function: Function, texts: Sequence[str], *, as_queries: bool = False
) -> npt.NDArray[Any]:
    """The vector that ``function`` makes of each text.

    Args:
        as_queries: whether they are the texts of a search.

    Raises:
        EmbeddingError: what embeds them failed.
    """
    field = schema.by_name[function.output]
    if function.kind is not FunctionType.MINHASH:
        return vectors_of(function, field, texts, as_queries=as_queries)
    from ..text.analyzer import analyzer  # both are imported late: few schemas need them
    from ..text.minhash import signatures

    how = MinHash.of(function.name, function.params, field.dim)
    params = schema.by_name[function.input].analyzer_params
    return signatures(texts, how, lambda some: analyzer(params).tokens(some))


def stored_text_vectors(schema: Schema, function: Function, texts: Sequence[str | None]) -> Sequence[Blob]:
    """The stored vectors of ``texts``; a null has none."""
    field = schema.by_name[function.output]
    present = [index for index, text in enumerate(texts) if text is not None]
    vectors = text_vectors(schema, function, [str(texts[index]) for index in present])
    if len(present) == len(texts):
        return encode_vectors(field, vectors)
    values: list[Any] = [None] * len(texts)
    for index, vector in zip(present, vectors, strict=True):
        values[index] = vector
    return encode_vectors(field, values)
