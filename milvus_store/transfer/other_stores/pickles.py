"""Pickles that strangers wrote. A pickle is a program that may call whatever it names; these are read by a machine
that knows some harmless classes, and has inert ones in place of those of a store's package.
"""

from __future__ import annotations

import datetime
import io
import pickle
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ...errors import DataNotMatchException

_HARMLESS: Final[Mapping[tuple[str, str], type]] = {
    ("datetime", "date"): datetime.date,
    ("datetime", "datetime"): datetime.datetime,
    ("datetime", "timedelta"): datetime.timedelta,
    ("datetime", "timezone"): datetime.timezone,
    ("uuid", "UUID"): uuid.UUID,
    ("builtins", "set"): set,
}


class Inert:
    """Keeps what a pickle says of an object, and does nothing."""

    _state: Any = None

    def __init__(self, *arguments: Any) -> None:
        """Arguments are not kept: what is read here has its values in its state."""

    def __setstate__(self, state: Any) -> None:
        self._state = state

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the object, which pydantic's models have one level down."""
        state = self._state
        if isinstance(state, dict) and isinstance(state.get("__dict__"), dict):
            state = state["__dict__"]
        return state if isinstance(state, dict) else {}


def unpickled(data: bytes | Path, label: str, packages: tuple[str, ...], classes: tuple[str, ...]) -> Any:
    """What a pickle holds, with ``Inert`` objects for those of ``classes`` of ``packages``.

    Raises:
        OSError: the file cannot be read.
        DataNotMatchException: it is no pickle, or names what is not allowed here.
    """
    with io.BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
        try:
            return _Unpickler(file, packages, classes).load()
        except DataNotMatchException as error:
            raise DataNotMatchException(message=f"{label}: {error.message}") from None
        except OSError:
            raise
        except (
            Exception
        ) as error:  # any, since a damaged pickle calls what is there with what it happens to have
            raise DataNotMatchException(message=f"{label} is not a sound pickle: {error!r}") from None


def plain(value: Any) -> Any:
    """``value`` as JSON has it: moments and UUIDs as texts, tuples and sets as lists.

    Raises:
        ValueError: it has something else, or contains itself.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise ValueError("a value is nested too deeply") from None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(one) for one in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise ValueError(f"a value of type {type(value).__name__} cannot be imported")


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, packages: tuple[str, ...], classes: tuple[str, ...]) -> None:
        super().__init__(file)
        self._packages = packages
        self._inert = {name: type(name, (Inert,), {}) for name in classes}

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) in _HARMLESS:
            return _HARMLESS[module_name, global_name]
        if module_name.split(".")[0] in self._packages and global_name in self._inert:
            return self._inert[global_name]
        raise DataNotMatchException(
            message=f"this pickle names {module_name}.{global_name}, which such a store does not have in it; "
            "pickles can run any code, so it is not read"
        )
