"""Binds the functions that look for words: the field must be tokenized, and its analyzer cuts what is sought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schema.fields import Field
from ..bound import FieldValue, PhraseMatch, Predicate, TextMatch
from ..tree import Call, Name
from .arguments import check_count, integer, refuse_options, string
from .context import Context
from .kinds import describe
from .operands import bind_operand, resolve

if TYPE_CHECKING:
    from ...text.analyzer import Analyzer

MAX_SLOP = 1_000
MAX_PHRASE = 1_000
MAX_LOOSE_PHRASE = 200
"""The most words of a phrase without and with a slop. Each word is looked up wherever the phrase might begin,
and with a slop that may be anywhere."""
MAX_SIMILAR = 100
"""The most words that may be misspelt: each is compared with every word of its length that any row has."""
MAX_EDITS = 2
"""As in Milvus: with three, most short words are like each other."""


def text_match(context: Context, node: Call) -> Predicate:
    """That the text has one of the words, or as many of them as the option says."""
    check_count(context, node, 2)
    refuse_options(context, node, "minimum_should_match")
    field = _text_field(context, node)
    query = string(context, node, "words")
    options = dict(node.options)
    at_least = 1
    if "minimum_should_match" in options:
        at_least = integer(context, node, options["minimum_should_match"], "minimum_should_match", 1)
    analyzer = _analyzer(field)
    words = context.located(node.arguments[1], lambda: analyzer.tokens([query])[0])
    return TextMatch(field, tuple(dict.fromkeys(words)), at_least)


def text_match_fuzzy(context: Context, node: Call) -> Predicate:
    """That a word of the text is at most so many edits away from one of the words."""
    check_count(context, node, 2)
    refuse_options(context, node, "max_edit_distance")
    field = _text_field(context, node)
    query = string(context, node, "words")
    options = dict(node.options)
    if "max_edit_distance" not in options:
        raise context.error(node, f"{node.function} needs max_edit_distance, as in max_edit_distance=1")
    edits = integer(context, node, options["max_edit_distance"], "max_edit_distance", 0, MAX_EDITS)
    analyzer = _analyzer(field)
    words = context.located(node.arguments[1], lambda: tuple(dict.fromkeys(analyzer.tokens([query])[0])))
    if len(words) > MAX_SIMILAR:
        raise context.error(
            node.arguments[1], f"{node.function} takes at most {MAX_SIMILAR} words, got {len(words)}"
        )
    return TextMatch(field, words, edits=edits)


def phrase_match(context: Context, node: Call) -> Predicate:
    """That the text has the words in a row, or within a slop."""
    if len(node.arguments) != 3:
        check_count(context, node, 2)
    refuse_options(context, node)
    field = _text_field(context, node)
    query = string(context, node, "a phrase")
    slop = 0
    if len(node.arguments) == 3:
        slop = integer(context, node, node.arguments[2], "the slop", 0, MAX_SLOP)
    analyzer = _analyzer(field)
    words = context.located(node.arguments[1], lambda: analyzer.positioned(query))
    most, how = (MAX_LOOSE_PHRASE, " with a slop") if slop else (MAX_PHRASE, "")
    if len(words) > most:
        raise context.error(
            node.arguments[1], f"the phrase has {len(words)} words, at most {most} are allowed{how}"
        )
    return PhraseMatch(field, tuple((word.text, word.position) for word in words), slop)


def _text_field(context: Context, node: Call) -> Field:
    named = node.arguments[0]
    operand = resolve(context, named) if isinstance(named, Name) else bind_operand(context, named)
    if not isinstance(operand, FieldValue) or not operand.field.dtype.is_text:
        raise context.error(
            named, f"{node.function} needs a VARCHAR or a TEXT field, got {describe(operand)}"
        )
    if not operand.field.enable_match or context.elements is not None:
        raise context.error(
            node.arguments[0],
            f"{describe(operand)} is not tokenized: {node.function} needs a field created with "
            "enable_analyzer=True and enable_match=True",
        )
    return operand.field


def _analyzer(field: Field) -> Analyzer:
    # Imported with the first search for words: it takes as long as the rest of this package.
    from ...text.analyzer import analyzer

    return analyzer(field.analyzer_params)
