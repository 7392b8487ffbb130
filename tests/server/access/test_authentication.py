"""Who calls: passwords and keys, right and wrong, and what happens to those who guess."""

from __future__ import annotations

import base64
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymilvus import MilvusClient as Client
from pymilvus import MilvusException

import milvus_store
from milvus_store.errors import DatabaseWriteError, ParamError
from milvus_store.errors import MilvusException as FileError
from milvus_store.server.access import credentials, setup
from milvus_store.server.access.throttle import Throttle
from milvus_store.server.endpoint import MilvusServer
from milvus_store.server.protocol import METHODS
from milvus_store_lite import DatabaseFile
from tests.server.access.conftest import PASSWORD, ROOT_PASSWORD, Connect

Raw = Callable[..., Any]

WRONG = {
    "nothing": None,
    "a wrong password": "root:wrong password",
    "no password": "root:",
    "an unknown user": f"nobody:{ROOT_PASSWORD}",
    "no user": f":{ROOT_PASSWORD}",
    "an unknown key": "mvs_unknown",
    "a stored hash": "root:scrypt$4$1$1$AAAA$AAAA",
}


def status_of(raw: Raw, name: str, secret: str | None, **metadata: str) -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as raised:
        raw(name, secret, **metadata)
    code: grpc.StatusCode = raised.value.code()
    return code


@pytest.mark.parametrize("secret", [None, "mvs_unknown", "root:wrong password"])
def test_every_call_is_refused_without_credentials_and_with_wrong_ones(raw: Raw, secret: str | None) -> None:
    refused = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert [method for method in METHODS if status_of(raw, method, secret) not in refused] == []


@pytest.mark.parametrize("secret", WRONG.values(), ids=WRONG)
def test_wrong_credentials_are_refused(raw: Raw, secret: str | None) -> None:
    assert status_of(raw, "GetVersion", secret) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("header", ["", "no base64!", "gICA", "Bearer cm9vdA=="])
def test_a_header_that_cannot_be_read_is_refused(raw: Raw, header: str) -> None:
    assert status_of(raw, "GetVersion", None, authorization=header) is grpc.StatusCode.UNAUTHENTICATED


def test_a_wrong_password_is_an_error_of_the_client(server: MilvusServer) -> None:
    with pytest.raises(MilvusException, match="illegal connection params"):
        Client(server.uri, user="root", password="wrong password")


def test_a_token_of_user_and_password_works(connect: Connect) -> None:
    assert connect(token=f"root:{ROOT_PASSWORD}").list_users() == ["root"]


def test_a_password_may_have_colons_and_any_letters(root: Client, connect: Connect) -> None:
    root.create_user("ann", "pass:wörd:✓")
    assert connect("ann", "pass:wörd:✓").get_server_version()
    assert connect(token="ann:pass:wörd:✓").get_server_version()


def test_a_new_password_holds_at_once_and_the_old_one_no_longer(root: Client, ann: Client, raw: Raw) -> None:
    assert raw("GetVersion", f"ann:{PASSWORD}").version
    root.update_password("ann", PASSWORD, "another one")
    assert status_of(raw, "GetVersion", f"ann:{PASSWORD}") is grpc.StatusCode.UNAUTHENTICATED
    assert raw("GetVersion", "ann:another one").version


def test_a_user_who_was_dropped_is_out_at_once(root: Client, ann: Client, raw: Raw) -> None:
    root.drop_user("ann")
    assert status_of(raw, "GetVersion", f"ann:{PASSWORD}") is grpc.StatusCode.UNAUTHENTICATED


def test_an_api_key_is_its_user_until_it_or_he_is_dropped(
    root: Client, ann: Client, raw: Raw, path: Path
) -> None:
    with milvus_store.MilvusClient(path) as file:
        keys = [setup.create_api_key(file, name, "ann") for name in ("first", "second")]
        for key in keys:
            assert raw("GetVersion", key).version
        setup.drop_api_key(file, "first")
        assert status_of(raw, "GetVersion", keys[0]) is grpc.StatusCode.UNAUTHENTICATED
        root.drop_user("ann")
        assert status_of(raw, "GetVersion", keys[1]) is grpc.StatusCode.UNAUTHENTICATED
        root.create_user("ann", PASSWORD)
        assert status_of(raw, "GetVersion", keys[1]) is grpc.StatusCode.UNAUTHENTICATED


