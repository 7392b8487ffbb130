"""What a collection will take that is not made yet, and whether a file is the place for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from milvus_store_lite import DataType, Disk, Estimate, Memory, ParamError, Structure, Workload, estimate

from .milvus import MilvusNeeds, milvus_needs
from .speeds import build_class, build_seconds, search_class, search_milliseconds

MACHINE_MEMORY: Final = 16 << 30
"""Bytes of the machine, where none are given."""

_LONGEST_SEARCH: Final = 100.0
_LONGEST_BUILD: Final = 3_600.0
_MEASURED: Final = 1_000_000 * 384
"""The largest collection of which numbers were measured, in dimensions of all vectors."""
_LOG: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``workload`` takes in a file, and what Milvus would need for it.

    ``disk``: of the closed file. ``writing``: bytes on disk at most while rows are written and the index is
    stored. ``build_time`` and ``latency``: classes. ``leave``: why a file is not the place for it, none if it
    is. ``hints``: what would help before that. ``is_measured``: whether files of this size were measured.
    """

    workload: Workload
    disk: Disk
    writing: int
    memory: Memory
    build_time: str
    latency: str
    leave: tuple[str, ...]
    hints: tuple[str, ...]
    is_measured: bool
    milvus: MilvusNeeds


def plan(
    rows: int,
    dim: int,
    *,
    vector: DataType = DataType.FLOAT_VECTOR,
    text: int = 0,
    scalars: int = 0,
    index: str = "AUTOINDEX",
    metric: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    machine_memory: int = MACHINE_MEMORY,
) -> Plan:
    """What ``rows`` rows with integer keys and one vector field will take.

    Args:
        dim: of the vectors; of sparse ones, how many values each has.
        text: the mean bytes of a text field, 0 for none.
        scalars: how many further fields of numbers.
        parameters: those of ``create_index``, as ``{"M": 16}``.
        machine_memory: bytes of the machine's memory.

    >>> from milvus_store.sizing import plan
    >>> found = plan(2_000_000, 768, text=500)
    >>> found.latency, found.build_time, found.leave
    ('1 to 10 ms', 'minutes', ())

    Raises:
        ParamError: there can be no such collection or index.
    """
    if type(machine_memory) is not int or machine_memory < 1:
        raise ParamError(message=f"machine_memory must be a number of bytes, got {machine_memory!r}")
    workload = Workload(rows, dim, vector, text, scalars, index, metric, parameters or {})
    found = estimate(workload)
    milliseconds, seconds = search_milliseconds(found), build_seconds(found)
    return Plan(
        workload,
        found.disk,
        found.disk.total + _LOG + found.disk.index,
        found.memory,
        build_class(seconds),
        search_class(milliseconds),
        tuple(_reasons(found, milliseconds, seconds, machine_memory)),
        tuple(_hints(found, milliseconds, machine_memory)),
        rows * dim <= _MEASURED,
        milvus_needs(workload),
    )


def _reasons(found: Estimate, milliseconds: float, seconds: float, machine_memory: int) -> list[str]:
    """Why a file is not the place for it."""
    memory = found.memory
    reasons = []
    if memory.searching > machine_memory:
        reasons.append("a process that searches takes more memory than the machine has")
    elif memory.building is not None and memory.building > machine_memory:
        reasons.append("building the index takes more memory than the machine has")
    if milliseconds > _LONGEST_SEARCH:
        reasons.append(f"a search takes more than {_LONGEST_SEARCH:.0f} ms")
    if seconds > _LONGEST_BUILD:
        reasons.append("building the index takes hours")
    if milvus_needs(found.workload).is_cluster:
        reasons.append("Milvus's own rules ask for a cluster at this size")
    return reasons


def _hints(found: Estimate, milliseconds: float, machine_memory: int) -> list[str]:
    """What changes more than another server would."""
    hints = []
    workload, memory = found.workload, found.memory
    is_dense = workload.vector not in (DataType.BINARY_VECTOR, DataType.SPARSE_FLOAT_VECTOR)
    is_slow = milliseconds > _LONGEST_SEARCH or memory.searching > machine_memory
    if is_dense and is_slow and memory.structure is Structure.SCAN:
        hints.append("an AUTOINDEX searches a fraction of it, in a fraction of the memory")
    elif is_dense and memory.searching > machine_memory and workload.index.upper() != "AUTOINDEX":
        hints.append("an AUTOINDEX takes a fraction of the memory")
    return hints
