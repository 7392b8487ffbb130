"""From a file and settings to the process, or the processes, that serve it."""

from __future__ import annotations

from ...backends.address import is_server, local_path
from ...errors import ParamError
from ...extras import require_extra
from ..settings import ServerSettings
from .logs import set_up


def serve(file: str, settings: ServerSettings) -> int:
    """Serve ``file`` until SIGTERM or SIGINT; returns the exit code.

    Raises:
        MilvusException: the file cannot be opened, a setting cannot be met, or an address cannot be used.
        MissingExtraError: a package is not installed that servers need.
    """
    require_extra("pymilvus", "servers")
    if settings.metrics:
        require_extra("prometheus_client", "metrics of servers")
    if is_server(file):
        raise ParamError(message=f"{file} is the address of a server; expected the path of a database file")
    set_up(settings)
    if settings.workers > 1:
        from .workers import Supervisor  # which does without gRPC

        return Supervisor(local_path(file), settings).run()
    from .process import serve_alone

    return serve_alone(local_path(file), settings)
