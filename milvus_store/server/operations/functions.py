"""The module of the one who runs a server that registers what functions of collections embed by.

Clients name functions, and what a name stands for is the server's to say: nothing that a client or a file names is
ever imported.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from ...errors import ParamError


def import_functions(module: str) -> None:
    """Import ``module``, from the folder where the server was started or from Python's own path; "" is none.

    Raises:
        ParamError: it cannot be imported.
    """
    if not module:
        return
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        import_module(module)
    except Exception as error:
        raise ParamError(
            message=f"functions: the module {module!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
