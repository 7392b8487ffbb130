"""The table of what works on which server: the tests check what it says of a file and of our server."""

from __future__ import annotations

from pathlib import Path

import pymilvus
import pytest

from .support import CALLS, REFUSED, SERVED, support

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's own warnings are not ours to answer for

PAGE = Path(__file__).parents[2] / "docs" / "server.md"


@pytest.mark.parametrize("place", ["file", "server"])
def test_every_call_of_the_table_works(place: str, our_server: tuple[str, int], tmp_path: Path) -> None:
    uri = "http://{}:{}".format(*our_server) if place == "server" else str(tmp_path / "local.db")
    expected = dict.fromkeys(CALLS, SERVED)
    if place == "server" and not hasattr(pymilvus.MilvusClient, "drop_collection_field"):  # before pymilvus 3
        expected["drop_collection_field"] = REFUSED
    assert support(uri) == expected


def test_the_page_lists_these_calls() -> None:
    lines = PAGE.read_text(encoding="utf-8").split("## What works where")[1].splitlines()
    listed = [line.split(" | ") for line in lines if line.startswith("| ") and not line.startswith("| |")]
    assert [cells[0].removeprefix("| ") for cells in listed] == list(CALLS)
    assert all(cells[1:3] == [SERVED, SERVED] for cells in listed)
