"""Puts vectors back into the structs that they were given in: the two are stored apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ..codec import decode_vector
from ..schema.fields import Field


class StructVectors:
    """The vectors of an array of structs.

    Args:
        array: the array.
        fields: the fields of lists of vectors that are shown.
        chosen: the members that are shown, None for all.
    """

    def __init__(self, array: Field, fields: Sequence[Field], chosen: Collection[str] | None) -> None:
        self.fields: Final = tuple(field.name for field in fields)
        self._decoders = {field.member.name: (field.name, decode_vector(field)) for field in fields}
        self._names = [member.name for member in array.members if chosen is None or member.name in chosen]

    def added(
        self, structs: list[dict[str, Any]] | None, seq: int, stored: Mapping[str, Mapping[int, bytes | None]]
    ) -> list[dict[str, Any]] | None:
        """The ``structs`` of row ``seq`` with their vectors; ``stored``: field → seq → bytes.

        Raises:
            ValueError: there are more or fewer vectors than structs.
        """
        if structs is None:
            return None
        columns = {name: decode(stored[field][seq]) for name, (field, decode) in self._decoders.items()}
        for name, vectors in columns.items():
            if vectors is None or len(vectors) != len(structs):
                found = 0 if vectors is None else len(vectors)
                raise ValueError(f"{len(structs)} structs have {found} vectors in '{name}'")
        return [
            {name: columns[name][place] if name in columns else struct[name] for name in self._names}
            for place, struct in enumerate(structs)
        ]
