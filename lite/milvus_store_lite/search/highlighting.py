"""Marks words in the texts of hits: checked when a search is prepared, done over the hits of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from ..errors import ParamError
from ..schema.fields import Field
from ..schema.model import Schema
from ..storage.store import CollectionReader
from ..suggestions import did_you_mean
from ..text.fields import query_analyzer
from .found import FoundHits
from .highlights import Fragments, Highlight
from .request import ByIds, Queries


@dataclass(frozen=True, slots=True)
class Highlighting:
    """``asked``, as it is meant for a search of ``schema``.

    ``searched``: the text field of a full text search whose words are marked, None for none; ``analyzer_name``:
    which of its analyzers cuts the query texts.
    """

    asked: Highlight
    schema: Schema
    searched: Field | None
    analyzer_name: str | None

    @classmethod
    def of(cls, asked: Highlight, schema: Schema, field: Field, analyzer_name: str | None) -> Highlighting:
        """What ``asked`` means where the vector field ``field`` is searched.

        Raises:
            ParamError: words are to be marked in a field that has no analyzer, or those of a search that has none.
        """
        for one in asked.words:
            _check_text_field(schema, one.field)
        searched = None
        if asked.search_text:
            if not field.is_full_text:
                raise ParamError(
                    message=f"highlight_search_text needs a full text search: field '{field.name}' "
                    f"({field.describe()}) is not filled by a BM25 function; name the words as highlight_query"
                )
            searched = schema.by_name[schema.full_text[field.name].input]
        return cls(asked, schema, searched, analyzer_name)

    def marked(
        self, reader: CollectionReader, found: FoundHits, seqs: Sequence[int], queries: Queries
    ) -> FoundHits:
        """``found`` with the fragments of each hit.

        Args:
            seqs: the row of each hit.
            queries: what was searched for.
        """
        if self.searched is not None and isinstance(queries, ByIds):
            raise ParamError(message="highlight_search_text needs texts to search for, got ids of rows")
        fields = [*((self.searched,) if self.searched else ()), *self._fields_of_words()]
        highlights = {
            field.name: self._fragments(reader, field, found.starts, seqs, queries)
            for field in dict.fromkeys(fields)
        }
        return found._replace(highlights=highlights)

    def _fields_of_words(self) -> list[Field]:
        return [self.schema.by_name[one.field] for one in self.asked.words]

    def _fragments(
        self, reader: CollectionReader, field: Field, starts: list[int], seqs: Sequence[int], queries: Queries
    ) -> list[Fragments]:
        """The fragments of the text that each hit has in ``field``."""
        from ..text.fragments import fragments  # with the first highlighter: it takes a while
        from ..text.languages import languages

        asked, several = self.asked, languages(field)
        columns = [field.name, *(() if several is None else (several.by_field,))]
        rows = reader.rows.fetch(list(dict.fromkeys(seqs)), columns)
        of_words = query_analyzer(field, None)
        listed = of_words.tokens([one.text for one in asked.words if one.field == field.name])
        found = []
        for number, (start, end) in enumerate(pairwise(starts)):
            words = set(chain.from_iterable(listed))
            if field is self.searched:
                assert not isinstance(queries, ByIds), "refused above"
                words.update(query_analyzer(field, self.analyzer_name).tokens([queries[number]])[0])
            for seq in seqs[start:end]:
                _, _, text, *named = rows[seq]
                analyzer = of_words if several is None else several.named(named[0])
                marked = fragments(
                    text or "",
                    analyzer.positioned(text or ""),
                    words,
                    tags=(asked.pre_tags, asked.post_tags),
                    offset=asked.fragment_offset,
                    size=asked.fragment_size,
                    most=asked.num_of_fragments,
                )
                found.append(Fragments(marked, []))
        return found


def _check_text_field(schema: Schema, name: str) -> None:
    field = schema.by_name.get(name)
    if field is None:
        raise ParamError(
            message=f"highlight_query names the field {name!r:.80}, the collection has {', '.join(schema.by_name)}"
            + did_you_mean(name, schema.by_name)
        )
    if not field.enable_analyzer:
        raise ParamError(
            message=f"highlight_query needs a VARCHAR field with enable_analyzer=True: field '{field.name}' "
            f"({field.describe()}) has no analyzer"
        )
