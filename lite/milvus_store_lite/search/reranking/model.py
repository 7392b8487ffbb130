"""Reranking by a model: something outside of the engine scores texts by how well they answer a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ParamError
from ...schema.fields import Field
from ..fusion import Floats

RankTexts = Callable[[str, list[str]], Sequence[float]]
"""A query and texts → a score of each text, larger for a better answer."""


@dataclass(frozen=True, slots=True)
class RerankModel:
    """``rank``, and the query text that belongs to each query vector."""

    queries: tuple[str, ...]
    rank: RankTexts

    def __post_init__(self) -> None:
        if not self.queries or not all(isinstance(query, str) and query for query in self.queries):
            raise ParamError(
                message=f"queries of a model reranker must be texts, one for each query vector, got "
                f"{list(self.queries)!r:.80}"
            )

    def check_queries(self, count: int) -> None:
        """Raise ``ParamError`` unless there is a text for each of ``count`` query vectors."""
        if len(self.queries) != count:
            raise ParamError(
                message=f"a model reranker needs one text in queries for each of the {count} query vectors, got "
                f"{len(self.queries)}"
            )

    def scores(self, texts: Sequence[str | None], query: int) -> Floats:
        """(n,) float64 of the texts for the query with this number; null counts as an empty text."""
        if not texts:
            return np.empty(0)
        given = self.rank(self.queries[query], [text or "" for text in texts])
        try:
            scores = np.array(list(given), dtype=np.float64)
        except (TypeError, ValueError):
            scores = np.empty(0)
        if scores.shape != (len(texts),) or not np.isfinite(scores).all():
            raise ParamError(
                message=f"the model reranker must return one finite number for each of the {len(texts)} texts, "
                f"got {given!r:.200}"
            )
        return scores


@dataclass(frozen=True, slots=True)
class ModelRanking:
    """The model's scores of a text field, instead of those that the rows have."""

    field: str
    model: RerankModel

    def check(self, field: Field, queries: int) -> None:
        """Raise ``ParamError`` unless ``field`` has texts, and there is a text for each of ``queries``."""
        if not field.dtype.is_text:
            raise ParamError(
                message=f"field '{field.name}' of a model reranker must be VARCHAR, got {field.describe()}"
            )
        self.model.check_queries(queries)

    def rescored(self, scores: Floats, values: Sequence[Any], query: int) -> Floats:
        """(n,) the new scores of the candidates of one query."""
        return self.model.scores(values, query)
