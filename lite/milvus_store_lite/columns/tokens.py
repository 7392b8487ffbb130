"""The tokens of a text field: each row's stand behind those of the row before, as the elements of arrays do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from ..schema.fields import Field
from .builders import StringBuilder
from .column import ArrayColumn, JsonKind, StringColumn, allocated
from .growable import Growable


@dataclass(frozen=True, slots=True)
class TokenColumn:
    """``tokens``: each row's tokens in their order. ``positions``: (m,) int32, the offset of each among the
    words of its text, or None; words that the analyzer drops leave a gap.
    """

    tokens: ArrayColumn
    positions: npt.NDArray[np.int32] | None

    @property
    def codes(self) -> StringColumn:
        """The tokens of all rows."""
        assert isinstance(self.tokens.elements, StringColumn)
        return self.tokens.elements

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return self.tokens.size + allocated(self.positions)


class TokenBuilder:
    """Tokens of stored texts; None is null. Positions take several times as long, so they are optional."""

    def __init__(self, field: Field, *, positions: bool) -> None:
        from ..text.analyzer import analyzer  # with the first search for words: it takes a while

        self._analyzer = analyzer(field.analyzer_params)
        self._kinds: Growable[np.uint8] = Growable(np.uint8)
        self._offsets: Growable[np.int64] = Growable(np.int64)
        self._offsets.append(np.zeros(1, dtype=np.int64))
        self._tokens = StringBuilder()
        self._positions: Growable[np.int32] | None = Growable(np.int32) if positions else None
        self._count = 0

    def append(self, texts: Sequence[str | None]) -> None:
        present = ["" if text is None else text for text in texts]
        if self._positions is None:
            found = self._analyzer.tokens(present)
        else:
            placed = [self._analyzer.positioned(text) for text in present]
            found = [[token.text for token in tokens] for tokens in placed]
            positions = [token.position for tokens in placed for token in tokens]
            self._positions.append(np.array(positions, dtype=np.int32))
        kinds = [JsonKind.NO_DOCUMENT if text is None else JsonKind.ARRAY for text in texts]
        ends = self._count + np.cumsum([len(tokens) for tokens in found], dtype=np.int64)
        self._count = int(ends[-1]) if len(ends) else self._count
        self._kinds.append(np.array(kinds, dtype=np.uint8))
        self._offsets.append(ends)
        self._tokens.append(list(chain.from_iterable(found)))

    def view(self) -> TokenColumn:
        tokens = ArrayColumn(self._kinds.view(), self._offsets.view(), self._tokens.view())
        return TokenColumn(tokens, None if self._positions is None else self._positions.view())
