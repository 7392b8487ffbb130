"""JSON lines, JSON, CSV and TSV as records, by sqlite-utils' readers; but for JSON lines, whose broken lines they
would not get over.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from typing import IO, Any, Final

from milvus_store_lite import DataType

from ..data import Rows
from ..errors import DataNotMatchException
from ..extras import import_extra
from .records import RecordBatch, Refused

_SURPLUS: Final = "\x00 surplus"
"""Where sqlite-utils puts the values of a CSV line for which there is no column."""

_SEPARATORS: Final = (",", ";", "\t", "|")
_BULK: Final = "rows"
_BEGINNING: Final = 1 << 16

Numbered = tuple[int, "dict[str, Any] | Refused"]


class TextRecords:
    """
    Args:
        format: ``jsonl``, ``json``, ``csv`` or ``tsv``; by default what the file looks like.
    """

    count: Final = None
    schema: Final = None
    metrics: Final[Mapping[str, str]] = {}
    primary_key: Final = None

    def __init__(self, path: str, format: str | None = None) -> None:
        self.label = path
        self._format = format or _format_of(path)
        self.are_texts = self.texts_are_json = self._format in ("csv", "tsv")

    def types(self) -> Mapping[str, DataType]:
        return {}

    def sample(self, count: int) -> Sequence[Mapping[str, Any]]:
        with open(self.label, "rb") as file:
            return [one for _, one in islice(self._records(file), count) if not isinstance(one, Refused)]

    def batches(self, after: int, rows: int) -> Iterator[RecordBatch]:
        reached = after
        with open(self.label, "rb") as file:
            records = islice(self._records(file), after, None)
            while chunk := list(islice(records, rows)):
                reached += len(chunk)
                good = [(number, one) for number, one in chunk if not isinstance(one, Refused)]
                yield RecordBatch(
                    Rows([one for _, one in good]),
                    [number for number, _ in good],
                    reached,
                    [one for _, one in chunk if isinstance(one, Refused)],
                )

    def close(self) -> None:
        """Files are open only while they are read."""

    def _records(self, file: IO[bytes]) -> Iterator[Numbered]:
        if self._format == "jsonl":
            return _lines(file)
        utils = _sqlite_utils()
        utils.maximize_csv_field_size_limit()  # a vector in a text is long
        options: dict[str, Any] = {} if self._format == "json" else {"extras_key": _SURPLUS}
        if self._format == "csv":
            options["dialect"] = _dialect_of(self.label)
        try:
            found, _ = utils.rows_from_file(file, format=utils.Format[self._format.upper()], **options)
        except (ValueError, utils.RowsFromFileError) as error:
            raise DataNotMatchException(
                message=f"{self.label} is not {self._format.upper()}: {error}"
            ) from None
        return _numbered(_bulk_rows(found), are_texts=self.are_texts)


def _sqlite_utils() -> Any:
    import_extra("sqlite_utils", "JSON, CSV and TSV files")
    return import_module("sqlite_utils.utils")


def _format_of(path: str) -> str:
    """The form of a file, from its first line.

    sqlite-utils has csv.Sniffer look, which takes the commas inside of vectors for what separates the columns.
    """
    first = _first_line(path)
    if first.startswith("{"):
        try:
            return "jsonl" if _BULK not in json.loads(first) else "json"
        except ValueError:
            return "json"
    if first.startswith("["):
        return "json"
    return "tsv" if _separator(first) == "\t" else "csv"


def _first_line(path: str) -> str:
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.readline(_BEGINNING).strip()


def _separator(header: str) -> str:
    """What the names of columns are separated by: what is there most often of what may be that."""
    return max(_SEPARATORS, key=header.count)


def _dialect_of(path: str) -> Any:
    class Dialect(csv.excel):
        delimiter = _separator(_first_line(path))

    return Dialect


def _bulk_rows(found: Any) -> Any:
    """The rows of Milvus's bulk import, which stand under a key of one object."""
    if (
        isinstance(found, list)
        and len(found) == 1
        and isinstance(found[0], dict)
        and set(found[0]) == {_BULK}
    ):
        return found[0][_BULK]
    return found


def _lines(file: IO[bytes]) -> Iterator[Numbered]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            yield number, Refused(number, f"not JSON: {error}", line.decode("utf-8", "replace").rstrip("\n"))
            continue
        yield number, _checked(number, record)


def _numbered(records: Iterable[Any], *, are_texts: bool) -> Iterator[Numbered]:
    for number, record in enumerate(records, start=1):
        if are_texts and None in record.values():
            lacking = [name for name, value in record.items() if value is None]
            yield number, Refused(number, f"has no value for {', '.join(map(repr, lacking))}", record)
        else:
            yield number, _checked(number, record)


def _checked(number: int, record: Any) -> dict[str, Any] | Refused:
    if not isinstance(record, dict):
        return Refused(number, f"expected an object with fields, got {type(record).__name__}", record)
    if _SURPLUS in record:
        surplus = record.pop(_SURPLUS)
        return Refused(number, f"has more values than there are columns: {surplus!r:.80}", record)
    return record
