"""TLS and mutual TLS with pymilvus, on certificates that OpenSSL makes for the test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pymilvus import MilvusClient as Remote
from pymilvus.exceptions import MilvusException

from milvus_store.errors import ParamError
from milvus_store.server.operations.tls import credentials
from milvus_store.server.settings import ServerSettings

from .serving import serving

pytestmark = [
    pytest.mark.filterwarnings("default"),  # pymilvus's own are not ours
    pytest.mark.skipif(sys.platform == "win32", reason="programs on Windows hear no SIGTERM"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates"),
]

Sign = Callable[[str], tuple[Path, Path]]


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True, timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority, of a server and of a client, each with its key; and another authority's."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for name in ("ca", "other"):
        subject = (
            "-subj",
            f"/CN=Test {name}",
            "-out",
            folder / f"{name}.pem",
            "-keyout",
            folder / f"{name}.key",
        )
        openssl("req", "-x509", *key, *subject)
    names = folder / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        request, out = folder / f"{name}.csr", folder / f"{name}.pem"
        openssl("req", *key[:-2], "-subj", f"/CN={name}", "-out", request, "-keyout", folder / f"{name}.key")
        signed = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", "2")
        openssl("x509", "-req", "-in", request, *signed, "-extfile", names, "-out", out)
    return folder


def served_by(folder: Path) -> tuple[str, ...]:
    return "--tls-cert", str(folder / "server.pem"), "--tls-key", str(folder / "server.key")


def connect(uri: str, **certificates: Path) -> Remote:
    uri = uri.replace("127.0.0.1", "localhost")  # the name in the certificate
    named = {f"{name}_path": str(path) for name, path in certificates.items()}
    return Remote(uri, secure=True, timeout=5, dedicated=True, **named)


def test_a_client_that_trusts_the_authority_is_served(folder: Path, path: Path) -> None:
    with serving(path, *served_by(folder)) as server:
        assert server.uri.startswith("https://")
        client = connect(server.uri, server_pem=folder / "ca.pem")
        assert client.list_collections() == []
        client.close()
        with pytest.raises(MilvusException):
            connect(server.uri, server_pem=folder / "other.pem")
        with pytest.raises(MilvusException):
            Remote(server.uri.replace("https", "http"), timeout=2, dedicated=True)
        assert server.stop() == 0


def test_mutual_tls_lets_in_who_shows_a_certificate_of_the_authority(folder: Path, path: Path) -> None:
    with serving(path, *served_by(folder), "--tls-client-ca", folder / "ca.pem") as server:
        shown = {"client_pem": folder / "client.pem", "client_key": folder / "client.key"}
        client = connect(server.uri, ca_pem=folder / "ca.pem", **shown)
        assert client.list_collections() == []
        client.close()
        with pytest.raises(MilvusException):
            connect(server.uri, server_pem=folder / "ca.pem")
        assert server.stop() == 0


def test_the_key_of_another_certificate_is_an_error(folder: Path) -> None:
    settings = ServerSettings(tls_cert=str(folder / "server.pem"), tls_key=str(folder / "client.key"))
    with pytest.raises(
        ParamError, match=r"server\.pem, tls_key .*client\.key cannot be used: KEY_VALUES_MISMATCH"
    ):
        credentials(settings)


def test_what_is_no_certificate_is_an_error(folder: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.pem"
    text.write_text("these are my notes")
    pair = {"tls_cert": str(folder / "server.pem"), "tls_key": str(folder / "server.key")}
    for settings in (
        ServerSettings(**{**pair, "tls_cert": str(text)}),  # type: ignore[arg-type]
        ServerSettings(**pair, tls_client_ca=str(text)),  # type: ignore[arg-type]
    ):
        with pytest.raises(ParamError, match=r"notes\.pem.* cannot be used: "):
            credentials(settings)


def test_a_key_with_a_password_is_an_error_and_asks_for_none(folder: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    openssl("ec", "-in", folder / "server.key", "-aes256", "-passout", "pass:secret", "-out", locked)
    with pytest.raises(ParamError, match=r"locked\.key cannot be used"):
        credentials(ServerSettings(tls_cert=str(folder / "server.pem"), tls_key=str(locked)))


@pytest.mark.parametrize("name", ["tls_cert", "tls_key", "tls_client_ca"])
def test_a_file_that_is_not_there_is_an_error_that_names_it(folder: Path, name: str) -> None:
    given = {
        "tls_cert": str(folder / "server.pem"),
        "tls_key": str(folder / "server.key"),
        "tls_client_ca": str(folder / "ca.pem"),
        name: "nowhere.pem",
    }
    with pytest.raises(ParamError, match=rf"{name} nowhere\.pem cannot be read: No such file"):
        credentials(ServerSettings(**given))  # type: ignore[arg-type]
