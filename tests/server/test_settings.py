"""Settings of a server from flags, the environment and a file: which wins, and what is refused."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from milvus_store.errors import ParamError
from milvus_store.server.operations.configuration import environment_name, settings_from, table
from milvus_store.server.settings import NAMES, ServerSettings

from ..docs.markdown import blocks_of
from ..docs.running import ROOT

PAGE = ROOT / "docs/serving.md"
needs_toml = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 reads no TOML")


def toml(folder: Path, text: str) -> str:
    path = folder / "server.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_anything_the_defaults_hold() -> None:
    assert settings_from({}, {}) == ServerSettings()
    assert settings_from(dict.fromkeys(NAMES), {}) == ServerSettings()
    assert (ServerSettings().host, ServerSettings().port) == ("127.0.0.1", 19530)


@needs_toml
def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, 'port = 1\nworkers = 2\nmax_nq = 3\nlog_format = "json"\ngrace = 5\n')
    environment = {
        "MILVUS_STORE_SERVER_WORKERS": "4",
        "MILVUS_STORE_SERVER_MAX_NQ": "5",
        "MILVUS_STORE_SERVER_CONFIG": file,
        "MILVUS_STORE_STRICT": "1",  # no setting of a server
    }
    found = settings_from({"max_nq": "6", "read_only": True}, environment)
    assert (found.port, found.workers, found.max_nq) == (1, 4, 6)
    assert (found.log_format, found.grace, found.read_only) == ("json", 5.0, True)


@needs_toml
def test_the_file_that_a_flag_names_wins_over_the_one_of_the_environment(tmp_path: Path) -> None:
    file = toml(tmp_path, "port = 1\n")
    assert settings_from({"config": file}, {"MILVUS_STORE_SERVER_CONFIG": "nowhere.toml"}).port == 1


@pytest.mark.parametrize(("text", "value"), [("1", True), ("no", False), ("TRUE", True), ("Off", False)])
def test_the_environment_says_yes_and_no_in_several_ways(text: str, value: bool) -> None:
    assert settings_from({}, {"MILVUS_STORE_SERVER_METRICS": text}).metrics is value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("port", "abc", "MILVUS_STORE_SERVER_PORT must be a whole number, got 'abc'"),
        ("port", "70000", "port must be from 0 to 65535, got 70000"),
        ("workers", "0", "workers must be from 1 to 256, got 0"),
        ("grace", "soon", "MILVUS_STORE_SERVER_GRACE must be a number, got 'soon'"),
        ("grace", "nan", "grace must be 0 or more, got nan"),
        ("metrics", "maybe", "MILVUS_STORE_SERVER_METRICS must be true or false, got 'maybe'"),
        ("log_format", "xml", "MILVUS_STORE_SERVER_LOG_FORMAT must be one of text, json, got 'xml'"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_an_error(name: str, text: str, message: str) -> None:
    with pytest.raises(ParamError) as caught:
        settings_from({}, {environment_name(name): text})
    assert caught.value.message == message


def test_an_unknown_name_in_the_environment_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ParamError) as caught:
        settings_from({}, {"MILVUS_STORE_SERVER_PROT": "1"})
    assert caught.value.message == (
        "the environment has an unknown setting MILVUS_STORE_SERVER_PROT; "
        "did you mean 'MILVUS_STORE_SERVER_PORT'?"
    )


@needs_toml
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_cals = 1", "has an unknown setting max_cals; did you mean 'max_calls'?"),
        ("[server]\nport = 1", "has an unknown setting server"),
        ("port = '1'", "must be a whole number, got '1'"),
        ("port = true", "must be a whole number, got True"),
        ("metrics = 1", "must be true or false, got 1"),
        ("log_level = 'loud'", "must be one of debug, info, warning, error, got 'loud'"),
        ("port = ", "is no TOML file: "),
    ],
)
def test_what_is_wrong_in_a_file_is_an_error_that_names_it(tmp_path: Path, text: str, message: str) -> None:
    file = toml(tmp_path, text)
    with pytest.raises(ParamError) as caught:
        settings_from({"config": file}, {})
    assert message in caught.value.message
    assert file in caught.value.message


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="newer ones read TOML")
def test_where_nothing_reads_toml_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParamError, match=r"needs Python 3\.11 or newer: use flags or the environment"):
        settings_from({"config": toml(tmp_path, "port = 1\n")}, {})


@needs_toml
def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParamError, match=r"nowhere\.toml cannot be read: No such file"):
        settings_from({"config": str(tmp_path / "nowhere.toml")}, {})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_this_machine_alone_needs_no_protection(host: str) -> None:
    ServerSettings(host=host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "milvus.example.com", ""])
@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, {"auth", "tls_cert"}),
        ({"allow_anyone": True}, {"tls_cert"}),
        ({"allow_plaintext": True}, {"auth"}),
        ({"auth": True}, {"tls_cert"}),
        ({"tls_cert": "c", "tls_key": "k"}, {"auth"}),
        ({"auth": True, "tls_cert": "c", "tls_key": "k"}, set()),
        ({"tls_client_ca": "a", "tls_cert": "c", "tls_key": "k"}, set()),
        ({"allow_anyone": True, "allow_plaintext": True}, set()),
    ],
)
def test_other_machines_are_let_in_only_if_each_missing_protection_was_named(
    host: str, given: dict[str, object], missing: set[str]
) -> None:
    if not missing:
        ServerSettings(host=host, **given)  # type: ignore[arg-type]
        return
    with pytest.raises(ParamError, match="is open to other machines") as caught:
        ServerSettings(host=host, **given)  # type: ignore[arg-type]
    assert {name for name in ("auth", "tls_cert") if f"set {name}" in caught.value.message} == missing


@pytest.mark.parametrize("given", [{"tls_cert": "c"}, {"tls_key": "k"}, {"tls_client_ca": "a"}])
def test_half_of_tls_is_an_error(given: dict[str, str]) -> None:
    with pytest.raises(ParamError, match="tls_cert and tls_key"):
        ServerSettings(**given)  # type: ignore[arg-type]


def test_a_password_for_nobody_is_an_error() -> None:
    with pytest.raises(ParamError, match="root_password_file needs auth"):
        ServerSettings(root_password_file="root.txt")


def test_every_setting_says_what_it_is() -> None:
    assert all(one.metadata["help"] for one in fields(ServerSettings))


def test_the_page_has_the_table_of_all_settings() -> None:
    assert table() in PAGE.read_text(encoding="utf-8")


@needs_toml
def test_the_settings_that_the_page_and_the_unit_show_are_taken(tmp_path: Path) -> None:
    shown = [block.text for block in blocks_of(PAGE) if block.language == "toml"]
    (example,) = shown
    assert settings_from({"config": toml(tmp_path, example)}, {}).max_nq == 100
    settings_from({"config": str(ROOT / "deploy/server.toml")}, {})


def test_the_dockerfile_names_settings_that_are_there_and_still_asks_for_protection() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    given = dict(re.findall(r"(MILVUS_STORE_SERVER_\w+)=(\S+)", text))
    assert settings_from({}, given).host == "0.0.0.0"
    with pytest.raises(ParamError, match="is open to other machines"):
        settings_from({}, {name: value for name, value in given.items() if "ALLOW" not in name})
