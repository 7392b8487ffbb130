"""How long building an index and searching take, in classes: each is ten times the one before, or nearly.

Figures are of the machine that ``MACHINE`` names. Data move them by a factor, so there are classes and no
seconds.
"""

from __future__ import annotations

from typing import Final

from milvus_store_lite import Estimate, Structure

MACHINE: Final = "two cores of a shared server"

_CODES: Final = ("AUTOINDEX", "DISKANN", "AISAQ", "ANNOY", "IVF_RABITQ")
_GRAPHS: Final = ("HNSW", "HNSW_SQ", "HNSW_PQ", "HNSW_PRQ", "RNSG", "GPU_CAGRA")

_SCANNED: Final = 18e9
"""Bytes of vectors that an exact scan passes in a second: 100,000 x 384 in 8 to 9 ms (docs/internals)."""
_LISTED: Final = 5e9
"""The same for the lists of an index, by one thread."""
_CALL_MS: Final = 0.07
_INDEX_MS: Final = 0.4
_CODE_MS: Final = 1e-5
"""A call, one by an index (AUTOINDEX, 100,000 x 384), and ranking a code of 384 dimensions."""
_VISITED: Final = 0.07
"""Lists that a search visits: a hundredth of clustered data, half of sentence embeddings, so a class
between."""
_READ_MS: Final = 2.5
_FEW_READ_MS: Final = 0.5
"""Reading the vectors of 400 candidates of 384 dimensions from the file, and of the few that are left where the
index has vectors or finer codes."""
_DIM: Final = 384

_CODES_BUILT: Final = 16e-6
_LISTS_BUILT: Final = 12e-6
_LINKED: Final = 4e-6
"""Seconds for each vector of 384 dimensions that joins codes (1,000,000 in 16.4 s) or lists; and a graph, for
each unit of efConstruction (benchmarks/sizing.py)."""
_EF_CONSTRUCTION: Final = 360
_LISTS, _PROBES = 128, 8

_SEARCH_CLASSES: Final = (
    (1, "below 1 ms"),
    (10, "1 to 10 ms"),
    (100, "10 to 100 ms"),
    (1_000, "100 ms to 1 s"),
)
_BUILD_CLASSES: Final = (
    (1, "below a second"),
    (10, "seconds"),
    (60, "less than a minute"),
    (600, "minutes"),
    (3_600, "less than an hour"),
)


def search_milliseconds(found: Estimate) -> float:
    """About what one search for ten rows takes, one after the other."""
    memory, workload = found.memory, found.workload
    wide = workload.dim / _DIM
    if memory.structure is Structure.SCAN:
        return _CALL_MS + memory.vectors / _SCANNED * 1e3
    name = workload.index.upper()
    if name in _GRAPHS:
        took = _INDEX_MS * (1 + wide) / 2
    elif name in _CODES:
        took = _INDEX_MS + workload.rows * _VISITED * _CODE_MS * wide
    else:
        lists = _parameter(found, "nlist", _LISTS)
        took = _INDEX_MS + memory.index * _PROBES / lists / _LISTED * 1e3
    if memory.structure is Structure.INDEX_ALONE:
        is_fine = memory.index >= workload.rows * workload.dim  # a byte for each dimension
        took += _FEW_READ_MS if is_fine else _READ_MS * wide
    return took


def build_seconds(found: Estimate) -> float:
    """About what building the index takes; 0 where there is none."""
    workload = found.workload
    if found.memory.building is None:
        return 0.0
    wide = workload.dim / _DIM
    name = workload.index.upper()
    if name in _GRAPHS:
        effort = _parameter(found, "efConstruction", _EF_CONSTRUCTION)
        return workload.rows * effort * _LINKED * (1 + wide) / 2
    return workload.rows * wide * (_CODES_BUILT if name in _CODES else _LISTS_BUILT)


def search_class(milliseconds: float) -> str:
    return next((name for most, name in _SEARCH_CLASSES if milliseconds < most), "more than a second")


def build_class(seconds: float) -> str:
    if seconds == 0:
        return "none"
    return next((name for most, name in _BUILD_CLASSES if seconds < most), "hours")


def _parameter(found: Estimate, name: str, default: int) -> int:
    return int(found.workload.parameters.get(name, default))
