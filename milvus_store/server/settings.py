"""Every setting of a server: its name, its default, what it takes and what it does, described once.

The flags of ``milvus-store serve``, the names in the environment, the keys of the TOML file and the table in
docs/serving.md come from here. It knows neither gRPC nor files, so that a command line is parsed without them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from milvus_store_lite import MAX_WINDOW, ParamError


def _setting(default: Any, help: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    return field(default=default, metadata={"help": help, "range": (at_least, at_most)})


@dataclass(frozen=True)
class ServerSettings:
    """How a server listens, whom it lets in, how much it takes and what it tells."""

    host: str = _setting("127.0.0.1", "the address to listen at; any but this machine's own needs protection")
    port: int = _setting(19530, "the port to listen at; 0 is a free one", at_least=0, at_most=65535)
    workers: int = _setting(1, "how many processes serve the file", at_least=1, at_most=256)

    auth: bool = _setting(False, "ask for users and passwords, and look at their roles")
    root_password_file: str = _setting(
        "", "file of the password that root gets when auth is first on; else one is made up and shown once"
    )
    tls_cert: str = _setting("", "PEM file of the server's certificate chain; with tls_key, TLS is on")
    tls_key: str = _setting("", "PEM file of the key of tls_cert, without a password")
    tls_client_ca: str = _setting("", "PEM file of the authorities whose certificates clients must show")
    allow_anyone: bool = _setting(False, "let other machines in without asking who they are")
    allow_plaintext: bool = _setting(False, "let other machines in without TLS")

    read_only: bool = _setting(False, "refuse every write, and make no file")
    durability: Literal["full", "normal"] = _setting(
        "full", "what a call that returned survives: loss of power, or a kill"
    )
    busy_timeout: float = _setting(30.0, "seconds that a write waits for other writers", at_least=0)
    memory_limit: int | None = _setting(
        None, "bytes that vectors and columns may take in the memory of a process", at_least=0
    )

    threads: int | None = _setting(
        None, "calls that each process works on at a time; by default by its cores", at_least=1, at_most=1024
    )
    max_calls: int = _setting(1000, "calls under way or waiting in each process", at_least=1)
    max_message_mb: int = _setting(256, "megabytes of the largest request", at_least=1, at_most=2047)
    max_nq: int = _setting(16384, "the most vectors of one search", at_least=1)
    max_limit: int = _setting(
        MAX_WINDOW, "the largest limit of a search or a query", at_least=1, at_most=MAX_WINDOW
    )
    grace: float = _setting(30.0, "seconds that calls under way may take when the server stops", at_least=0)

    functions: str = _setting(
        "", "a Python module to import: it registers what the functions of collections embed by"
    )

    metrics: bool = _setting(True, "serve /healthz and /metrics over HTTP")
    metrics_host: str = _setting("127.0.0.1", "the address of /healthz and /metrics")
    metrics_port: int = _setting(
        9091, "the port of /healthz and /metrics; 0 is a free one", at_least=0, at_most=65535
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "the least that is logged")
    log_format: Literal["text", "json"] = _setting("text", "lines for people, or JSON for programs")
    log_calls: bool = _setting(False, "log one line for each call")

    def __post_init__(self) -> None:
        """
        Raises:
            ParamError: a value is out of its range, or others are missing beside it.
        """
        for one in fields(self):
            value, (least, most) = getattr(self, one.name), one.metadata["range"]
            if value is None:
                continue
            if (least is not None and not value >= least) or (most is not None and value > most):
                bounds = f"{least} or more" if most is None else f"from {least} to {most}"
                raise ParamError(message=f"{one.name} must be {bounds}, got {value!r}")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ParamError(message="tls_cert and tls_key belong together: give both, or neither")
        if self.tls_client_ca and not self.tls_cert:
            raise ParamError(message="tls_client_ca needs tls_cert and tls_key beside it")
        if self.root_password_file and not self.auth:
            raise ParamError(message="root_password_file needs auth beside it")
        self._require_protection()

    def _require_protection(self) -> None:
        """Raise ParamError where other machines are let in, and nobody has said that they may be unprotected."""
        if is_loopback(self.host):
            return
        missing = []
        if not (self.auth or self.tls_client_ca or self.allow_anyone):
            missing.append(
                "whoever reaches it may read and write: set auth or tls_client_ca, or allow_anyone"
            )
        if not (self.tls_cert or self.allow_plaintext):
            missing.append("others can read what is sent: set tls_cert and tls_key, or allow_plaintext")
        if missing:
            raise ParamError(message=f"host {self.host} is open to other machines. {'; '.join(missing)}")

    @property
    def address(self) -> str:
        """Where to listen, as gRPC takes it."""
        host = self.host.strip("[]")
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether ``host`` can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


NAMES: Final[Sequence[str]] = tuple(one.name for one in fields(ServerSettings))
"""Every setting, in the order in which they are shown."""
