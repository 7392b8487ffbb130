"""Which module pymilvus finds where it looks for Milvus Lite.

At a uri that ends with ``.db`` pymilvus imports ``server_manager_instance`` from ``milvus_lite.server_manager``
and asks it for an address. Python takes that module from ``sys.modules`` if it is there, without importing the
package around it, which takes Milvus Lite half a second. So a module is put there, and what was there is set
aside. The installed ``milvus_lite`` stays as it is, and can be imported for everything else. Where there is none,
an empty package stands in for those who ask whether it is installed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from .manager import ServerManager

_PACKAGE: Final = "milvus_lite"
_NAME: Final = "milvus_lite.server_manager"


class _Loader:
    """Makes the modules that this package supplies; they hold all they need from the start."""

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        if spec.name == _PACKAGE:
            module.__path__ = []
            _name_in(module)
        return module

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        return


class _StandIn:
    """A finder, the last one: a package ``milvus_lite`` where none is installed."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        return ModuleSpec(name, _Loader, is_package=True) if name == _PACKAGE else None  # type: ignore[arg-type]


def _supplied() -> ModuleType:
    module = ModuleType(_NAME, "Addresses of files for pymilvus, by milvus-store.")
    module.__spec__ = ModuleSpec(_NAME, _Loader)  # type: ignore[arg-type]
    vars(module).update(ServerManager=ServerManager, server_manager_instance=ServerManager())
    return module


_MODULE: Final = _supplied()
_lock = threading.RLock()
_set_aside: dict[str, ModuleType] = {}
"""The real module, if it had been imported before this was installed."""


def install() -> None:
    """Serve the paths that pymilvus opens from now on. Doing it again changes nothing."""
    with _lock:
        if sys.modules.get(_NAME) is _MODULE:
            return
        if (real := sys.modules.get(_NAME)) is not None:
            _set_aside[_NAME] = real
        sys.modules[_NAME] = _MODULE
        if (package := sys.modules.get(_PACKAGE)) is not None:
            _name_in(package)
        sys.meta_path.append(_StandIn)


def uninstall() -> None:
    """Give the paths back to Milvus Lite, if that is installed, and close the files that were opened so far: their
    clients cannot be used any longer."""
    with _lock:
        if sys.modules.get(_NAME) is not _MODULE:
            return
        sys.meta_path.remove(_StandIn)
        del sys.modules[_NAME]
        _restore()
    _MODULE.server_manager_instance.release_all()


def _restore() -> None:
    """Leave everything as if the real package had been used all along."""
    real, package = _set_aside.pop(_NAME, None), sys.modules.get(_PACKAGE)
    if real is not None:
        sys.modules[_NAME] = real
    if package is None:
        return
    if getattr(package.__spec__, "loader", None) is _Loader:
        del sys.modules[_PACKAGE]
        return
    real = real or import_module(_NAME)
    _name_in(package, real)


def _name_in(package: ModuleType, module: ModuleType | None = None) -> None:
    """Name in ``package`` what its own ``__init__`` names."""
    module = module or _MODULE
    vars(package).update(server_manager=module, server_manager_instance=module.server_manager_instance)
