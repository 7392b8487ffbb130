"""JSON values and the dynamic field, as the text that SQLite stores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from ..errors import DataNotMatchException, shown
from ..process.stack import with_room
from ..schema.fields import DYNAMIC_FIELD, Field
from ..schema.model import Schema
from ..suggestions import did_you_mean
from .columns import Columns, as_list
from .plain import MAX_LEVELS, Path, Unfit, is_plain, to_plain

dump: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Values that are known to be plain, as compact JSON; an infinity or NaN is a ValueError."""


def encode_json(field: Field, values: Sequence[Any]) -> list[str]:
    """The values of a JSON field. Text and bytes are JSON already and are parsed, as by pymilvus."""
    return [
        _to_json(f"field '{field.name}' ({field.describe()})", row, value) for row, value in enumerate(values)
    ]


def _to_json(where: str, row: int, value: Any) -> str:
    if isinstance(value, (str, bytes, bytearray)):
        value = _parsed(where, row, value)
    try:
        return _text(value)
    except Unfit as unfit:
        _fail(row, where + _at(unfit.path), unfit)


def _text(value: Any, levels: int = MAX_LEVELS) -> str:
    """``value`` as compact JSON; raises Unfit if JSON cannot hold it."""
    try:
        if is_plain(value, levels):
            text = dump(value)
            text.encode()
            return text
    except (ValueError, RecursionError):
        pass  # NaN becomes null; a lone surrogate is found below
    return with_room(lambda: dump(to_plain(value, levels=levels)))


def _parsed(where: str, row: int, given: str | bytes | bytearray) -> Any:
    try:
        text = given if isinstance(given, str) else given.decode()
        value = with_room(lambda: json.loads(text, parse_constant=_refuse, parse_float=_finite))
    except (ValueError, RecursionError) as error:
        reason = "it nests too deep" if isinstance(error, RecursionError) else error
        raise DataNotMatchException(
            message=f"row {row}: {where}: expected JSON ({reason}), got {shown(given)}; text is parsed: "
            "to store a string, give json.dumps(text)"
        ) from None
    return value


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text:.40} is beyond the range of a 64-bit float")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _at(path: Path) -> str:
    """The steps of ``path``, as a filter names them."""
    steps = "".join(f"[{json.dumps(step, ensure_ascii=False)[:80]}]" for step in path[:8])
    return steps + "…" if len(path) > 8 else steps


def _fail(row: int, where: str, unfit: Unfit) -> NoReturn:
    raise DataNotMatchException(
        message=f"row {row}: {where}: expected {unfit.expected}, got {shown(unfit.value)}"
    ) from None


def encode_dynamic(schema: Schema, columns: Columns) -> list[str] | None:
    """The keys of each row beside the fields, as JSON; None when the schema has no dynamic field."""
    documents = _documents(schema, columns)
    if documents is None:
        return ["{}"] * columns.count if schema.enable_dynamic_field else None
    if not schema.enable_dynamic_field:
        row, unknown = next((row, next(iter(document))) for row, document in enumerate(documents) if document)
        raise DataNotMatchException(
            message=f"row {row}: unknown field {unknown!r}: the collection has no dynamic field, "
            f"expected {', '.join(schema.by_name)}" + did_you_mean(unknown, schema.by_name)
        )
    texts = []
    for row, document in enumerate(documents):
        if DYNAMIC_FIELD in document:
            raise DataNotMatchException(
                message=f"row {row}: {DYNAMIC_FIELD!r} is the name of the dynamic field itself: "
                f"give its keys beside the other fields"
            )
        try:
            texts.append(_text(document, MAX_LEVELS + 1))
        except Unfit as unfit:
            key = (
                f"key {unfit.path[0]!r:.80}{_at(unfit.path[1:])} of the dynamic field"
                if unfit.path
                else "a row"
            )
            _fail(row, key, unfit)
    return texts


def _documents(schema: Schema, columns: Columns) -> Sequence[Mapping[str, Any]] | None:
    """What each row has under names beside the fields; None if no row has such a name."""
    known = schema.by_name
    dynamic = {name: column for name, column in columns.by_name.items() if name not in known}
    if not dynamic:
        return columns.extra if columns.extra is not None and any(columns.extra) else None
    documents: list[dict[str, Any]] = [{} for _ in range(columns.count)]
    for name, column in dynamic.items():
        rows = range(columns.count) if column.rows is None else column.rows
        for row, value in zip(rows, as_list(column.values), strict=True):
            documents[row][name] = value
    for document, extra in zip(documents, columns.extra or (), strict=False):
        document.update(extra)
    return documents


def merged_objects(text: str, newer: str) -> str:
    """The JSON object ``text`` with the keys of ``newer`` in place of its own of these names."""
    if newer == "{}" or text == "{}":
        return text if newer == "{}" else newer
    return with_room(lambda: dump({**json.loads(text), **json.loads(newer)}))
