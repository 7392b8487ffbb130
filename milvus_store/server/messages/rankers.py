"""Rankers and function chains as searches take them."""

from __future__ import annotations

from typing import Any

from ...errors import ParamError
from ...function_chain import ColumnRef, FunctionChain, FunctionChainExpr, FunctionChainOp
from ...functions import Function, FunctionScore
from ..protocol import Message
from .pairs import texts_of
from .schemas import function_of


def functions_of(request: Message) -> list[Function]:
    """The rankers of a search or a hybrid search.

    Raises:
        ParamError: one of them names the address of a service, which a server asks for no client.
    """
    if "function_score" not in request.DESCRIPTOR.fields_by_name:
        return []
    functions = [function_of(function) for function in request.function_score.functions]
    for function in functions:
        _refuse_endpoint(f"function {function.name!r}", function.params)
    return functions


def ranker_of(request: Message) -> FunctionScore | None:
    """The ranker of a search."""
    functions = functions_of(request)
    return FunctionScore(functions, dict(texts_of(request.function_score.params))) if functions else None


def chains_of(request: Message) -> list[FunctionChain]:
    """The function chains of a search or a hybrid search."""
    return [_chain(chain) for chain in getattr(request, "function_chains", ())]


def _chain(given: Message) -> FunctionChain:
    return FunctionChain(given.stage, given.name, [_step(op) for op in given.ops])


def _step(given: Message) -> FunctionChainOp:
    expression = None
    if given.HasField("expr"):
        params = _values(given.expr.params)
        _refuse_endpoint(f"{given.expr.name} of a function chain", params)
        expression = FunctionChainExpr(given.expr.name, tuple(map(_argument, given.expr.args)), params)
    return FunctionChainOp(
        given.op, expression, tuple(given.inputs), tuple(given.outputs), _values(given.params)
    )


def _argument(given: Message) -> Any:
    return ColumnRef(given.column.name) if given.HasField("column") else _value(given.literal)


def _values(given: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in given.items()}


def _value(given: Message) -> Any:
    kind = given.WhichOneof("value")
    if kind == "array_value":
        return [_value(value) for value in given.array_value.values]
    if kind == "object_value":
        return _values(given.object_value.fields)
    return None if kind is None else getattr(given, kind)


def _refuse_endpoint(described: str, params: dict[str, Any]) -> None:
    if any(name.lower() == "endpoint" for name in params):
        raise ParamError(
            message=f"{described}: a server asks no address that a client names, got {params!r:.80}: register the "
            f"service in the server's program, by milvus_store.rerankers"
        )
