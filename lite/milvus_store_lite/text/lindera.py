"""Japanese, Korean and Chinese text, cut by lindera and its dictionaries, as in Milvus.

Its package ``lindera-python-cjk`` comes with the extra ``languages`` and holds the dictionaries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from ..errors import ParamError
from ..extras import import_extra


class Lindera:
    """Cuts text into morphemes; white space is in none.

    Args:
        dictionary: ``ipadic``, ``ko-dic`` or ``cc-cedict``.
        filters: lindera's own, each a name and its arguments, which drop morphemes by their parts of speech.
    """

    def __init__(self, dictionary: str, filters: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        lindera: Any = import_extra("lindera", "analyzers with the tokenizer 'lindera'")
        builder = lindera.TokenizerBuilder()
        builder.set_mode("normal")
        builder.set_dictionary(f"embedded://{dictionary}")
        for name, arguments in filters:
            builder.append_token_filter(name, dict(arguments))
        try:
            self._tokenizer = builder.build()
        except ValueError as error:
            raise ParamError(message=f"tokenizer 'lindera' with dict_kind {dictionary!r}: {error}") from None

    def analyze(self, text: str) -> list[str]:
        """The morphemes of ``text``."""
        return [token.surface for token in self._tokenizer.tokenize(text)]

    def placed(self, text: str) -> Iterator[tuple[str, int, int, int, int]]:
        """The same, each with the values of a ``Token``; those that were dropped leave gaps in the positions."""
        ends = accumulate((len(character.encode()) for character in text), initial=0)
        characters = {byte: index for index, byte in enumerate(ends)}
        for token in self._tokenizer.tokenize(text):
            yield (
                token.surface,
                characters[token.byte_start],
                characters[token.byte_end],
                token.position,
                1,
            )