def test_no_secret_is_in_the_file_or_in_a_log(
    root: Client, path: Path, raw: Raw, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    root.create_user("ann", "secret-of-ann")
    with milvus_store.MilvusClient(path) as file:
        key = setup.create_api_key(file, "key", "ann")
    for wrong in ("ann:wrong-secret", "mvs_wrong-secret"):
        with pytest.raises(grpc.RpcError) as raised:
            raw("GetVersion", wrong)
        assert "wrong-secret" not in str(raised.value)
    with pytest.raises(MilvusException) as refused:
        root.create_user("bob", "five5")
    assert "five5" not in str(refused.value)
    with closing(sqlite3.connect(path)) as connection:
        stored = "".join(connection.iterdump())
    for secret in (ROOT_PASSWORD, "secret-of-ann", key):
        assert secret not in stored
        assert base64.b64encode(secret.encode()).decode() not in stored
        assert secret not in caplog.text
    assert "wrong-secret" not in caplog.text


# The first user ----------------------------------------------------------------------------------------


def test_the_password_of_root_is_made_up_and_told_once(path: Path) -> None:
    with MilvusServer(path, "127.0.0.1:0", access=True) as server:
        made = server.made_password
        assert made is not None
        assert len(made) > 20
        Client(server.uri, user="root", password=made).close()
    with MilvusServer(path, "127.0.0.1:0", access=True, root_password="not taken") as server:
        assert server.made_password is None
        Client(server.uri, user="root", password=made).close()


@pytest.mark.parametrize("password", ["Milvus", "short", "", "x" * 73])
def test_a_password_that_everybody_knows_or_can_guess_is_refused(path: Path, password: str) -> None:
    with pytest.raises(ParamError):
        MilvusServer(path, "127.0.0.1:0", access=True, root_password=password)
    with milvus_store.MilvusClient(path) as file:  # which was closed
        assert not file._file.access.read().users


def test_a_read_only_file_without_users_cannot_be_guarded(path: Path) -> None:
    DatabaseFile(path).close()
    with pytest.raises(DatabaseWriteError):
        MilvusServer(path, "127.0.0.1:0", access=True, read_only=True)


def test_whoever_has_the_file_sets_a_password_anew(server: MilvusServer, path: Path, raw: Raw) -> None:
    with milvus_store.MilvusClient(path) as file:
        setup.set_password(file, "root", "a new password")
    assert status_of(raw, "GetVersion", f"root:{ROOT_PASSWORD}") is grpc.StatusCode.UNAUTHENTICATED
    assert raw("GetVersion", "root:a new password").version


# Guessing ----------------------------------------------------------------------------------------------


def test_who_guesses_has_to_wait_and_who_is_in_goes_on(ann: Client, root: Client, raw: Raw) -> None:
    for _ in range(6):
        assert status_of(raw, "GetVersion", "ann:guess") is grpc.StatusCode.UNAUTHENTICATED
    assert status_of(raw, "GetVersion", "ann:guess") is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert raw("GetVersion", f"ann:{PASSWORD}").version  # it was right before
    assert raw("GetVersion", f"root:{ROOT_PASSWORD}").version


def test_who_guesses_at_many_users_has_to_wait(raw: Raw) -> None:
    statuses = [status_of(raw, "GetVersion", f"user{n}:guess") for n in range(30)]
    assert grpc.StatusCode.RESOURCE_EXHAUSTED in statuses
    assert statuses[:20] == [grpc.StatusCode.UNAUTHENTICATED] * 20


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_pauses_double_up_to_a_minute_and_are_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    pauses = []
    for _ in range(12):
        throttle.failed("ann", free=3)
        pauses.append(throttle.pause("ann"))
        clock.now += throttle.pause("ann")
        assert throttle.pause("ann") == 0
    assert pauses == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    throttle.succeeded("ann")
    throttle.failed("ann", free=3)
    assert throttle.pause("ann") == 0
    for _ in range(9):
        throttle.failed("bob", free=3)
    clock.now += 1000
    throttle.failed("bob", free=3)
    assert throttle.pause("bob") == 0


def test_the_memory_of_guesses_is_bounded() -> None:
    throttle = Throttle()
    for number in range(20_000):
        throttle.failed(f"user {number}", free=0)
    assert len(throttle._failures) == 10_000
    assert throttle.pause("user 19999") > 0


def test_a_password_is_hashed_once_however_many_calls_bring_it(
    ann: Client, server: MilvusServer, raw: Raw, monkeypatch: pytest.MonkeyPatch, root: Client
) -> None:
    hashed = []
    is_password_of = credentials.is_password_of

    def count(password: str, stored: str) -> bool:
        hashed.append(password)
        time.sleep(0.05)
        return is_password_of(password, stored)

    monkeypatch.setattr(credentials, "is_password_of", count)
    root.create_user("bob", "password of bob")
    threads = [threading.Thread(target=raw, args=("GetVersion", "bob:password of bob")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hashed == ["password of bob"]


def test_an_unknown_user_takes_as_long_as_a_known_one(
    ann: Client, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []
    monkeypatch.setattr(credentials, "is_password_of", lambda *asked: bool(hashed.append(asked)))
    for user in ("ann", "nobody"):
        assert status_of(raw, "GetVersion", f"{user}:guess") is grpc.StatusCode.UNAUTHENTICATED
    assert len(hashed) == 2


def test_a_file_with_users_is_served_to_nobody_who_is_not_asked(server: MilvusServer, path: Path) -> None:
    assert server.made_password is None
    with pytest.raises(FileError, match="has users.*serve it with access control"):
        MilvusServer(path, "127.0.0.1:0")
