"""TLS: the server's certificate, and the authorities whose clients it lets in."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import grpc

from ...errors import ParamError
from ..settings import ServerSettings


def credentials(settings: ServerSettings) -> Any | None:
    """What gRPC needs to speak TLS; None without a certificate.

    Raises:
        ParamError: a file cannot be read or is no PEM, or the key is not the certificate's.
    """
    if not settings.tls_cert:
        return None
    _check_pair(settings)
    authorities = _pem("tls_client_ca", settings.tls_client_ca) if settings.tls_client_ca else None
    return grpc.ssl_server_credentials(
        [(_pem("tls_key", settings.tls_key), _pem("tls_cert", settings.tls_cert))],
        root_certificates=authorities,
        require_client_auth=authorities is not None,
    )


def _check_pair(settings: ServerSettings) -> None:
    """gRPC takes any bytes, and would fail at the first client: Python's own TLS reads them before."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key, password=lambda: "")
        if settings.tls_client_ca:
            context.load_verify_locations(settings.tls_client_ca)
    except ssl.SSLError as error:
        reason = error.reason or "they are no PEM, or the key has a password"
        raise ParamError(
            message=f"tls_cert {settings.tls_cert}, tls_key {settings.tls_key}"
            + (f" and tls_client_ca {settings.tls_client_ca}" if settings.tls_client_ca else "")
            + f" cannot be used: {reason}"
        ) from error
    except OSError as error:
        for name in ("tls_cert", "tls_key", "tls_client_ca"):
            if getattr(settings, name):
                _pem(name, getattr(settings, name))
        raise ParamError(message=f"the certificates cannot be read: {error}") from error


def _pem(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ParamError(message=f"{name} {path} cannot be read: {error.strerror}") from error
