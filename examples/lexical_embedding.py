"""An embedding that needs no model and no network: words and their letter groups, hashed into slots.

It compares spelling, not meaning, which is enough to find a passage that shares the question's rare words.
For meaning, put any other `langchain_core.embeddings.Embeddings` in its place.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings

DIMENSION = 1024
LETTER_GROUPS = (3, 4)  # lengths; they let "format" meet "formatting", and a misspelt word its model

_WORD = re.compile(r"\w+|[-+*/%@&|^~<>=!:]+")  # a run of operator signs is a word too
_SIGN_BIT = 1 << 31

Vectors = npt.NDArray[np.float32]


class Slots(NamedTuple):
    """What one word adds to the vector of a text: a value for each of a few slots."""

    positions: npt.NDArray[np.intp]
    values: npt.NDArray[np.float64]


class LexicalEmbedding(Embeddings):
    """Texts as unit vectors: the cosine of two of them grows with the rare words they share.

    Nothing needs to be stored for a later process: fitted to the same texts, it gives the same vectors,
    because `zlib.crc32` hashes a word alike on every machine, which the built-in `hash` does not.
    """

    def __init__(self, weights: Mapping[str, float], unseen: float, dimension: int = DIMENSION) -> None:
        self.dimension = dimension
        self._weights = weights
        self._unseen = unseen
        self._slots: dict[str, Slots] = {}

    @classmethod
    def fit(cls, texts: Sequence[str], dimension: int = DIMENSION) -> LexicalEmbedding:
        """Weigh each word by how few of the texts use it: its inverse document frequency."""
        used_in = Counter(word for text in texts for word in set(words_of(text)))
        weights = {word: math.log(1 + len(texts) / count) for word, count in used_in.items()}
        return cls(weights, unseen=math.log(1 + len(texts)), dimension=dimension)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text."""
        return [self._unit_vector(text).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of one question."""
        return self.embed_documents([text])[0]

    def _unit_vector(self, text: str) -> Vectors:
        """The sum of the words' slots; a word said often counts more, but ever less per repetition."""
        counts = Counter(words_of(text))
        if not counts:
            return np.zeros(self.dimension, np.float32)
        slots = [self._slots_of(word) for word in counts]
        positions = np.concatenate([slot.positions for slot in slots])
        values = np.concatenate(
            [slot.values * (1 + math.log(n)) for slot, n in zip(slots, counts.values(), strict=True)]
        )
        vector = np.bincount(positions, values, self.dimension)
        return (vector / (np.linalg.norm(vector) or 1.0)).astype(np.float32)

    def _slots_of(self, word: str) -> Slots:
        """Half of a word's weight lies on the whole word, half on its letter groups."""
        if word not in self._slots:
            groups = letter_groups(word)
            weight = self._weights.get(word, self._unseen)
            hashes = np.array([zlib.crc32(feature.encode()) for feature in (word, *groups)])
            shares = np.array([1.0] + [1 / math.sqrt(len(groups))] * len(groups))
            signs = np.where(hashes & _SIGN_BIT, 1, -1)  # words that meet in a slot cancel as often as add
            self._slots[word] = Slots(hashes % self.dimension, weight * shares * signs)
        return self._slots[word]


def words_of(text: str) -> list[str]:
    """The words, names and operators of a text, in lower case."""
    return _WORD.findall(text.lower())


def letter_groups(word: str) -> list[str]:
    """Every run of three and of four letters, the word's edges marked: `<wit`, `with`, `ith>` …"""
    marked = f"<{word}>"
    return [marked[i : i + n] for n in LETTER_GROUPS for i in range(len(marked) - n + 1)]
