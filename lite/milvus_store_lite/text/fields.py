"""The analyzers of a schema's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import MilvusException
from ..schema import Field, Schema

if TYPE_CHECKING:
    from .analyzer import Analyzer


def field_analyzer(one: Field) -> Analyzer:
    """The analyzer of a VARCHAR field that has one."""
    from .analyzer import analyzer  # with the first field that has one: it takes a while

    assert one.enable_analyzer, f"{one.name} has no analyzer"
    return analyzer(one.analyzer_params)


def check_analyzers(schema: Schema) -> None:
    """Raise ParamError, or MilvusException for a missing package, unless every analyzer can be made."""
    for one in schema.fields:
        if one.enable_analyzer:
            try:
                field_analyzer(one)
            except MilvusException as error:
                raise type(error)(error.code, f"field '{one.name}': {error.message}") from None
