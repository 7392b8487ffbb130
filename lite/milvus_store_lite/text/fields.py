"""The analyzers of a schema's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import MilvusException, ParamError
from ..schema.model import Field, Schema

if TYPE_CHECKING:
    from .analyzer import Analyzer


def field_analyzer(one: Field) -> Analyzer:
    """The analyzer of a VARCHAR field that has one."""
    from .analyzer import analyzer  # with the first field that has one: it takes a while

    assert one.enable_analyzer, f"{one.name} has no analyzer"
    return analyzer(one.analyzer_params)


def deciding_fields(one: Field) -> set[str]:
    """The fields whose values decide the tokens of a row's text in field ``one``."""
    from .languages import languages

    several = languages(one)
    return {one.name} if several is None else {one.name, several.by_field}


def tokens_of_rows(one: Field, texts: Sequence[str], columns: Mapping[str, Sequence[Any]]) -> list[list[str]]:
    """The tokens of the texts that rows have in field ``one``; ``columns``: the other fields of these rows."""
    from .languages import languages

    several = languages(one)
    if several is None:
        return field_analyzer(one).tokens(texts)
    return several.tokens(texts, columns[several.by_field])


def query_analyzer(one: Field, name: str | None) -> Analyzer:
    """The analyzer of query texts; ``name``: that of one of several, None if none was asked for.

    Raises:
        ParamError: one is named, and the field has just one.
    """
    from .languages import languages

    several = languages(one)
    if several is not None:
        return several.named(name)
    if name is not None:
        raise ParamError(
            message=f"field '{one.name}' has one analyzer: expected no analyzer_name, got {name!r}; "
            f"multi_analyzer_params give a field several"
        )
    return field_analyzer(one)


def check_analyzers(schema: Schema) -> None:
    """Raise ParamError, or MilvusException for a missing package, unless every analyzer can be made."""
    for one in schema.fields:
        if one.enable_analyzer:
            from .languages import check_languages, languages

            try:
                check_languages(schema, one)
                if languages(one) is None:
                    field_analyzer(one)
            except MilvusException as error:
                raise type(error)(error.code, f"field '{one.name}': {error.message}") from None
