"""``multi_analyzer_params``: another field of the row names the analyzer for a field's text.

A field stores them in place of the parameters of a single analyzer, which have no ``by_field``. Names and meanings
are Milvus's (https://milvus.io/docs/multi-language-analyzers.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.model import Schema
from .analyzer import Analyzer, analyzer

_KEYS: Final = ("analyzers", "by_field", "alias")
DEFAULT: Final = "default"
"""The analyzer of texts that name an unknown one."""


@dataclass(frozen=True, slots=True)
class Languages:
    """``by_field``: the field that names the analyzer of a row; ``alias``: other names of the analyzers."""

    by_field: str
    analyzers: Mapping[str, Analyzer]
    alias: Mapping[str, str]

    def named(self, name: str | None) -> Analyzer:
        """The analyzer ``name``, or the default one for an unknown name."""
        known = self.alias.get(name or DEFAULT, name)
        return self.analyzers.get(known or DEFAULT) or self.analyzers[DEFAULT]

    def tokens(self, texts: Sequence[str], names: Sequence[str | None]) -> list[list[str]]:
        """The tokens of each text, by its analyzer."""
        indices: dict[str | None, list[int]] = {}
        for index, name in enumerate(names):
            indices.setdefault(name, []).append(index)
        found: list[list[str]] = [[]] * len(texts)
        for name, own in indices.items():
            for index, tokens in zip(own, self.named(name).tokens([texts[at] for at in own]), strict=True):
                found[index] = tokens
        return found


def languages(field: Field) -> Languages | None:
    """The analyzers of a VARCHAR field with several, None for other fields."""
    return None if field.analyzer_params is None else _compiled(field.analyzer_params)


def check_languages(schema: Schema, field: Field) -> None:
    """Raise ParamError, or MilvusException for a missing package, unless rows can name analyzers of ``field``."""
    found = languages(field)
    if found is None:
        return
    by = schema.by_name.get(found.by_field)
    if by is None or by.dtype is not DataType.VARCHAR or by.is_primary:
        raise ParamError(
            message=f"by_field of multi_analyzer_params must be a VARCHAR field, not the primary key, got "
            f"{found.by_field!r}"
        )
    if field.enable_match:
        raise ParamError(
            message="multi_analyzer_params are for full text search only, as in Milvus: expected no enable_match"
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
        isinstance(value, str) and value in analyzers for value in given.values()
    ):
        raise ParamError(
            message=f"alias of multi_analyzer_params must be a dict of names to {', '.join(analyzers)}, "
            f"got {given!r:.80}"
        )
    return given
