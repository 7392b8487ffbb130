"""Further keywords of the store's calls: those of the client pass, others are checked as the client's are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from milvus_store.options import judge_options

WRITE_OPTIONS: Final = ("partition_name",)
DELETE_OPTIONS: Final = ("expr", "filter_params", "partition_name", "timeout")
_CLOCK_OPTIONS: Final = ("timezone", "time_fields")
_READ_OPTIONS: Final = (
    "expr",
    "filter_params",
    "partition_names",
    "offset",
    "consistency_level",
    *_CLOCK_OPTIONS,
)
QUERY_OPTIONS: Final = (*_READ_OPTIONS, "limit", "timeout")
_NEAREST_OPTIONS: Final = (*_READ_OPTIONS, "param", "round_decimal")
RERANKING_OPTIONS: Final = ("ranker", "function_chains")
SEARCH_OPTIONS: Final = (*_NEAREST_OPTIONS, *RERANKING_OPTIONS)
RANKER_OPTIONS: Final = ("fetch_k", "ranker_type", "ranker_params", "reranker")
HYBRID_OPTIONS: Final = (*_NEAREST_OPTIONS, *RANKER_OPTIONS)


def check_options(call: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise ``ValueError`` for a misspelt keyword; ignore other unknown ones with a warning."""
    named = ("k",) if "param" in known else ("ids", "batch_size", "timeout")
    judge_options(call, given, (*known, *named), error=ValueError)
