"""What Milvus Lite's server has of 0.9, and what it lacks; docs/legacy.md lists it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store.legacy import IndexType, MetricType, Milvus, Status

from ..servers import running_server
from .test_indexes import GOOD
from .walk import ok

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for

DIMENSION = 24
VECTORS = np.random.default_rng(5).standard_normal((300, DIMENSION))


@pytest.fixture
def server(milvus_server: tuple[str, int]) -> Iterator[Milvus]:
    """A client of the server, with the collection ``served`` of 300 vectors."""
    host, port = milvus_server
    with Milvus(host=host, port=port) as client:
        for name in client.list_collections()[1]:
            client.drop_collection(name)
        ok(client.create_collection({"collection_name": "served", "dimension": DIMENSION}))
        ok(client.insert("served", VECTORS, ids=list(range(300))))
        yield client


def is_milvus_lite(server: Milvus) -> bool:
    return "lite" in server.server_version()[1]


@pytest.mark.parametrize("kind", GOOD, ids=str)
def test_every_index_type_is_taken_there_and_searched(server: Milvus, kind: IndexType) -> None:
    build, search = GOOD[kind]
    ok(server.create_index("served", kind, build))
    _, info = ok(server.get_index_info("served"))
    assert info.index_type == kind
    kept = {} if is_milvus_lite(server) else {key: str(value) for key, value in build.items()}
    assert {key: str(value) for key, value in info.params.items()} == kept
    _, found = ok(server.search("served", 3, VECTORS[:10], params=search))
    assert [row[0].id for row in found] == list(range(10))


def test_bits_are_refused_where_there_are_none(server: Milvus) -> None:
    param = {"collection_name": "bits", "dimension": 8, "metric_type": MetricType.HAMMING}
    has_bits = not is_milvus_lite(server)
    assert server.create_collection(param).OK() is has_bits
    assert server.has_collection("bits")[1] is has_bits


def test_segments_statistics_and_futures_work_there_too(server: Milvus) -> None:
    ok(server.create_partition("served", "tag01"))
    ok(
        server.insert(
            "served", VECTORS[:5], ids=list(range(900, 905)), partition_tag="tag01", _async=True
        ).result()
    )
    _, stats = ok(server.get_collection_stats("served"))
    assert [(one["tag"], one["row_count"]) for one in stats["partitions"]] == [
        ("_default", 300),
        ("tag01", 5),
    ]
    assert sorted(ok(server.list_id_in_segment("served", "tag01"))[1]) == list(range(900, 905))
    _, found = ok(server.search_in_segment("served", ["tag01"], VECTORS[:1], top_k=9))
    assert found.id_array[0][0] == 900
    assert len(found[0]) == 5
    assert ok(server.get_collection_info("served"))[1].index_file_size == 1024


def test_what_a_server_does_not_show_is_refused(server: Milvus) -> None:
    assert server.get_config("cache_config", "cpu_cache_capacity")[0].code == Status.ILLEGAL_ARGUMENT
    assert server.set_config("cache_config", "cpu_cache_capacity", 4)[0].code == Status.ILLEGAL_ARGUMENT


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP there")
def test_a_server_that_hangs_or_is_gone_is_a_status_in_time(tmp_path: Path) -> None:
    with running_server(tmp_path) as own, Milvus(host=own.host, port=own.port) as client:
        ok(client.create_collection({"collection_name": "own", "dimension": 2}))
        own.process.send_signal(signal.SIGSTOP)
        os.waitpid(own.process.pid, os.WUNTRACED)  # its threads may answer for a moment after the signal
        calls: tuple[Callable[[], tuple[Status, Any]], ...] = (
            lambda: client.list_collections(timeout=0.3),
            lambda: client.search("own", 1, [[1.0, 2.0]], timeout=0.3),
            lambda: client.insert("own", [[1.0, 2.0]], timeout=0.3, _async=True).result(timeout=30),
        )
        for call in calls:
            status, value = call()
            assert (status.code, status.message, value) == (Status.UNEXPECTED_ERROR, "Request timeout", [])
        own.process.kill()
        own.process.wait(timeout=30)
        for call in calls:
            status, value = call()
            assert (status.code, value) == (Status.CONNECT_FAILED, [])
