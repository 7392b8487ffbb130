"""Parts of a hybrid search, with pymilvus's names: the requests, and the rankers that fuse their rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from milvus_store_lite import ParamError

from .options import check_options

if TYPE_CHECKING:
    from .filters import Expression


class AnnSearchRequest:
    """One search of a hybrid search.

    Args:
        data: query vectors, as ``search`` takes them; every request of a hybrid search has as many.
        anns_field: the vector field.
        param: ``{"metric_type": ..., "params": {...}}``, as ``search`` takes its ``search_params``.
        limit: how many rows of this search take part in the fusion.
        expr, filter: only rows that match are found; two names for the same.
        expr_params: values of the filter's ``{name}`` templates.
    """

    def __init__(
        self,
        data: Any,
        anns_field: str,
        param: dict[str, Any],
        limit: int,
        expr: str | Expression | None = None,
        expr_params: Mapping[str, Any] | None = None,
        filter: str | Expression | None = None,
        **kwargs: Any,
    ) -> None:
        check_options(AnnSearchRequest, kwargs)
        if expr is not None and filter is not None:
            raise ParamError(
                message="AnnSearchRequest takes expr or filter, two names for one argument, got both"
            )
        self.data = data
        self.anns_field = anns_field
        self.param = param
        self.limit = limit
        self.expr = expr if filter is None else filter
        self.expr_params = expr_params

    @property
    def filter(self) -> str | Expression | None:
        return self.expr

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in ("anns_field", "param", "limit", "expr")}
        return str(shown)


class RRFRanker:
    """Reciprocal rank fusion: a row scores 1 / (``k`` + its rank) in each search that found it, summed up.

    (Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009.)

    Args:
        k: above 0 and below 16,384; the larger, the less the first ranks stand out.
    """

    def __init__(self, k: float = 60, **kwargs: Any) -> None:
        check_options(RRFRanker, kwargs)
        self.k = k

    def dict(self) -> dict[str, Any]:
        return {"strategy": "rrf", "params": {"k": self.k}}

    def __repr__(self) -> str:
        return str(self.dict())


class WeightedRanker:
    """A row scores the sum of its scores in the searches that found it, each times that search's weight.

    Args:
        weights: one from 0 to 1 for each request, in their order.
        norm_score: bring scores of all metrics between 0 and 1, larger being nearer, before they are summed:
            (1 + s) / 2 for COSINE, 1/2 + arctan(s) / π for IP, 2 arctan(s) / π for BM25, and
            1 - 2 arctan(d) / π for L2 and other distances. Without it scores are summed as they are, save that
            distances are so converted when some of the metrics are distances and some are not.
    """

    def __init__(self, *weights: float, norm_score: bool = True, **kwargs: Any) -> None:
        check_options(WeightedRanker, kwargs)
        for weight in weights:
            if isinstance(weight, bool) or not isinstance(weight, (int, float)):
                raise TypeError(f"a weight must be a number, got {type(weight).__name__}: {weight!r}")
        self.weights: Sequence[float] = list(weights)
        self.norm_score = norm_score

    def dict(self) -> dict[str, Any]:
        return {
            "strategy": "weighted",
            "params": {"weights": list(self.weights), "norm_score": self.norm_score},
        }

    def __repr__(self) -> str:
        return str(self.dict())
