"""What there is to try: the methods of pymilvus's clients, and every argument that they take.

pymilvus hands ``**kwargs`` from its clients to its handlers and to the functions that pack requests. Their
source says which names are read on the way: ``kwargs.get("limit")``, ``"limit" in kwargs``, and parameters of a
function that gets ``**kwargs``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Final

import pymilvus

CLIENTS: Final[Mapping[str, type]] = {
    "MilvusClient": pymilvus.MilvusClient,
    "AsyncMilvusClient": pymilvus.AsyncMilvusClient,
}

_MODULES: Final = [
    importlib.import_module(f"pymilvus.{name}")
    for name in (
        "milvus_client.milvus_client",
        "milvus_client.async_milvus_client",
        "milvus_client.base",
        "milvus_client.index",
        "client.abstract",
        "client.async_grpc_handler",
        "client.grpc_handler",
        "client.iterator",
        "client.prepare",
        "client.search_iterator",
        "client.ts_utils",
        "client.utils",
        "decorators",
        "orm.iterator",
        "orm.schema",
    )
    if importlib.util.find_spec(f"pymilvus.{name}")
]

_HANDLERS: Final = {"MilvusClient": "GrpcHandler", "AsyncMilvusClient": "AsyncGrpcHandler"}

NOT_ARGUMENTS: Final = frozenset({"kwargs", "context", "self", "cls"})
"""``context`` is made by the client itself, and one that a caller gives is an error in pymilvus."""

_PROPERTIES: Final = frozenset({"uri"})


@dataclass(frozen=True)
class _Function:
    """A function of pymilvus, where its class is, and the module whose names it sees."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    owner: str
    module: ModuleType


@cache
def _functions() -> dict[tuple[str, str], _Function]:
    """(class or nothing, name) → function."""
    found = {}
    for module in _MODULES:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found["", node.name] = _Function(node, "", module)
            elif isinstance(node, ast.ClassDef):
                for part in node.body:
                    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                        found[node.name, part.name] = _Function(part, node.name, module)
    return found


def methods(client: str) -> list[str]:
    """Public methods of pymilvus's class ``client``, in the order of its source."""
    names = [name for kind in reversed(CLIENTS[client].__mro__) for name in vars(kind)]
    return [
        name
        for name in dict.fromkeys(names)
        if not name.startswith("_") and callable(getattr(CLIENTS[client], name))
    ]


@cache
def arguments(client: str, method: str) -> list[str]:
    """Names of what ``method`` takes: its own parameters, and what is read of its ``**kwargs``."""
    signature = inspect.signature(getattr(CLIENTS[client], method))
    found = dict.fromkeys(signature.parameters)
    function = _method(client, method)
    if function is not None:
        found.update(dict.fromkeys(sorted(_read(function, client, frozenset()))))
    return [name for name in found if name not in NOT_ARGUMENTS and not name.startswith("_")]


def _method(client: str, method: str) -> _Function | None:
    for kind in CLIENTS[client].__mro__:
        if (kind.__name__, method) in _functions():
            return _functions()[kind.__name__, method]
    return None


def _read(function: _Function, client: str, above: frozenset[tuple[str, str]]) -> set[str]:
    """The names that ``function`` and what it calls read of its ``**kwargs``."""
    key = function.owner, function.node.name
    rest = _name_of_rest(function.node)
    if rest is None or key in above:
        return set()
    found: set[str] = set()
    for node in ast.walk(function.node):
        found.update(_names_at(node, rest, function.module))
        if isinstance(node, ast.Call):
            called = _called(node, function, client)
            if called is not None and _hands_over(node, rest):
                given = {keyword.arg for keyword in node.keywords}
                own = [one.arg for one in (*called.node.args.args, *called.node.args.kwonlyargs)]
                if any(keyword.arg is None for keyword in node.keywords):
                    skipped = len(node.args) + (bool(called.owner) and own[:1] in (["self"], ["cls"]))
                    found.update(name for name in own[skipped:] if name not in given)
                found.update(_read(called, client, above | {key}) - given)
    return found


def _name_of_rest(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """The name of ``**kwargs``, or of a parameter by which it comes as a dictionary."""
    if node.args.kwarg:
        return node.args.kwarg.arg
    return "kwargs" if any(one.arg == "kwargs" for one in node.args.args) else None


def _hands_over(call: ast.Call, rest: str) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Name) and value.id == rest for value in given)


def _called(call: ast.Call, function: _Function, client: str) -> _Function | None:
    if isinstance(call.func, ast.Name):
        name, owner = call.func.id, ""
        if ("", name) not in _functions():
            owner, name = name, "__init__"
        return _functions().get((owner, name))
    if not isinstance(call.func, ast.Attribute):
        return None
    name, receiver = call.func.attr, call.func.value
    if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls"):
        kinds: list[str] = [function.owner]
        if function.owner in CLIENTS:
            kinds = [kind.__name__ for kind in CLIENTS[function.owner].__mro__]
    elif isinstance(receiver, ast.Name) and (receiver.id, name) in _functions():
        kinds = [receiver.id]
    else:
        kinds = [_HANDLERS[client]]  # a connection, whatever it is called there
    return next((_functions()[kind, name] for kind in kinds if (kind, name) in _functions()), None)


def _names_at(node: ast.AST, rest: str, module: ModuleType) -> Iterator[str]:
    """Keys of the dictionary ``rest`` that ``node`` itself reads."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if _is_name(node.func.value, rest) and node.func.attr in ("get", "pop", "setdefault"):
            found.append(node.args[0])
    elif isinstance(node, ast.Subscript) and _is_name(node.value, rest) and isinstance(node.ctx, ast.Load):
        found.append(node.slice)
    elif isinstance(node, ast.Compare) and any(_is_name(one, rest) for one in node.comparators):
        found.append(node.left)
    for key in found:
        value: Any = None
        if isinstance(key, ast.Constant):
            value = key.value
        elif isinstance(key, ast.Name):
            value = getattr(module, key.id, None)
        if isinstance(value, str):
            yield value


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
