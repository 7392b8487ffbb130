"""Opens and closes a legacy client, and passes its calls to ``MilvusClient``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

from milvus_store import MilvusClient
from milvus_store.backends.address import is_server
from milvus_store.errors import CollectionNotLoadedException, MilvusException, MissingExtraError
from milvus_store.options import judge_options
from milvus_store.threads import Threads

from .checks import check_int, check_timeout, illegal
from .errors import DeprecatedError, NotConnectError, ParamError
from .futures import Callback, Future

CLIENT_VERSION: Final = "0.2.12"
_DEFAULT_PORTS: Final = {"GRPC": 19530, "HTTP": 19121}
_FUTURE: Final = frozenset({"_async", "_callback", "callback"})
_KNOWN: Final = frozenset(
    {"uri", "name", "pool_size", "wait_timeout", "try_connect", "pre_ping", "max_retry", "memory_limit"}
)

Self = TypeVar("Self", bound="Connection")
Answer = TypeVar("Answer")


class Connection:
    """An open file or server. Base of the groups of calls; also a context manager that closes."""

    def __init__(
        self, host: str | None = None, port: str | int | None = None, handler: str = "GRPC", **kwargs: Any
    ) -> None:
        """Open a file or connect to a server, at once.

        Args:
            host, port: of a server; 127.0.0.1:19530 if neither they nor a uri are given.
            handler: ``GRPC``, or ``HTTP``, which only has another default port, 19121.
            uri: path of a file such as ``./demo.db``, or ``tcp://host:port`` (also ``milvus://``, ``http://``).
            name: the value of the ``name`` property.
            pool_size: how many ``_async`` calls run at once.
            wait_timeout: seconds to wait for a server.
            try_connect: False to connect at the first call instead.
            pre_ping, max_retry: ignored; old scripts pass them.
            memory_limit: of a file, as for ``MilvusClient``.

        Raises:
            ParamError: an argument is wrong, such as a port without a host.
            NotConnectError: the file cannot be opened or the server cannot be reached.
            ImportError: a server is wanted and pymilvus is not installed.
        """
        judge_options("Milvus", kwargs, _KNOWN | {"host", "port", "handler"}, error=ParamError)
        if handler not in _DEFAULT_PORTS:
            illegal("handler", "'GRPC' or 'HTTP'", handler)
        self._address = _address(host, port, handler, kwargs.get("uri"))
        self._name = str(kwargs.get("name") or "")
        self._handler = handler
        self._pool_size = check_int(kwargs.get("pool_size", 10), "pool_size")
        self._wait_timeout = float(kwargs.get("wait_timeout", 10))
        self._settings = {key: kwargs[key] for key in ("memory_limit",) if kwargs.get(key) is not None}
        self._threads: Threads | None = None
        self._is_closed = False
        self.__client: MilvusClient | None = None
        if kwargs.get("try_connect", True):
            self.__client = self._connect()

    def _connect(self) -> MilvusClient:
        try:
            return MilvusClient(self._address, timeout=self._wait_timeout, **self._settings)
        except MissingExtraError:
            raise
        except MilvusException as error:
            raise NotConnectError(f"cannot open {self._address}: {error.message}") from error

    @property
    def _client(self) -> MilvusClient:
        if self._is_closed:
            raise AttributeError(f"the client of {self._address} is closed: make a new one")
        if self.__client is None:
            self.__client = self._connect()
        return self.__client

    @property
    def milvus_client(self) -> MilvusClient:
        """The ``MilvusClient`` of the same file or server, for calls that 0.9 lacked."""
        return self._client

    @property
    def consistent_client(self) -> MilvusClient:
        """The same client; its reads on a server see all earlier writes, as in 0.9."""
        return self._within(None)

    def _within(self, timeout: object) -> MilvusClient:
        """The client with a limit of ``timeout`` seconds for calls to a server, whose reads see all earlier
        writes."""
        seconds = check_timeout(timeout)
        if seconds is None and not self._is_server:
            return self._client
        return cast(MilvusClient, _TimedClient(self._client, seconds, is_strong=self._is_server))

    @property
    def _is_server(self) -> bool:
        return is_server(self._address)

    def _reopen(self, **settings: Any) -> None:
        """Open the same file with other settings."""
        before = self._settings
        self._settings = {**before, **settings}
        try:
            replacement = self._connect()
        except NotConnectError:
            self._settings = before
            raise
        replaced, self.__client = self.__client, replacement
        if replaced is not None:
            replaced.close()

    def close(self) -> None:
        """Wait for ``_async`` calls and release the file or connection; later calls raise AttributeError."""
        if self._threads is not None:
            self._threads.finish()
            self._threads = None
        self._is_closed = True
        if self.__client is not None:
            self.__client.close()
            self.__client = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The name given to the constructor."""
        return self._name

    @property
    def handler(self) -> str:
        """``GRPC`` or ``HTTP``."""
        return self._handler

    def _deliver(self, kind: type[Future], options: dict[str, Any], work: Callable[[], Any]) -> Any:
        """The result of ``work``, or with ``_async`` in ``options`` a future of it."""
        judge_options(_name_of(work), options, _FUTURE, error=ParamError)
        callback: Callback | None = options.get("_callback") or options.get("callback")
        if not options.get("_async"):
            return work()
        if self._threads is None:
            self._threads = Threads(self._pool_size, "milvus-legacy")
        return kind(self._threads, work, callback)

    def connect(self, *args: Any, **kwargs: Any) -> None:
        """Deprecated; the constructor connects."""
        raise DeprecatedError("connect() is deprecated: Milvus(...) connects when it is made")

    def connected(self) -> None:
        """Deprecated; a client that was made is connected."""
        raise DeprecatedError(
            "connected() is deprecated: Milvus(...) raises NotConnectError if it cannot connect"
        )

    def disconnect(self) -> None:
        """Deprecated; use ``close``."""
        raise DeprecatedError("disconnect() is deprecated: use close()")

    def set_hook(self, **kwargs: Any) -> None:
        """Deprecated; there is no protocol to hook into."""
        raise DeprecatedError("set_hook() is deprecated: wrap the call instead")


