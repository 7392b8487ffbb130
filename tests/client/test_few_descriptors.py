"""A process without a free file descriptor: calls that need one are refused, and work again once there are."""

import subprocess
import sys
from pathlib import Path

import pytest

from milvus_store import MilvusClient

CALLS = """
import os, resource, sys
from milvus_store import MilvusClient, MilvusException

path, call, spare = sys.argv[1], sys.argv[2], int(sys.argv[3])


def calls_of(client):
    return {
        "query": lambda: client.query("docs", "id >= 0"),
        "search": lambda: client.search("docs", [[1, 2]]),
        "insert": lambda: client.insert("docs", [{"id": 9, "vector": [1, 2]}]),
        "iterate": lambda: client.query_iterator("docs", filter="id >= 0").next(),
    }


# Modules that are imported late need descriptors, too.
with MilvusClient(":memory:") as other:
    other.create_collection("docs", dimension=2)
    for one in calls_of(other).values():
        one()
client = MilvusClient(path)
calls = calls_of(client)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for _ in range(spare):
    os.close(taken.pop())
try:
    calls[call]()
    outcome = "answered"
except MilvusException:
    outcome = "refused"
for one in taken:
    os.close(one)
for again in calls.values():
    again()
print(outcome, len(client.query("docs", "id >= 0")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no limit that a process could lower")
@pytest.mark.parametrize("spare", [0, 1, 2])
@pytest.mark.parametrize("call", ["query", "search", "insert", "iterate"])
def test_a_client_that_found_no_descriptor_works_again(tmp_path: Path, call: str, spare: int) -> None:
    path = tmp_path / "few.db"
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": 1, "vector": [0.0, 1.0]}])
    done = subprocess.run(
        [sys.executable, "-c", CALLS, str(path), call, str(spare)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "2"
