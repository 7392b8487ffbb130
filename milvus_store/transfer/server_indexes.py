"""Indexes as servers describe them, with all in texts, as the parameters that make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..index_params import IndexParams
from ..server.messages.pairs import value_of

_ADDED: Final = ("dim", "mmap.enabled", "bm25_avgdl")
"""What servers add to the parameters of an index."""

_AUTOMATIC: Final = "AUTOINDEX"
"""Its parameters are the server's choice."""


def add_described(indexes: IndexParams, field: str, name: str, described: Mapping[str, str]) -> None:
    """Add to ``indexes`` one that a server describes so."""
    given = {key: value_of(text) for key, text in described.items() if key not in _ADDED}
    nested = given.pop("params", {})
    given = {**(nested if isinstance(nested, dict) else {}), **given}
    index_type = str(given.pop("index_type", ""))
    metric = {"metric_type": given.pop("metric_type")} if "metric_type" in given else {}
    indexes.add_index(field, index_type, name, **metric, **({} if index_type == _AUTOMATIC else given))
