"""Results of calls, with the shapes and the printing of pymilvus's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from milvus_store_lite import FoundBuckets, FoundHits, Fragments

from .aggregations import AggregationBucket, as_buckets

if TYPE_CHECKING:
    from milvus_store_lite import Token


class LoadState(IntEnum):
    """Whether a collection is loaded, so that it answers searches."""

    NotExist = 0
    NotLoad = 1
    Loading = 2
    Loaded = 3

    def __repr__(self) -> str:
        return f"<LoadState: {self.name}>"

    def __str__(self) -> str:
        return self.name


class WriteResult(dict[str, Any]):
    """Counts and ids of a write; zero costs are not printed."""

    def __str__(self) -> str:
        return str({key: value for key, value in self.items() if value or key != "cost"})


class Entity(dict[str, Any]):
    """The output fields of a hit as ``hit.entity`` gives them: fields are attributes as well.

    As in pymilvus, it also knows what the hit itself holds: ``hit.entity.get("id")`` is the primary key.
    """

    __slots__ = ("_of_hit",)

    _of_hit: dict[str, Any]
    """Primary key and distance, by their names, in this order, and whatever else the hit has."""

    def __missing__(self, key: str) -> Any:
        return self._of_hit[key]

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __getattr__(self, name: str) -> Any:
        return _attribute(self, name)

    @property
    def id(self) -> Any:
        """The primary key."""
        return next(iter(self._of_hit.values()))

    @property
    def pk(self) -> Any:
        """The primary key."""
        return next(iter(self._of_hit.values()))

    @property
    def fields(self) -> dict[str, Any]:
        return self

    @property
    def score(self) -> float:
        value: float = self._of_hit["distance"]
        return value

    distance = score

    def to_dict(self) -> dict[str, Any]:
        """The whole hit."""
        return {**self._of_hit, "entity": dict(self)}


def _attribute(of: Any, name: str) -> Any:
    if name.startswith("_"):  # Python and copy ask for these, even before the object is complete
        raise AttributeError(f"{type(of).__name__} has no attribute {name!r}")
    try:
        return of[name]
    except KeyError:
        raise AttributeError(
            f"{type(of).__name__} has no attribute or field {name!r}: name it in output_fields"
        ) from None


class Hit(dict[str, Any]):
    """One found row: its primary key under the field's own name, ``distance`` and ``entity``.

    Keys of the entity are found on the hit as well, and are attributes of it: ``hit["color"]`` and ``hit.color``
    are ``hit["entity"]["color"]``.
    """

    __slots__ = ("_pk_name",)

    _pk_name: str

    def __missing__(self, key: str) -> Any:
        return super().__getitem__("entity")[key]

    def __getattr__(self, name: str) -> Any:
        return _attribute(self, name)

    def get(self, key: str, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    @property
    def id(self) -> Any:
        """The primary key."""
        return self[self._pk_name]

    @property
    def pk(self) -> Any:
        """The primary key."""
        return self[self._pk_name]

    @property
    def distance(self) -> float:
        value: float = self["distance"]
        return value

    score = distance

    @property
    def entity(self) -> Entity:
        """The output fields."""
        value = self["entity"]
        if type(value) is not Entity:
            value = Entity(value)
            value._of_hit = {name: part for name, part in self.items() if name != "entity"}
            self["entity"] = value  # made on demand: most callers read hit["entity"], which costs nothing
        found: Entity = value
        return found

    fields = entity

    @property
    def highlight(self) -> Any:
        """Field → the fragments of its text; None, as in pymilvus, if nothing was to be marked, unless a field has
        this name."""
        return self.get("highlight")

    def to_dict(self) -> dict[str, Any]:
        return self


class Hits(list[Hit]):
    """The hits of one query vector, nearest first."""

    def __init__(
        self, pk_name: str, ids: list[Any], distances: list[float], entities: list[dict[str, Any]]
    ) -> None:
        self.ids, self.distances = ids, distances
        for pk, near, entity in zip(ids, distances, entities, strict=True):
            hit = Hit()  # filled one by one, which takes less time than from another dictionary
            hit[pk_name] = pk
            hit["distance"] = near
            hit["entity"] = entity
            hit._pk_name = pk_name
            self.append(hit)

    def __str__(self) -> str:
        shown = list.__repr__(self[:10])
        return f"{shown} ... and {len(self) - 10} entities remaining" if len(self) > 10 else shown

    __repr__ = __str__


class SearchResult(list[Hits]):
    """One ``Hits`` for each query vector; ``agg_buckets``: the buckets of each, if the search asks for them."""

    def __init__(self, hits: list[Hits]) -> None:
        super().__init__(hits)
        self.extra: dict[str, Any] = {}
        self.agg_buckets: list[list[AggregationBucket]] = []

    @classmethod
    def of_buckets(cls, found: FoundBuckets) -> SearchResult:
        """The buckets that the engine has found, as ``agg_buckets``; there are no hits beside them."""
        result = cls([Hits("", [], [], []) for _ in found.buckets])
        result.agg_buckets = as_buckets(found)
        return result

    @classmethod
    def of(cls, found: FoundHits) -> SearchResult:
        """The hits that the engine has found, as dictionaries."""
        entities = found.entities()
        if len(found.starts) == 2:  # one query: nothing to cut
            result = cls([Hits(found.primary, found.pks, found.distances, entities)])
        else:
            result = cls(
                [
                    Hits(found.primary, found.pks[start:end], found.distances[start:end], entities[start:end])
                    for start, end in pairwise(found.starts)
                ]
            )
        if found.highlights is not None:
            result._highlight(found.highlights)
        if found.offsets is not None:
            result._place(found.offsets)
        return result

    def _place(self, offsets: Sequence[int]) -> None:
        """Give every hit its ``offset``, before the entity as in pymilvus."""
        for offset, hit in zip(offsets, chain.from_iterable(self), strict=True):
            entity = hit.pop("entity")
            hit["offset"] = offset
            hit["entity"] = entity

    def _highlight(self, highlights: Mapping[str, Sequence[Fragments]]) -> None:
        """Give every hit its fragments of each field; only those that models mark have scores."""
        for number, hit in enumerate(chain.from_iterable(self)):
            hit["highlight"] = {
                field: {"fragments": fragments[number].texts, "scores": fragments[number].scores}
                for field, fragments in highlights.items()
            }

    def __str__(self) -> str:
        more = f" ... and {len(self) - 10} results remaining" if len(self) > 10 else ""
        return f"data: {list.__repr__(self[:10])}{more}"

    __repr__ = __str__


_HASHED_BYTES: Final = 100


def _hash_of_term(term: str) -> int:
    """Milvus's number of a term: the CRC-32 of its first bytes, below the largest number of 32 bits."""
    return crc32(term.encode()[:_HASHED_BYTES]) % 0xFFFFFFFF


