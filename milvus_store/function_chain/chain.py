"""A chain and its parts: plain data, which the search that gets the chain checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from milvus_store_lite import ParamError


class FunctionChainStage(IntEnum):
    """When a chain runs; a file runs those of ``L2_RERANK``, on the page that a search has found."""

    UNSPECIFIED = 0
    INGESTION = 1
    PRE_PROCESS = 2
    L0_RERANK = 3
    L1_RERANK = 4
    L2_RERANK = 5
    POST_PROCESS = 6


@dataclass(frozen=True)
class ColumnRef:
    """A column: a field, ``"$score"``, ``"$id"``, or what a step before has written."""

    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ParamError(
                message=f"the name of a column must be a str that is not empty, got {self.name!r:.80}"
            )


def col(name: str) -> ColumnRef:
    """The column called ``name``."""
    return ColumnRef(name)


@dataclass(frozen=True)
class FunctionChainExpr:
    """What ``fn`` makes: a function, its columns or constants, and its parameters."""

    name: str
    args: tuple[Any, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FunctionChainOp:
    """One step. ``op``: ``"map"``, ``"sort"`` or ``"limit"``."""

    op: str
    expr: FunctionChainExpr | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)


class FunctionChain:
    """Steps, one after the other; each method adds one, and returns the chain.

    Args:
        ops: the steps to begin with.
    """

    def __init__(
        self, stage: FunctionChainStage, name: str = "", ops: Iterable[FunctionChainOp] = ()
    ) -> None:
        try:
            self.stage = FunctionChainStage(stage)
        except ValueError:
            raise ParamError(
                message=f"the stage of a function chain must be a FunctionChainStage, got {stage!r:.80}"
            ) from None
        if not isinstance(name, str):
            raise ParamError(message=f"the name of a function chain must be a str, got {name!r:.80}")
        self.name = name
        self._ops = list(ops)

    @property
    def ops(self) -> Sequence[FunctionChainOp]:
        """The steps so far."""
        return tuple(self._ops)

    def map(self, output: str, expr: FunctionChainExpr) -> FunctionChain:
        """Write what ``expr`` makes of each hit to the column ``output``: ``"$score"``, or a new one."""
        self._ops.append(FunctionChainOp("map", expr, outputs=(output,)))
        return self

    def sort(
        self, by: str | ColumnRef, desc: bool = True, tie_break_col: str | ColumnRef | None = None
    ) -> FunctionChain:
        """Order the hits by a column, and by another, ascending, where that is equal; nulls come last."""
        params: dict[str, Any] = {"column": _name(by), "desc": desc}
        if tie_break_col is not None:
            params["tie_break_col"] = _name(tie_break_col)
        inputs = [params[key] for key in ("column", "tie_break_col") if key in params]
        self._ops.append(FunctionChainOp("sort", inputs=tuple(inputs), params=params))
        return self

    def limit(self, limit: int, offset: int = 0) -> FunctionChain:
        """Keep ``limit`` hits after ``offset``."""
        self._ops.append(FunctionChainOp("limit", params={"limit": limit, "offset": offset}))
        return self

    def __repr__(self) -> str:
        return f"FunctionChain({self.stage.name}, {self.name!r}, {self._ops})"


def _name(column: str | ColumnRef) -> str:
    return column.name if isinstance(column, ColumnRef) else column
