"""Function chains, ours or pymilvus's, as the engine takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from milvus_store_lite import (
    Chain,
    ChainExpression,
    ColumnName,
    ConstantColumn,
    DataTypeNotMatchException,
    DecayCurve,
    DecayFactors,
    LimitStep,
    MapStep,
    ModelScores,
    NumCombine,
    ParamError,
    RoundDecimal,
    SortStep,
)

from ..function_chain import FunctionChainStage
from ..options import judge_options
from ..rerankers import model_of

_PARTS: Final = ("stage", "name", "ops")


def as_chain(given: Any) -> Chain:
    """The only chain in ``given``, a ``FunctionChain`` or a list of them.

    Raises:
        ParamError: there are several, or a step is not as it must be.
    """
    chains = given if isinstance(given, (list, tuple)) else [given]
    for chain in chains:
        if not all(hasattr(chain, part) for part in _PARTS):
            raise DataTypeNotMatchException(
                message=f"function_chains must be a FunctionChain or a list of them, got {type(chain).__name__}: "
                f"{chain!r:.80}"
            )
    for chain in chains:
        if chain.stage != FunctionChainStage.L2_RERANK:
            stage = FunctionChainStage(chain.stage).name
            raise ParamError(
                message=f"function chain {chain.name!r}: a search on a file runs the stage L2_RERANK, got {stage}"
            )
    if len(chains) > 1:
        raise ParamError(
            message=f"a search takes one function chain of a stage, got {len(chains)}: put their steps in one"
        )
    (chain,) = chains
    if not chain.ops:
        raise ParamError(message=f"function chain {chain.name!r} must have one step at least, got none")
    return Chain(tuple(_step(f"function chain {chain.name!r}", op) for op in chain.ops))


def _step(chain: str, op: Any) -> MapStep | SortStep | LimitStep:
    params = dict(op.params)
    if op.op == "map":
        if op.expr is None or op.inputs or len(op.outputs) != 1:
            raise ParamError(message=f"{chain}: map needs an expression and one output, got {op!r:.200}")
        arguments = tuple(map(_argument, op.expr.args))
        return MapStep(_column(chain, op.outputs[0]), _expression(chain, op.expr), arguments)
    if op.expr is not None or op.outputs:
        raise ParamError(message=f"{chain}: {op.op} takes no expression and no output, got {op!r:.200}")
    if op.op == "sort":
        judge_options("FunctionChain", params, ("column", "desc", "tie_break_col"), what="parameter of sort")
        tie_break, descending = params.get("tie_break_col"), params.get("desc", True)
        if not isinstance(descending, bool):
            raise ParamError(message=f"{chain}: desc of sort must be a bool, got {descending!r:.80}")
        column = _column(chain, params.get("column"))
        return SortStep(column, descending, None if tie_break is None else _column(chain, tie_break))
    if op.op == "limit":
        judge_options("FunctionChain", params, ("limit", "offset"), what="parameter of limit")
        return LimitStep(params.get("limit", 0), params.get("offset", 0))
    raise ParamError(message=f"{chain}: a step must be map, sort or limit, got {op.op!r:.80}")


def _argument(given: Any) -> ColumnName | ConstantColumn:
    name = getattr(given, "name", None)
    if isinstance(name, str):
        return ColumnName(name)
    if isinstance(given, (bool, int, float, str)):
        return ConstantColumn(given)
    raise ParamError(
        message=f"an argument of a function must be col(...), a number, a bool or a str, got {given!r:.80}"
    )


def _column(chain: str, given: object) -> str:
    if isinstance(given, str) and given:
        return given
    raise ParamError(
        message=f"{chain}: the name of a column must be a str that is not empty, got {given!r:.80}"
    )


def _expression(chain: str, given: Any) -> ChainExpression:
    make = _MAKE.get(given.name)
    if make is None:
        hint = ": rerank_model takes a callable of milvus_store.rerankers" if given.name == "xgboost" else ""
        raise ParamError(
            message=f"{chain}: a function must be one of {', '.join(_MAKE)}, got {given.name!r:.80}{hint}"
        )
    return make(chain, given.params)


def _num_combine(chain: str, params: Mapping[str, Any]) -> ChainExpression:
    judge_options("FunctionChain", params, ("mode", "weights"), what="parameter of num_combine")
    weights = params.get("weights") or ()
    if not isinstance(weights, (list, tuple)):
        raise ParamError(message=f"{chain}: weights of num_combine must be a list, got {weights!r:.80}")
    return NumCombine(params.get("mode", "sum"), tuple(weights))


def _decay(chain: str, params: Mapping[str, Any]) -> ChainExpression:
    names = ("function", "origin", "scale", "offset", "decay")
    judge_options("FunctionChain", params, names, what="parameter of decay")
    for name in names[:3]:
        if name not in params:
            raise ParamError(message=f"{chain}: decay needs {name!r}, got none")
    return DecayFactors(DecayCurve(**{name: params[name] for name in names if name in params}))


def _round_decimal(chain: str, params: Mapping[str, Any]) -> ChainExpression:
    judge_options("FunctionChain", params, ("decimal",), what="parameter of round_decimal")
    return RoundDecimal(params.get("decimal", -1))


def _rerank_model(chain: str, params: Mapping[str, Any]) -> ChainExpression:
    return ModelScores(model_of(chain, params))


_MAKE: Final[Mapping[str, Callable[[str, Mapping[str, Any]], ChainExpression]]] = {
    "num_combine": _num_combine,
    "decay": _decay,
    "round_decimal": _round_decimal,
    "rerank_model": _rerank_model,
}
