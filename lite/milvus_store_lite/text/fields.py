"""The analyzers of a schema's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import MilvusException, ParamError
from ..schema.fields import Field
from ..schema.model import Schema

if TYPE_CHECKING:
    from .analyzer import Analyzer


def field_analyzer(field: Field) -> Analyzer:
    """The analyzer of a VARCHAR field that has one."""
    from .analyzer import analyzer  # imported with the first field that has an analyzer: it takes a while

    assert field.enable_analyzer, f"{field.name} has no analyzer"
    return analyzer(field.analyzer_params)


def deciding_fields(field: Field) -> set[str]:
    """The fields whose values decide the tokens of a row's text in ``field``."""
    from .languages import languages

    several = languages(field)
    return {field.name} if several is None else {field.name, several.by_field}


def tokens_of_rows(
    field: Field, texts: Sequence[str], columns: Mapping[str, Sequence[Any]]
) -> list[list[str]]:
    """The tokens of the texts that rows have in ``field``; ``columns``: the other fields of these rows."""
    from .languages import languages

    several = languages(field)
    if several is None:
        return field_analyzer(field).tokens(texts)
    return several.tokens(texts, columns[several.by_field])


def query_analyzer(field: Field, name: str | None) -> Analyzer:
    """The analyzer of query texts; ``name``: of one of several analyzers, None if not given.

    Raises:
        ParamError: ``name`` is given, but the field has only one analyzer.
    """
    from .languages import languages

    several = languages(field)
    if several is not None:
        return several.named(name)
    if name is not None:
        raise ParamError(
            message=f"field '{field.name}' has one analyzer: expected no analyzer_name, got {name!r}; "
            f"a field has several with multi_analyzer_params"
        )
    return field_analyzer(field)


def check_analyzers(schema: Schema) -> None:
    """Raise ParamError for an invalid analyzer, or MilvusException for a missing package."""
    for field in schema.fields:
        if field.enable_analyzer:
            from .languages import check_languages, languages

            try:
                check_languages(schema, field)
                if languages(field) is None:
                    field_analyzer(field)
            except MilvusException as error:
                raise type(error)(error.code, f"field '{field.name}': {error.message}") from None
