"""The functions of ``FunctionChain.map``; each makes a column of numbers of other columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .chain import ColumnRef, FunctionChainExpr


def num_combine(
    *cols: ColumnRef, mode: str = "sum", weights: Sequence[float] | None = None
) -> FunctionChainExpr:
    """Two columns of numbers or more in one; ``weights``, one for each column, with the mode ``"weighted"``.

    Args:
        mode: ``"sum"``, ``"multiply"``, ``"max"``, ``"min"``, ``"avg"`` or ``"weighted"``.
    """
    params: dict[str, Any] = {"mode": mode} if weights is None else {"mode": mode, "weights": list(weights)}
    return FunctionChainExpr("num_combine", cols, params)


def decay(
    value: ColumnRef, *, function: str, origin: float, scale: float, offset: float = 0, decay: float = 0.5
) -> FunctionChainExpr:
    """A factor from 0 to 1 that falls with the distance of a number or time from ``origin``.

    Args:
        function: ``"gauss"``, ``"exp"`` or ``"linear"``.
        offset: up to this distance the factor is 1.
        scale, decay: at ``offset + scale`` the factor is ``decay``.
    """
    params = {"function": function, "origin": origin, "scale": scale, "offset": offset, "decay": decay}
    return FunctionChainExpr("decay", (value,), params)


def round_decimal(value: ColumnRef, *, decimal: int) -> FunctionChainExpr:
    """The numbers rounded to ``decimal`` digits, 0 to 6."""
    return FunctionChainExpr("round_decimal", (value,), {"decimal": decimal})


def rerank_model(value: ColumnRef, *, queries: list[str], **provider_params: Any) -> FunctionChainExpr:
    """A model's scores of texts.

    Args:
        queries: a text for each query vector.
        provider_params: ``provider``, a name that ``milvus_store.rerankers`` knows, and what that takes.
    """
    return FunctionChainExpr("rerank_model", (value,), {"queries": queries, **provider_params})


def xgboost(*features: ColumnRef, model_resource: str, output: str = "default") -> FunctionChainExpr:
    """A model in a file of a Milvus server; a file of milvus-store has none, and refuses it."""
    return FunctionChainExpr("xgboost", features, {"model_resource": model_resource, "output": output})
