"""Settings from flags, the environment and a TOML file. A flag wins over the environment, that over the file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from milvus_store_lite import ParamError, did_you_mean

from ..settings import NAMES, ServerSettings

PREFIX: Final = "MILVUS_STORE_SERVER_"
"""What the names of settings begin with in the environment."""

CONFIG: Final = "config"
"""What names the TOML file, among the flags and in the environment."""

_FLAGS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_HINTS: Final = get_type_hints(ServerSettings)


def settings_from(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> ServerSettings:
    """The settings that ``flags``, the environment and the file that one of them names make together.

    Args:
        flags: name → what the command line gives, as text or as a bool; None for what it does not give.

    Raises:
        ParamError: a name is not one of a setting, or a value is not what the setting takes.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    named = _of_environment(environment)
    paths = [values.pop(CONFIG, None) for values in (given, named)]
    path = paths[0] or paths[1]
    found = _of_file(path) if path else {}
    for values, called in ((named, environment_name), (given, flag_name)):
        found |= {
            name: value if isinstance(value, bool) else _read(name, value, called(name))
            for name, value in values.items()
        }
    return ServerSettings(**found)


def flag_name(setting: str) -> str:
    return f"--{setting.replace('_', '-')}"


def environment_name(setting: str) -> str:
    return f"{PREFIX}{setting.upper()}"


def kind_of(setting: str) -> type[Any]:
    """The type of the setting's values: ``bool``, ``int``, ``float`` or ``str``."""
    hint = _HINTS[setting]
    if get_origin(hint) is Literal:
        return str
    kinds = [kind for kind in get_args(hint) or (hint,) if kind is not type(None)]
    return kinds[0]  # type: ignore[no-any-return]


def choices_of(setting: str) -> tuple[str, ...]:
    """The values that the setting takes, if it has a list of them."""
    hint = _HINTS[setting]
    return get_args(hint) if get_origin(hint) is Literal else ()


def table() -> str:
    """The settings as the table of docs/serving.md."""
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    lines += [
        f"| `{one.name}` | {_shown(one.default)} | {_help(one.name, one.metadata['help'])} |"
        for one in fields(ServerSettings)
    ]
    return "\n".join(lines) + "\n"


def _shown(default: object) -> str:
    if default is None or default == "":
        return "none"
    return f"`{default if isinstance(default, str) else str(default).lower()}`"


def _help(name: str, help: str) -> str:
    choices = choices_of(name)
    return f"{help} ({', '.join(f'`{one}`' for one in choices)})" if choices else help


def _of_environment(environment: Mapping[str, str]) -> dict[str, str]:
    # Windows knows names in capitals alone.
    found = {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.upper().startswith(PREFIX)
    }
    _refuse_unknown(found, (*NAMES, CONFIG), environment_name, "the environment")
    return found


def _of_file(path: str) -> dict[str, Any]:
    try:
        found = _toml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ParamError(message=f"the settings in {path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # what is no TOML, or no UTF-8
        raise ParamError(message=f"{path} is no TOML file: {error}") from error
    _refuse_unknown(found, NAMES, str, path)
    for name, value in found.items():
        kind = kind_of(name)
        if kind is float and type(value) is int:
            found[name] = float(value)
        elif type(value) is not kind or (choices_of(name) and value not in choices_of(name)):
            raise _unfit(name, f"{name} in {path}", value)
    return found


if sys.version_info >= (3, 11):

    def _toml(text: str) -> dict[str, Any]:
        import tomllib

        return tomllib.loads(text)

else:

    def _toml(text: str) -> dict[str, Any]:
        raise ParamError(
            message="a file of settings needs Python 3.11 or newer: use flags or the environment"
        )


def _refuse_unknown(
    given: Mapping[str, Any], known: tuple[str, ...] | Any, called: Callable[[str], str], where: str
) -> None:
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known)
            if not hint:
                raise ParamError(message=f"{where} has an unknown setting {called(name)}")
            near = hint.split("'")[1]
            raise ParamError(
                message=f"{where} has an unknown setting {called(name)}; did you mean {called(near)!r}?"
            )


def _read(name: str, text: str, called: str) -> Any:
    """The value of the setting that ``text`` is."""
    kind = kind_of(name)
    try:
        if kind is bool:
            return _FLAGS[text.strip().lower()]
        value = kind(text)
    except (KeyError, ValueError):
        raise _unfit(name, called, text) from None
    if choices_of(name) and value not in choices_of(name):
        raise _unfit(name, called, text)
    return value


def _unfit(name: str, called: str, value: object) -> ParamError:
    wanted = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[kind_of(name)]
    if choices_of(name):
        wanted = f"one of {', '.join(choices_of(name))}"
    return ParamError(message=f"{called} must be {wanted}, got {value!r}")
