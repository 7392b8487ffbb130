"""``milvus-store size``: where the bytes of a file are, or what a collection will take that is not made yet."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from enum import Enum
from typing import Any

from milvus_store_lite import DEFAULT_DATABASE, DataType

from ..errors import ParamError
from ..sizing import CollectionSizes, FileSizes, Memory, MilvusNeeds, Plan, file_sizes, plan
from ..sizing.milvus import SOURCE, TOOL
from ..sizing.speeds import MACHINE
from .arguments import Commands, add_json, existing
from .output import counted, print_json, shown_size

_VECTORS = {
    "float": DataType.FLOAT_VECTOR,
    "fp16": DataType.FLOAT16_VECTOR,
    "bf16": DataType.BFLOAT16_VECTOR,
    "int8": DataType.INT8_VECTOR,
    "binary": DataType.BINARY_VECTOR,
    "sparse": DataType.SPARSE_FLOAT_VECTOR,
}
_MOST_MEMORY = 1e9
_PLANNED = ("dim", "vector", "text", "scalars", "index", "metric", "param", "machine_memory")


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "size",
        help="where the bytes of a file are, or what a collection would take",
        description="With FILE: the bytes of each collection, table, field and index, and the memory of a process "
        "that searches it. With --rows and --dim: disk, memory and classes of time that a collection of integer "
        "keys and vectors would take, when to leave for a Milvus cluster, and what that would need.",
    )
    command.add_argument("file", metavar="FILE", nargs="?", help="a database file, which is read once")
    command.add_argument("--rows", type=_whole, metavar="N", help="such as 2e6")
    command.add_argument("--dim", type=_whole, metavar="N", help="of a vector; of a sparse one, its values")
    command.add_argument("--vector", choices=_VECTORS, help="by default float")
    command.add_argument(
        "--text", type=_whole, metavar="BYTES", help="of a text in each row; by default none"
    )
    command.add_argument("--scalars", type=_whole, metavar="N", help="further fields of numbers")
    command.add_argument("--index", metavar="TYPE", help="by default AUTOINDEX")
    command.add_argument("--metric", metavar="METRIC", help="by default the first of the index type")
    command.add_argument(
        "--param", action="append", metavar="NAME=VALUE", help="of the index, such as M=16 or nlist=1024"
    )
    command.add_argument("--machine-memory", type=float, metavar="GB", help="by default 16")
    add_json(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    given = {name: getattr(arguments, name) for name in _PLANNED if getattr(arguments, name) is not None}
    if arguments.file is not None:
        if given or arguments.rows is not None:
            raise ParamError(message="expected a FILE or --rows and --dim, got both")
        sizes = file_sizes(existing(arguments.file))
        print_json(_plain(sizes)) if arguments.json else _print_file(sizes)
        return 0
    if arguments.rows is None or arguments.dim is None:
        raise ParamError(message="expected a FILE, or --rows and --dim")
    planned = _plan(arguments.rows, given)
    print_json(_plain(planned)) if arguments.json else _print_plan(planned)
    return 0


def _plan(rows: int, given: dict[str, Any]) -> Plan:
    if "vector" in given:
        given["vector"] = _VECTORS[given["vector"]]
    elif given.get("index", "").upper().startswith("BIN_"):
        given["vector"] = DataType.BINARY_VECTOR
    if "param" in given:
        given["parameters"] = dict(map(_parameter, given.pop("param")))
    if "machine_memory" in given:
        given["machine_memory"] = _bytes(given["machine_memory"])
    return plan(rows, given.pop("dim"), **given)


def _whole(text: str) -> int:
    """A whole number, also written like ``2e6``."""
    number = float(text)
    if not number.is_integer() or number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}")
    return int(number)


def _bytes(gigabytes: float) -> int:
    if not 0 < gigabytes < _MOST_MEMORY:
        raise ParamError(message=f"--machine-memory must be a number of GB, got {gigabytes:g}")
    return int(gigabytes * 2**30)


def _parameter(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise ParamError(message=f"--param must be NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _plain(value: Any) -> Any:
    """``value``, a data class, as JSON holds it."""

    def by_name(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: each.name if isinstance(each, Enum) else each for key, each in pairs}

    return asdict(value, dict_factory=by_name)


# A plan ---------------------------------------------------------------------------------------------------


def _print_plan(found: Plan) -> None:
    workload, disk, memory = found.workload, found.disk, found.memory
    text = f", {counted(workload.text, 'byte')} of text" if workload.text else ""
    scalars = f", {counted(workload.scalars, 'number')}" if workload.scalars else ""
    vector = next(name for name, kind in _VECTORS.items() if kind is workload.vector)
    print(f"{counted(workload.rows, 'row')} of {workload.dim} {vector}{text}{scalars}, {workload.index}")
    index = f", index {shown_size(disk.index)}" if disk.index else ""
    print(
        f"  disk      {shown_size(disk.total)}: vectors {shown_size(disk.vectors)}{index}, "
        f"rows and keys {shown_size(disk.rows + disk.keys)}; while writing up to {shown_size(found.writing)}"
    )
    print(f"  memory    {_shown_memory(memory)}")
    if memory.building is not None:
        print(f"  building  {shown_size(memory.building)} of memory at its peak, takes {found.build_time}")
    print(f"  search    {found.latency} ({memory.structure.value}; on {MACHINE})")
    if not found.is_measured:
        print("  no file of this size was measured: formulas only")
    for hint in found.hints:
        print(f"  hint      {hint}")
    if not found.leave:
        print("  a file serves this, unless one machine may fail or has more searches than it can answer")
    for reason in found.leave:
        print(f"  leave     {reason}")
    _print_milvus(found.milvus)


def _shown_memory(memory: Memory) -> str:
    of_vectors = f", vectors {shown_size(memory.vectors)}" if memory.vectors else ""
    of_index = f", index {shown_size(memory.index)}" if memory.index else ""
    return f"{shown_size(memory.open)} open, {shown_size(memory.searching)} searching{of_vectors}{of_index}"


def _print_milvus(needs: MilvusNeeds) -> None:
    kind = "a cluster" if needs.is_cluster else "one server"
    print(f"\nMilvus would need {kind}: {needs.cores:g} cores, {needs.memory:,} GB of memory")
    for nodes in needs.nodes:
        disk = f", {nodes.disk:,} GB of disk" if nodes.disk else ""
        cores = "1 core" if nodes.cores == 1 else f"{nodes.cores:g} cores"
        print(f"  {nodes.count:>3} x {nodes.kind:<15} {cores}, {nodes.memory:,} GB{disk}")
    print(f"by the rules of {TOOL}\n({SOURCE})")


# A file ---------------------------------------------------------------------------------------------------


def _print_file(sizes: FileSizes) -> None:
    print(
        f"{sizes.path}: {shown_size(sizes.pages)}, of them {shown_size(sizes.free)} free and "
        f"{shown_size(sizes.catalog)} of the catalog; write-ahead log {shown_size(sizes.log)}"
    )
    if not sizes.is_exact:
        print("this SQLite does not tell pages: sizes of tables are the lengths of their values")
    for collection in sizes.collections:
        _print_collection(collection)
    print(f"\na process that searches all of it takes {shown_size(sizes.searching)} of memory")


def _print_collection(collection: CollectionSizes) -> None:
    if collection.database is None:
        of = " (kept by a snapshot)"
    elif collection.database == DEFAULT_DATABASE:
        of = ""
    else:
        of = f" of database {collection.database}"
    print(f"\n{collection.name}{of}: {counted(collection.rows, 'row')}, {shown_size(collection.size)}")
    for table in sorted(collection.tables, key=lambda table: -table.size):
        on = "" if table.field is None else f", field {table.field}"
        print(f"  {shown_size(table.size):>12}  {table.holds}{on}")
        if table.holds == "rows":
            for field, size in collection.fields.items():
                print(f"  {shown_size(size):>12}    {field}")
    for field, memory in collection.memory.items():
        print(f"  searched by {field}: {_shown_memory(memory)}; {memory.structure.value}")
