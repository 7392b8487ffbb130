"""The filter language of Milvus: text or tree in, boolean mask over rows out.

``compile_filter`` is the way in. Importing this package does not import the parser library; the first
text does.
"""

from ..errors import FilterError
from .filter import Filter, compile_filter
from .parse import MAX_TEXT_LENGTH, parse
from .rows import Rows
from .tree import (
    MAX_DEPTH,
    And,
    Arithmetic,
    Compare,
    Expression,
    In,
    IsNull,
    Like,
    ListOf,
    Literal,
    Name,
    Not,
    Or,
    Path,
    Range,
    Template,
    Unary,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_TEXT_LENGTH",
    "And",
    "Arithmetic",
    "Compare",
    "Expression",
    "Filter",
    "FilterError",
    "In",
    "IsNull",
    "Like",
    "ListOf",
    "Literal",
    "Name",
    "Not",
    "Or",
    "Path",
    "Range",
    "Rows",
    "Template",
    "Unary",
    "compile_filter",
    "parse",
]
