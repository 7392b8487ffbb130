"""The precedence of every operator, and the words that are operators."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Level(IntEnum):
    """Precedence, loosest first. ``not`` binds looser than a comparison, as in Milvus's documents:
    ``not a == b`` is ``not (a == b)``."""

    ANY = 0
    OR = 1
    AND = 2
    NOT = 3
    BIT_OR = 4
    BIT_XOR = 5
    BIT_AND = 6
    EQUALITY = 7
    ORDER = 8
    MEMBER = 9
    """``in``, ``like``, ``=~``, ``is null``, ``exists``."""
    SHIFT = 10
    SUM = 11
    PRODUCT = 12
    SIGN = 13
    POWER = 14
    ATOM = 15


SYMBOL_LEVELS: Final = {
    "||": Level.OR,
    "&&": Level.AND,
    "|": Level.BIT_OR,
    "^": Level.BIT_XOR,
    "&": Level.BIT_AND,
    **dict.fromkeys(("==", "!="), Level.EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">="), Level.ORDER),
    **dict.fromkeys(("=~", "!~"), Level.MEMBER),
    **dict.fromkeys(("<<", ">>"), Level.SHIFT),
    **dict.fromkeys(("+", "-"), Level.SUM),
    **dict.fromkeys(("*", "/", "%"), Level.PRODUCT),
    "**": Level.POWER,
}
WORD_LEVELS: Final = {"or": Level.OR, "and": Level.AND, "in": Level.MEMBER, "like": Level.MEMBER}
OPERATOR_WORDS: Final = frozenset(WORD_LEVELS) | {"not", "exists"}
RESERVED: Final = OPERATOR_WORDS | {word.upper() for word in OPERATOR_WORDS}
"""Words that are never names; all others are keywords only where one can stand."""
