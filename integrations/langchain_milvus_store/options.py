"""Further keyword arguments of the store's calls: those a client takes pass, any other is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

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
SEARCH_OPTIONS: Final = (*_READ_OPTIONS, "param", "round_decimal")
RANKER_OPTIONS: Final = ("fetch_k", "ranker_type", "ranker_params", "reranker")
HYBRID_OPTIONS: Final = (*SEARCH_OPTIONS, *RANKER_OPTIONS)


def check_options(call: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise ``ValueError`` for a keyword that ``call`` does not take, naming the nearest one it does."""
    for name in given:
        if name not in known:
            meant = "expr" if name == "filter" else name
            close = get_close_matches(meant, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f", expected one of {', '.join(known)}"
            raise ValueError(f"{call}() got an unexpected argument {name!r}{hint}")
