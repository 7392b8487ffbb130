"""Addresses of servers that cannot be are refused before anything is dialled."""

from __future__ import annotations

import pytest

from milvus_store import MilvusClient
from milvus_store.backends.address import server_address
from milvus_store.errors import ParamError
from milvus_store.legacy import Milvus, NotConnectError
from milvus_store.legacy import ParamError as LegacyParamError
from milvus_store_kernel.errors import CellError
from milvus_store_kernel.parse import parse
from milvus_store_kernel.run import run
from milvus_store_kernel.session import Session

PORTS = ["99999", "0", "-1", "abc", "1.5", "65536", "", "٣", "1" * 5000, "19530x"]
HOSTS = ["", ":19530", "user@", "[::1", "[]:19530", "::1:19530"]


@pytest.mark.parametrize("scheme", ["http", "https", "tcp", "milvus"])
@pytest.mark.parametrize("port", PORTS)
def test_a_port_that_cannot_be_is_an_error_that_names_it(scheme: str, port: str) -> None:
    for host in ("127.0.0.1", "[::1]", "user:password@localhost"):
        with pytest.raises(ParamError, match="port of a uri must be 1 to 65535"):
            MilvusClient(f"{scheme}://{host}:{port}/database")


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_cannot_be_is_an_error(host: str) -> None:
    with pytest.raises(ParamError, match="must have a host"):
        MilvusClient(f"http://{host}")


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("http://localhost", "http://localhost"),
        ("https://user:pa:ss@cluster.example.com:443/db", "https://user:pa:ss@cluster.example.com:443/db"),
        ("tcp://[::1]:19530", "tcp://[::1]:19530"),
        ("milvus://localhost:65535", "tcp://localhost:65535"),
        ("unix:/tmp/socket", "unix:/tmp/socket"),
    ],
)
def test_what_can_be_dialled_is_passed_on(uri: str, address: str) -> None:
    assert server_address(uri) == address


@pytest.mark.parametrize("port", [99999, 0, -1, "abc", 1.5, "19530.0", True, "٣", 10**400])
def test_the_legacy_client_refuses_the_same_ports(port: object) -> None:
    with pytest.raises(LegacyParamError, match="port is illegal"):
        Milvus(host="127.0.0.1", port=port)  # type: ignore[arg-type]
    with pytest.raises(NotConnectError, match="1 to 65535"):
        Milvus(uri=f"tcp://127.0.0.1:{port}")


@pytest.mark.parametrize("port", ["99999", "0", "-1", "abc"])
def test_so_does_a_cell(port: str) -> None:
    (statement,) = parse(f"milvus://127.0.0.1:{port}").statements
    with pytest.raises(CellError, match="1 to 65535") as raised:
        run(statement, Session())
    assert (raised.value.name, raised.value.at) == ("NotConnectError", 0)
