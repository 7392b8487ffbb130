"""``multi_analyzer_params``: a field whose texts are cut by the analyzer that another field of the row names.

A field keeps them where it keeps the parameters of its one analyzer, which have no ``by_field``. Names and
meanings are Milvus's (https://milvus.io/docs/multi-language-analyzers.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.model import Field, Schema
from .analyzer import Analyzer, analyzer

_KEYS: Final = ("analyzers", "by_field", "alias")
DEFAULT: Final = "default"
"""The analyzer of texts whose own is not among the others."""


@dataclass(frozen=True, slots=True)
class Languages:
    """``by_field``: the field that names the analyzer of a row; ``alias``: other names of the analyzers."""

    by_field: str
    analyzers: Mapping[str, Analyzer]
    alias: Mapping[str, str]

    def named(self, name: str | None) -> Analyzer:
        """The analyzer called ``name``, the default one if there is none of this name."""
        known = self.alias.get(name or DEFAULT, name)
        return self.analyzers.get(known or DEFAULT) or self.analyzers[DEFAULT]

    def tokens(self, texts: Sequence[str], names: Sequence[str | None]) -> list[list[str]]:
        """The tokens of each text, by the analyzer that is named for it."""
        places: dict[str | None, list[int]] = {}
        for place, name in enumerate(names):
            places.setdefault(name, []).append(place)
        found: list[list[str]] = [[]] * len(texts)
        for name, own in places.items():
            for place, tokens in zip(own, self.named(name).tokens([texts[at] for at in own]), strict=True):
                found[place] = tokens
        return found


def languages(one: Field) -> Languages | None:
    """The analyzers of a VARCHAR field that has several, None for one that has not."""
    return None if one.analyzer_params is None else _compiled(one.analyzer_params)


def check_languages(schema: Schema, one: Field) -> None:
    """Raise ParamError, or MilvusException for a missing package, unless rows can name analyzers of ``one``."""
    found = languages(one)
    if found is None:
        return
    by = schema.by_name.get(found.by_field)
    if by is None or by.dtype is not DataType.VARCHAR or by.is_primary:
        raise ParamError(
            message=f"by_field of multi_analyzer_params must be a VARCHAR field, not the primary key, got "
            f"{found.by_field!r}"
        )
    if one.enable_match:
        raise ParamError(
            message="multi_analyzer_params serve full text search only, as in Milvus: expected no enable_match"
        )


@lru_cache(maxsize=64)
def _compiled(text: str) -> Languages | None:
    given = json.loads(text)
    if "by_field" not in given:
        return None
    unknown = sorted(set(given) - set(_KEYS))
    if unknown:
        raise ParamError(message=f"multi_analyzer_params take {', '.join(_KEYS)}, got {unknown[0]!r}")
    analyzers, by, alias = (given.get(key) for key in _KEYS)
    if not isinstance(analyzers, dict) or DEFAULT not in analyzers:
        raise ParamError(
            message=f"analyzers of multi_analyzer_params must be a dict with {DEFAULT!r}, got {analyzers!r:.80}"
        )
    if not isinstance(by, str):
        raise ParamError(message=f"by_field of multi_analyzer_params must be a field's name, got {by!r:.80}")
    return Languages(
        by, {key: analyzer(params) for key, params in analyzers.items()}, _alias(alias, analyzers)
    )


def _alias(given: Any, analyzers: Mapping[str, Any]) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(
        isinstance(one, str) and one in analyzers for one in given.values()
    ):
        raise ParamError(
            message=f"alias of multi_analyzer_params must be a dict of names to {', '.join(analyzers)}, "
            f"got {given!r:.80}"
        )
    return given
