"""The index types that binary vectors may have, of which each is an exact scan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import ParamError
from ..schema.fields import Field
from ..schema.minhash import HASH_BITS
from .index_type import IndexType
from .parameters import Parameter

EXACT: Final = "exact scan"

NLIST: Final = Parameter("nlist", int, 1, 65_536, 128)
NPROBE: Final = Parameter("nprobe", int, 1, 65_536, 8)

_OF_BITS: Final = ("HAMMING", "JACCARD", "TANIMOTO")
_OF_SETS: Final = (*_OF_BITS, "SUBSTRUCTURE", "SUPERSTRUCTURE", "MHJACCARD")

_ELEMENT_BITS: Final = Parameter(
    "mh_element_bit_width", int, default=8, choices=(8, 16, 32, 64), divides="dim"
)
"""How many bits of a vector are one hash, for MHJACCARD."""

BINARY_TYPES: Final = (
    IndexType("BIN_FLAT", _OF_SETS, EXACT, (_ELEMENT_BITS,)),
    IndexType("BIN_IVF_FLAT", _OF_BITS, EXACT, (NLIST,), (NPROBE,)),
    IndexType(
        "MINHASH_LSH",
        ("MHJACCARD",),
        EXACT,
        (
            _ELEMENT_BITS,
            Parameter("mh_lsh_band", int, 1, None, 1),
            Parameter("mh_lsh_aligned_block_size", int, 4096, None, 4096),
            Parameter("mh_lsh_code_in_mem", bool, default=True),
            Parameter("mh_lsh_shared_bloom_filter", bool, default=False),
            Parameter("mh_lsh_bloom_false_positive_prob", float, 0, 1, 0.01),
            Parameter("with_raw_data", bool, default=False),
        ),
        (
            Parameter("mh_search_with_jaccard", bool, default=False),
            Parameter("mh_lsh_batch_search", bool, default=False),
            Parameter("refine_k", int, 1, None, 1),
        ),
    ),
    IndexType("AUTOINDEX", _OF_SETS, EXACT),
)


def minhash_parameters(built: Mapping[str, Any]) -> dict[str, Any]:
    """The width of a hash in an index that was built with ``built``."""
    return {_ELEMENT_BITS.name: built.get(_ELEMENT_BITS.name, _ELEMENT_BITS.default)}


def check_hashes(field: Field, checked: dict[str, Any]) -> None:
    """Let the parameters of an index on the output of a MINHASH function say how wide its hashes are."""
    width = checked.setdefault(_ELEMENT_BITS.name, HASH_BITS)
    if width != HASH_BITS:
        raise ParamError(
            message=f"parameter {_ELEMENT_BITS.name!r} of an index on field '{field.name}' must be {HASH_BITS}, "
            f"as a MINHASH function fills the field, got {width}"
        )
