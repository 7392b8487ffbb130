"""The keywords of a search that group by a path in a JSON field: ``json_path``, ``json_type``, ``strict_cast``.

Whether the field has such values is the engine's to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from milvus_store_lite import DataType, ParamError, PathCast

JSON_GROUP_OPTIONS: Final = ("json_path", "json_type", "strict_cast")

_STRING: Final = 20
"""pymilvus's ``DataType.STRING``, for which Milvus takes VARCHAR."""


def json_group(options: Mapping[str, Any], name: object) -> tuple[str, PathCast | None] | None:
    """The path that the keywords make of ``group_by_field``, and what its values are read as; None without them.

    Raises:
        ParamError: there is no such field, or a keyword is not what it has to be.
    """
    path, json_type, strict = (options.get(key) for key in JSON_GROUP_OPTIONS)
    if path is None and json_type is None and strict is None:
        return None
    if not name or not isinstance(name, str):
        raise ParamError(message=f"{', '.join(JSON_GROUP_OPTIONS)} need a group_by_field, got {name!r:.80}")
    if strict is not None and not isinstance(strict, bool):
        raise ParamError(message=f"strict_cast must be a bool, got {type(strict).__name__}: {strict!r:.80}")
    if path is not None:
        asked = _path_in(name.partition("[")[0], path)
        if "[" in name and asked != name:
            raise ParamError(
                message=f"group_by_field {name!r:.80} and json_path {path!r:.80} name two paths: give one of them"
            )
        name = asked
    if json_type is None and not strict:
        return name, None
    return name, PathCast(None if json_type is None else _type(json_type), bool(strict))


def _path_in(field: str, path: object) -> str:
    """The path as the filter language writes it: the JSON pointer ``/a/0`` is ``field["a"][0]``."""
    if isinstance(path, str) and path.startswith(f"{field}["):
        return path
    if not isinstance(path, str) or not path.startswith("/"):
        raise ParamError(
            message=f"json_path must be a path such as '{field}[\"key\"]' or '/key', got {path!r:.80}"
        )
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    return field + "".join(
        f"[{step if step.isdecimal() else json.dumps(step, ensure_ascii=False)}]" for step in steps
    )


def _type(given: Any) -> DataType:
    try:
        return DataType.VARCHAR if given == _STRING else DataType(given)
    except ValueError:
        raise ParamError(message=f"json_type must be a DataType, got {given!r:.80}") from None
