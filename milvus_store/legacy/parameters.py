"""Parameters of each index type, for building and for searching, with their ranges.

All of them must be given, as in Milvus 0.9. Parameters of other index types are ignored, because scripts search
with ``nprobe`` before and after ``create_index``. A name that no index type has is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from milvus_store.options import judge_options

from .enums import IndexType
from .status import Refused, Status

MAX_TOP_K: Final = 2048
UNBOUNDED: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """An integer from ``low`` to ``high``, or one of ``choices``."""

    name: str
    low: int = 0
    high: int = UNBOUNDED
    choices: tuple[int, ...] = ()

    def check(self, given: Mapping[str, Any]) -> int:
        """The parameter's value in ``given``; raises Refused with ILLEGAL_ARGUMENT."""
        if self.name not in given:
            raise Refused(Status.ILLEGAL_ARGUMENT, f"Parameter list must contain: {self.name}")
        value = given[self.name]
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
            raise Refused(
                Status.ILLEGAL_ARGUMENT,
                f"Invalid {self.name}: must be an int, got {type(value).__name__}: {value!r}",
            )
        if value in self.choices if self.choices else self.low <= value <= self.high:
            return int(value)
        raise Refused(Status.ILLEGAL_ARGUMENT, f"Invalid {self.name} value: {value}. {self.describe()}")

    def describe(self) -> str:
        if self.choices:
            return f"It must be one of: {', '.join(map(str, self.choices))}"
        high = "∞)" if self.high == UNBOUNDED else f"{self.high}]"
        return f"Valid range is [{self.low}, {high}"


MAX_LISTS: Final = 65_536
"""The largest ``nlist`` of current indexes; a larger one is lowered to it."""
_NLIST: Final = Parameter("nlist", 1, 999_999)
_IVF: Final = (_NLIST,)
_PQ_CHOICES: Final = (96, 64, 56, 48, 40, 32, 28, 24, 20, 16, 12, 8, 4, 3, 2, 1)

BUILD_PARAMETERS: Final[Mapping[IndexType, tuple[Parameter, ...]]] = {
    IndexType.FLAT: (),
    IndexType.IVFLAT: _IVF,
    IndexType.IVF_SQ8: _IVF,
    IndexType.IVF_SQ8H: _IVF,
    IndexType.IVF_PQ: (_NLIST, Parameter("m", choices=_PQ_CHOICES)),
    IndexType.RNSG: (
        Parameter("search_length", 10, 300),
        Parameter("out_degree", 5, 300),
        Parameter("candidate_pool_size", 50, 1000),
        Parameter("knng", 5, 300),
    ),
    IndexType.HNSW: (Parameter("M", 5, 48), Parameter("efConstruction", 100, 500)),
    IndexType.ANNOY: (Parameter("n_trees", 1, 1024),),
}


def search_parameters(kind: IndexType, top_k: int, built_with: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """The parameters that a search must give for an index of type ``kind`` that was built with ``built_with``."""
    if kind is IndexType.FLAT:
        return ()
    if kind is IndexType.RNSG:
        return (Parameter("search_length", 10, 300),)
    if kind is IndexType.HNSW:
        return (Parameter("ef", top_k, 4096),)
    if kind is IndexType.ANNOY:
        return (Parameter("search_k", top_k),)
    return (Parameter("nprobe", 1, int(built_with.get("nlist", _NLIST.high))),)


_SEARCH_NAMES: Final = ("nprobe", "search_length", "ef", "search_k")
_BUILD_NAMES: Final = tuple(
    {parameter.name: None for many in BUILD_PARAMETERS.values() for parameter in many}
)


def check_build(kind: IndexType, given: Mapping[str, Any], dimension: int) -> dict[str, int]:
    """The checked build parameters of an index of type ``kind``; raises Refused with ILLEGAL_ARGUMENT."""
    _check_names(given, "create_index")
    checked = {parameter.name: parameter.check(given) for parameter in BUILD_PARAMETERS[kind]}
    if "nlist" in checked:
        checked["nlist"] = min(checked["nlist"], MAX_LISTS)
    if kind is IndexType.IVF_PQ and dimension % checked["m"]:
        fitting = ", ".join(str(m) for m in _PQ_CHOICES if dimension % m == 0)
        raise Refused(
            Status.ILLEGAL_ARGUMENT,
            f"Invalid m value: {checked['m']}. It must divide the dimension, {dimension}: one of {fitting}",
        )
    return checked


def check_search(
    kind: IndexType, given: Mapping[str, Any], top_k: int, built_with: Mapping[str, Any]
) -> dict[str, int]:
    """The checked search parameters of an index of type ``kind``; raises Refused with ILLEGAL_ARGUMENT."""
    _check_names(given, "search")
    if kind is IndexType.ANNOY and given.get("search_k") == -1:  # the index decides it
        return {"search_k": -1}
    return {
        parameter.name: parameter.check(given) for parameter in search_parameters(kind, top_k, built_with)
    }


def _check_names(given: Mapping[str, Any], call: str) -> None:
    """The parameters that any index takes for build or search: each index ignores those of the others."""
    judge_options(
        call,
        {str(name): value for name, value in given.items()},
        _SEARCH_NAMES + _BUILD_NAMES,
        what="parameter",
        error=partial(Refused, Status.ILLEGAL_ARGUMENT),
    )
