"""Log lines, for people or as JSON.

A line holds names, numbers and codes: no value of a request, no header. The message of an unexpected error may
quote a row, so a traceback shows the error's type and where it was raised, and not what it says.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, Final

from ..settings import ServerSettings

FIELDS: Final = "fields"
"""The attribute of a record that holds its named values."""

_ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def set_up(settings: ServerSettings) -> None:
    """Log to standard error as the settings say, whatever logs in this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines())
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    logging.captureWarnings(True)


def log(logger: logging.Logger, level: int, message: str, /, **fields: Any) -> None:
    """Log ``message`` with named values."""
    logger.log(level, message, extra={FIELDS: fields})


class _Lines(logging.Formatter):
    def formatException(self, ei: _ErrorInfo) -> str:  # noqa: N802
        kind, _, trace = ei
        frames = "".join(traceback.format_tb(trace))
        return f"{frames}{kind.__name__ if kind else ''}"


class TextLines(_Lines):
    """``2026-11-26T12:00:00.123Z info serving uri=http://127.0.0.1:19530``"""

    def format(self, record: logging.LogRecord) -> str:
        shown = "".join(f" {key}={_shown(value)}" for key, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname.lower()} {record.getMessage()}{shown}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(_Lines):
    """``{"time": …, "level": "info", "message": "serving", "uri": "http://127.0.0.1:19530"}``"""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"time": _time(record), "level": record.levelname.lower()}
        line |= {"message": record.getMessage(), **_fields(record), "process": record.process}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(record, FIELDS, {})
    return found


def _shown(value: object) -> str:
    """``value`` as one word: a name that somebody sends shall not look like another field or line."""
    text = str(value)
    return text if text.isprintable() and " " not in text else json.dumps(text)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
