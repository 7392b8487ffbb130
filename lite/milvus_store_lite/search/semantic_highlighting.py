"""Marks what answers a query in the texts of hits, as something outside of the engine finds it."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..errors import ParamError
from ..schema.fields import Field
from ..schema.model import Schema
from ..storage.store import CollectionReader
from ..suggestions import did_you_mean
from .found import FoundHits
from .highlights import Fragments, SemanticHighlight, Span
from .request import Queries


@dataclass(frozen=True, slots=True)
class SemanticHighlighting:
    """``asked``, as it is meant for ``fields``."""

    asked: SemanticHighlight
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, asked: SemanticHighlight, schema: Schema) -> SemanticHighlighting:
        """
        Raises:
            ParamError: there is no such field, or it has no texts.
        """
        return cls(asked, tuple(dict.fromkeys(_text_field(schema, name) for name in asked.fields)))

    def marked(
        self, reader: CollectionReader, found: FoundHits, seqs: Sequence[int], queries: Queries
    ) -> FoundHits:
        """``found`` with the fragments of each hit.

        Args:
            seqs: the row of each hit.

        Raises:
            ParamError: there is not one text for each query vector, or what was marked is no part of a text.
        """
        count = len(found.starts) - 1
        if len(self.asked.queries) != count:
            raise ParamError(
                message=f"a SemanticHighlighter needs one text in queries for each of the {count} query vectors, "
                f"got {len(self.asked.queries)}"
            )
        rows = reader.rows.fetch(list(dict.fromkeys(seqs)), [field.name for field in self.fields])
        highlights: dict[str, list[Fragments]] = {field.name: [] for field in self.fields}
        for query, (start, end) in zip(self.asked.queries, pairwise(found.starts), strict=True):
            for position, field in enumerate(
                self.fields, 2
            ):  # before the fields stand two values of every row
                texts = [rows[seq][position] or "" for seq in seqs[start:end]]
                highlights[field.name] += self._fragments(query, texts)
        return found._replace(highlights=highlights)

    def _fragments(self, query: str, texts: list[str]) -> list[Fragments]:
        size = self.asked.batch_size or len(texts) or 1
        marked = [
            spans
            for start in range(0, len(texts), size)
            for spans in self._spans(query, texts[start : start + size])
        ]
        return [self._shown(text, spans) for text, spans in zip(texts, marked, strict=True)]

    def _spans(self, query: str, texts: list[str]) -> list[list[Span]]:
        """What is marked in each of ``texts``, from the front to the back."""
        given = self.asked.mark(query, texts)
        try:
            found = [sorted(map(_span, spans)) for spans in given]
        except (TypeError, ValueError):
            found = []
        if len(found) != len(texts) or not all(map(_are_apart, texts, found)):
            raise ParamError(
                message=f"the highlighter must return for each of the {len(texts)} texts a list of (start, end, "
                f"score), places in the text that do not overlap, got {given!r:.200}"
            )
        return found

    def _shown(self, text: str, spans: list[Span]) -> Fragments:
        asked = self.asked
        spans = [span for span in spans if span[2] >= asked.threshold]
        marks = [
            asked.pre_tags[number % len(asked.pre_tags)]
            + text[start:end]
            + asked.post_tags[number % len(asked.post_tags)]
            for number, (start, end, _) in enumerate(spans)
        ]
        scores = [score for _, _, score in spans]
        if asked.only or not spans:
            return Fragments(marks, scores)
        ends = [0, *(end for _, end, _ in spans)]
        between = [text[end:start] for end, (start, _, _) in zip(ends, spans, strict=False)]
        whole = "".join(part for parts in zip(between, marks, strict=True) for part in parts)
        return Fragments([whole + text[ends[-1] :]], [max(scores)])


def _text_field(schema: Schema, name: str) -> Field:
    field = schema.by_name.get(name)
    if field is None:
        raise ParamError(
            message=f"input_fields of a SemanticHighlighter names {name!r:.80}, the collection has "
            f"{', '.join(schema.by_name)}{did_you_mean(name, schema.by_name)}"
        )
    if not field.dtype.is_text:
        raise ParamError(
            message=f"input_fields of a SemanticHighlighter must be VARCHAR or TEXT, got field '{field.name}' "
            f"({field.describe()})"
        )
    return field


def _span(given: Sequence[object]) -> Span:
    start, end, score = given
    return operator.index(start), operator.index(end), float(score)  # type: ignore[arg-type]  # errors are caught


def _are_apart(text: str, spans: list[Span]) -> bool:
    places = [0, *(place for start, end, _ in spans for place in (start, end)), len(text)]
    return places == sorted(places) and all(score == score for _, _, score in spans)
