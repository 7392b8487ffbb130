"""A reranking: what makes hits of the candidates of a search, or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...errors import ParamError
from ...schema.fields import Field
from ...schema.model import Schema
from ...suggestions import did_you_mean
from ..arrangement import GroupBy
from ..found import FoundHits
from ..fusion import Floats, Ints, Ranker, ordered
from ..grouping import leaders_by_score
from ..metrics import as_shown
from .boosts import Boosts
from .candidates import Candidates
from .chain import ID, SCORE, Chain


class Rescoring(Protocol):
    """Makes new scores of those that rows have, and of a field."""

    @property
    def field(self) -> str: ...

    def check(self, field: Field, queries: int) -> None:
        """Raise ``ParamError`` unless it takes the field, and serves so many queries."""
        ...

    def rescored(self, scores: Floats, values: Sequence[Any], query: int) -> Floats:
        """(n,) the new scores of the candidates of the query with this number, NaN for none."""
        ...


@dataclass(frozen=True, slots=True)
class RankedPage:
    """The hits to show: ``limit`` of them, or of their groups, after ``offset``."""

    limit: int
    offset: int = 0
    group_by: GroupBy | None = None
    round_decimal: int = -1


@dataclass(frozen=True, slots=True)
class Reranking:
    """``boosts`` come first. Then there is a ``ranker``, whose scores ``rescoring`` may change, or a ``chain``.

    ``page``: what is shown of the rows that boosts or a ranker order; a chain chooses by itself.
    """

    page: RankedPage
    boosts: Boosts | None = None
    ranker: Ranker | None = None
    rescoring: Rescoring | None = None
    chain: Chain | None = None

    def fields(self, schema: Schema, queries: int) -> tuple[Field, ...]:
        """The fields that it reads of each candidate.

        Raises:
            ParamError: it does not fit the collection, or does not serve so many queries.
        """
        if self.chain is not None:
            return self.chain.fields(schema, queries)
        if self.rescoring is None:
            return ()
        name = self.rescoring.field
        field = schema.by_name.get(name)
        if field is None:
            raise ParamError(
                message=f"field {name!r} of a ranker does not exist, expected one of {', '.join(schema.by_name)}"
                + did_you_mean(name, schema.by_name)
            )
        self.rescoring.check(field, queries)
        return (field,)

    def hits(self, candidates: Candidates) -> FoundHits:
        """The hits that the candidates make. It runs outside of any transaction: models may take their time."""
        chosen, scores = [], []
        for query in range(len(candidates.scores)):
            rows, of_rows = self._ranked(candidates, query)
            chosen.append(rows)
            scores.append(of_rows)
        return candidates.chosen(chosen, scores, self.page.round_decimal)

    def _ranked(self, candidates: Candidates, query: int) -> tuple[Ints, Floats]:
        start, end = candidates.ranges[query]
        scores = candidates.scores[query]
        if self.chain is not None:
            columns = {name: values[start:end] for name, values in candidates.values.items()}
            return self.chain.run(
                {**columns, ID: candidates.hits.pks[start:end], SCORE: scores.tolist()}, query
            )
        page = self.page
        if self.ranker is None:
            rows = np.arange(len(scores))[page.offset : page.offset + page.limit]
            return rows, scores[rows]
        if self.rescoring is not None:
            values = candidates.values[self.rescoring.field][start:end]
            scores = self.rescoring.rescored(scores, values, query)
        # Scores are compared in float32, as the user sees them; a row without one comes last, and shows 0.
        has_none = np.isnan(scores)
        ranks = as_shown(scores if candidates.falling else -scores).astype(np.float64)
        ranks[has_none] = -np.inf
        scores = np.where(has_none, 0.0, scores)
        order = ordered(ranks, candidates.hits.pks[start:end])
        groups = page.group_by
        if candidates.labels is None or groups is None:
            rows = order[page.offset : page.offset + page.limit]
        else:
            labels = candidates.labels[query][order]
            rows = order[
                leaders_by_score(labels, ranks[order], groups.scorer, page.limit, groups.size, page.offset)
            ]
        return rows, scores[rows]
