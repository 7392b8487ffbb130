"""Parameters of a MINHASH function, with the names and defaults of Milvus's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import ParamError
from ..suggestions import did_you_mean

HASH_BITS: Final = 32
"""Bits of one hash of a signature."""

_HASH_FUNCTIONS: Final = {"xxhash": "xxhash64", "xxhash64": "xxhash64", "sha1": "sha1"}
_TOKEN_LEVELS: Final = {"word": "word", "char": "char", "character": "char"}
_NAMES: Final = ("num_hashes", "shingle_size", "hash_function", "token_level", "seed")


@dataclass(frozen=True, slots=True)
class MinHash:
    """How a text becomes a signature.

    Args:
        num_hashes: how many hashes a signature has.
        shingle_size: words or bytes that are hashed together.
        hash_function: ``xxhash64`` or ``sha1``.
        token_level: ``word``, or ``char`` for the bytes of the text.
        seed: of the permutations.
    """

    num_hashes: int
    shingle_size: int = 3
    hash_function: str = "xxhash64"
    token_level: str = "word"
    seed: int = 1234

    @classmethod
    def of(cls, function: str, given: Mapping[str, Any], dim: int | None) -> MinHash:
        """The parameters ``given`` to the function of this name, whose output field has ``dim`` bits.

        Raises:
            ParamError: one is not known, or not what it must be, or they do not make vectors of this dimension.
        """
        where = f"function '{function}' (MINHASH)"
        params = {str(name).lower(): value for name, value in given.items()}
        for name in params:
            if name not in _NAMES:
                hint = did_you_mean(name, _NAMES) or f", expected one of {', '.join(_NAMES)}"
                raise ParamError(message=f"{where} got an unexpected parameter {name!r}{hint}")
        fits = (dim or 0) // HASH_BITS
        hashes = _whole(where, "num_hashes", params.get("num_hashes", fits), 1)
        if hashes * HASH_BITS != dim:
            raise ParamError(
                message=f"{where}: its output field must have {HASH_BITS} bits for each of num_hashes={hashes}, "
                f"which is dim={hashes * HASH_BITS}, got dim={dim}"
            )
        return cls(
            hashes,
            _whole(where, "shingle_size", params.get("shingle_size", 3), 1),
            _one_of(where, "hash_function", params.get("hash_function", "xxhash64"), _HASH_FUNCTIONS),
            _one_of(where, "token_level", params.get("token_level", "word"), _TOKEN_LEVELS),
            _whole(where, "seed", params.get("seed", 1234), None),
        )


def _whole(where: str, name: str, given: Any, least: int | None) -> int:
    try:
        value = int(given) if isinstance(given, (int, str)) and not isinstance(given, bool) else None
    except ValueError:
        value = None
    if value is None or (least is not None and value < least):
        expected = "an int" if least is None else f"an int of at least {least}"
        raise ParamError(message=f"{where}: {name} must be {expected}, got {given!r:.80}")
    return value


def _one_of(where: str, name: str, given: Any, known: Mapping[str, str]) -> str:
    found = known.get(given.lower()) if isinstance(given, str) else None
    if found is None:
        raise ParamError(message=f"{where}: {name} must be one of {', '.join(known)}, got {given!r:.80}")
    return found
