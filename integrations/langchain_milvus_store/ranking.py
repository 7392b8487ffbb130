"""The ranker that fuses the searches of several vector fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from milvus_store import RRFRanker, WeightedRanker

DEFAULT_FETCH: Final = 4
"""The default number of documents of each field that take part in the fusion."""


def new_ranker(
    ranker_type: str | None, ranker_params: Mapping[str, Any] | None, fields: int
) -> RRFRanker | WeightedRanker:
    """The ranker of this name over ``count`` vector fields; equal weights when no name is given.

    Raises:
        ValueError: no ranker has this name, or it does not take a parameter.
    """
    params = dict(ranker_params or {})
    if ranker_type == "rrf":
        ranker: RRFRanker | WeightedRanker = RRFRanker(params.pop("k", 60))
    elif ranker_type in (None, "weighted"):
        weights = params.pop("weights", [1.0] * fields)
        ranker = WeightedRanker(*weights, norm_score=params.pop("norm_score", True))
    else:
        raise ValueError(f"ranker_type must be 'rrf' or 'weighted', got {ranker_type!r}")
    if params:
        raise ValueError(
            f"ranker_params: {sorted(params)[0]!r} is not a parameter of the {ranker_type} ranker"
        )
    return ranker
