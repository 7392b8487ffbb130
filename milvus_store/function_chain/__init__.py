"""Function chains, with pymilvus's names: steps that score and order the hits of a search.

``chain = FunctionChain(FunctionChainStage.L2_RERANK).map("$score", fn.num_combine(col("$score"), col("price")))``
"""

from . import fn
from .chain import (
    ColumnRef,
    FunctionChain,
    FunctionChainExpr,
    FunctionChainOp,
    FunctionChainStage,
    col,
)

__all__ = [
    "ColumnRef",
    "FunctionChain",
    "FunctionChainExpr",
    "FunctionChainOp",
    "FunctionChainStage",
    "col",
    "fn",
]
