"""Functions, with pymilvus's names: they fill fields of a collection, or rank the hits of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from milvus_store_lite import FunctionType, ParamError

from .options import check_options

__all__ = ["Function", "FunctionScore", "FunctionType"]


class Function:
    """A function of a collection's schema, or a ranker of a search.

    Args:
        name: of the function; unique in a schema.
        function_type: a ``FunctionType``.
        input_field_names, output_field_names: one name or a list of them.
        params: the function's parameters, such as ``{"reranker": "rrf", "k": 60}``; docs/reranking.md has those
            of rankers.
    """

    def __init__(
        self,
        name: str,
        function_type: FunctionType,
        input_field_names: str | list[str],
        output_field_names: str | list[str] | None = None,
        description: str = "",
        params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        check_options(Function, kwargs)
        for argument, given in (("name", name), ("description", description)):
            if not isinstance(given, str):
                raise ParamError(message=f"{argument} of a function must be a str, got {given!r:.80}")
        if params is not None and not isinstance(params, dict):
            raise ParamError(message=f"params of function {name!r} must be a dict, got {params!r:.80}")
        try:
            self.type = FunctionType(function_type)
        except ValueError:
            raise ParamError(
                message=f"function_type of function {name!r} must be a FunctionType, got {function_type!r}"
            ) from None
        self.name = name
        self.description = description
        self.input_field_names = _names(name, "input_field_names", input_field_names)
        self.output_field_names = _names(name, "output_field_names", output_field_names or [])
        self.params = dict(params or {})
        both = set(self.input_field_names) & set(self.output_field_names)
        if both:
            raise ParamError(
                message=f"function {name!r}: field {sorted(both)[0]!r} is both its input and its output"
            )

    @classmethod
    def construct_from_dict(cls, raw: Mapping[str, Any]) -> Function:
        """The function that ``to_dict`` or ``describe_collection`` shows as ``raw``."""
        return cls(
            raw["name"],
            raw["type"],
            list(raw["input_field_names"]),
            list(raw["output_field_names"]),
            raw.get("description", ""),
            dict(raw.get("params") or {}),
        )

    def to_dict(self) -> dict[str, Any]:
        """The function as ``describe_collection`` shows it."""
        return {
            "name": self.name,
            "description": self.description,
            "type": self.type,
            "input_field_names": self.input_field_names,
            "output_field_names": self.output_field_names,
            "params": self.params,
        }

    def __repr__(self) -> str:
        return str(self.to_dict())


class FunctionScore:
    """Several rankers of one search: boosts, and one other ranker at most, which ranks what they have boosted.

    Args:
        functions: RERANK ``Function``s.
        params: ``boost_mode`` and ``function_mode``, each ``"multiply"`` (by default) or ``"sum"``: what a boost
            does to a distance, and how several boosts of one row make one.
    """

    def __init__(
        self, functions: Function | Sequence[Function], params: dict[str, Any] | None = None
    ) -> None:
        self.functions = [functions] if isinstance(functions, Function) else functions
        self.params = params

    def __repr__(self) -> str:
        return str({"functions": self.functions, "params": self.params})


def _names(function: str, argument: str, given: object) -> list[str]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ParamError(
            message=f"{argument} of function {function!r} must be a name or a list of names, got {given!r:.80}"
        )
    if len(set(names)) < len(names):
        raise ParamError(message=f"{argument} of function {function!r} names a field twice: {given!r:.80}")
    return list(names)