class AnalyzeResult:
    """The tokens of one text: strings, or dictionaries with offsets."""

    def __init__(self, tokens: list[Any]) -> None:
        self.tokens = tokens

    @classmethod
    def detailed(cls, text: str, tokens: list[Token]) -> AnalyzeResult:
        """``tokens`` of ``text`` with their offsets, in bytes as Milvus counts them."""
        bytes_before = list(accumulate((len(character.encode()) for character in text), initial=0))
        return cls(
            [
                {
                    "token": token.text,
                    "start_offset": bytes_before[token.start],
                    "end_offset": bytes_before[token.end],
                    "position": token.position,
                    "position_length": token.length,
                }
                for token in tokens
            ]
        )

    def hashed(self) -> AnalyzeResult:
        """The tokens as dictionaries with their hashes."""
        shown = [token if isinstance(token, dict) else {"token": token} for token in self.tokens]
        return AnalyzeResult([{**token, "hash": _hash_of_term(token["token"])} for token in shown])

    def __str__(self) -> str:
        return str(self.tokens)

    __repr__ = __str__


class QueryResult(list[dict[str, Any]]):
    """Rows as dictionaries."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__(rows)
        self.extra: dict[str, Any] = {"cost": 0}

    def __str__(self) -> str:
        return f"data: {list(map(str, self[:10]))}{' ...' if len(self) > 10 else ''}"

    __repr__ = __str__
