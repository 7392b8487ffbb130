"""The filter language of Milvus: ``compile_filter`` turns a text or a tree into a mask over rows.

A text is parsed (``syntax``), the tree is bound to a schema (``binding``), and the bound filter is evaluated over
rows (``evaluation``).
"""

from ..errors import FilterError
from . import tree
from .binding.templates import plain_value
from .element_filter import ElementFilter
from .evaluation.rows import Rows
from .filter import Filter, compile_filter, equals
from .syntax.parser import MAX_TEXT_LENGTH, parse
from .traversal import MAX_DEPTH, MAX_LIST_LENGTH, about_rows, with_values
from .tree import *  # noqa: F403  # the nodes, listed there

__all__ = [
    "MAX_DEPTH",
    "MAX_LIST_LENGTH",
    "MAX_TEXT_LENGTH",
    "ElementFilter",
    "Filter",
    "FilterError",
    "Rows",
    "about_rows",
    "compile_filter",
    "equals",
    "parse",
    "plain_value",
    "with_values",
]
__all__ += tree.__all__