_READS: Final = frozenset({"get", "query", "search"})


def _name_of(work: Callable[[], Any]) -> str:
    """The public call that runs ``work``."""
    name: str = getattr(getattr(work, "func", work), "__name__", "call")
    return name.strip("_")


class _TimedClient:
    """A client whose calls have a time limit, and whose reads see all earlier writes."""

    def __init__(self, client: MilvusClient, seconds: float | None, *, is_strong: bool) -> None:
        self._client = client
        self._limit = {} if seconds is None else {"timeout": seconds}
        self._level = {"consistency_level": "Strong"} if is_strong else {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(getattr(self._client, name), **self._limit, **(self._level if name in _READS else {}))


def loaded(client: MilvusClient, collection_name: str, ask: Callable[[], Answer]) -> Answer:
    """The result of ``ask``, after loading the collection if it is not loaded; 0.9 had no such state."""
    try:
        return ask()
    except CollectionNotLoadedException:
        client.load_collection(collection_name)
        return ask()


def _address(host: object, port: object, handler: str, uri: object) -> str:
    """The uri for ``MilvusClient``."""
    if uri is not None:
        if (not isinstance(uri, str) and not hasattr(uri, "__fspath__")) or not str(uri):
            illegal("uri", "the path of a file or the address of a server", uri)
        return str(uri)
    if host is None and port is not None:
        raise ParamError("host is illegal: a port needs a host, got port alone")
    if host is not None and (not isinstance(host, str) or not host):
        illegal("host", "a str", host)
    number = _DEFAULT_PORTS[handler] if port is None else check_int(port, "port")
    if not 0 < number < 65536:
        illegal("port", "1 to 65535", port)
    return f"tcp://{host or '127.0.0.1'}:{number}"
