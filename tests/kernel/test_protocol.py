"""The installed kernel, over Jupyter's messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from milvus_store import MilvusClient

from .jupyter import SECONDS, Notebook, install, notebook

pytestmark = pytest.mark.filterwarnings("default")  # Jupyter's own warnings are not ours to answer for


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return install(tmp_path_factory.mktemp("prefix"))


@pytest.fixture(scope="module")
def book(jupyter: dict[str, str], folder: Path) -> Iterator[Notebook]:
    with notebook(jupyter, folder) as book:
        assert book.run("./demo.db; create table T where dimension=2").content["status"] == "ok"
        yield book


def test_the_kernelspec_is_found(jupyter: dict[str, str]) -> None:
    # Not by `jupyter kernelspec list --json`, which early releases of jupyter-client write into their log.
    lines = (
        "import json",
        "from jupyter_client import kernelspec as found",
        "print(json.dumps(found.get_kernel_spec('milvus').to_dict()))",
    )
    command = [sys.executable, "-c", "; ".join(lines)]
    done = subprocess.run(command, env=jupyter, capture_output=True, text=True, check=True)
    spec = json.loads(done.stdout)
    assert (spec["display_name"], spec["language"]) == ("Milvus", "sql")
    assert spec["argv"][:3] == [sys.executable, "-m", "milvus_store_kernel"]


def test_the_kernel_introduces_itself(book: Notebook) -> None:
    info = book.answer(book.client.kernel_info())
    assert info["implementation"] == "milvus_store_kernel"
    assert info["language_info"]["name"] == "sql"
    assert "./milvus_demo.db" in info["banner"]


def test_every_statement_shows_its_output_as_text_and_html(book: Notebook) -> None:
    reply = book.run("list table; insert 3,4 from T by id=1; select 0,0 from T")
    assert reply.content["status"] == "ok"
    assert reply.texts[0] == "collections\n-----------\nT\n(1 row)"
    assert reply.texts[2].splitlines()[2].split() == ["1", "25"]
    assert "<td" in reply.shown[2]["text/html"]
    assert len(reply.shown) == 3


def test_an_error_keeps_the_outputs_before_it_and_has_a_caret(book: Notebook) -> None:
    reply = book.run("list table;\nselect 1,2,3 from T;\nlist table")
    assert len(reply.shown) == 1
    assert reply.content["status"] == "error"
    (error,) = reply.errors
    assert error["ename"] == "ILLEGAL_DIMENSION"
    assert error["traceback"][1:] == ["line 2: select 1,2,3 from T;", "               ^"]
    assert reply.content["ename"] == error["ename"]


def test_html_is_escaped(book: Notebook) -> None:
    book.run("create collection h where dimension=2")
    reply = book.run('insert into h {"id": 1, "vector": [1, 2], "<b>": "<script>"}; select * from h')
    html = reply.shown[1]["text/html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;" in html


def test_a_cell_after_an_error_in_the_queue_does_not_run(book: Notebook) -> None:
    # Long enough for the next cell to be in the queue when it fails, however busy the machine is.
    failing = book.client.execute(">>> import time\n>>> time.sleep(2)\n>>> 1 / 0")
    after = book.client.execute("create table after_error where dimension=2")
    assert book.collect(failing).content["status"] == "error"
    assert book.collect(after).content["status"] == "aborted"
    assert "after_error" not in book.run("list table").texts[0]


def test_python_lines_print_and_raise(book: Notebook) -> None:
    reply = book.run(
        """
        # what a document shows
        >>> status = client.flush(['T'])
        >>> status
        Status(code=0, message='OK')
        >>> for number in range(2):
        ...     print("number", number)
        >>> milvus_client.has_collection("T")
        """
    )
    assert reply.texts == ["Status(code=0, message='OK')", "True"]
    assert reply.printed == "number 0\nnumber 1\n"
    failed = book.run(">>> one = 1\n>>> one / 0")
    assert failed.content["status"] == "error"
    assert failed.errors[0]["ename"] == "ZeroDivisionError"
    assert any("line 2" in line for line in failed.errors[0]["traceback"])
    assert book.run(">>> one").texts == ["1"]
    assert book.run(">>> def (").content["ename"] == "SyntaxError"


def test_completion_and_inspection(book: Notebook) -> None:
    completed = book.answer(book.client.complete("drop ta", 7))
    assert (completed["matches"], completed["cursor_start"], completed["cursor_end"]) == (["table"], 5, 7)
    inspected = book.answer(book.client.inspect("desc T", 6))
    assert "vector: FLOAT_VECTOR(2)" in inspected["data"]["text/plain"]
    assert book.answer(book.client.is_complete("create table"))["status"] == "incomplete"
    assert book.answer(book.client.is_complete("list table"))["status"] == "complete"


def test_an_interrupt_stops_the_cell_and_not_the_kernel(book: Notebook) -> None:
    running = book.client.execute(">>> print('begun')\n>>> import time\n>>> time.sleep(120)")
    while book.client.get_iopub_msg(timeout=SECONDS)["msg_type"] != "stream":
        pass
    book.manager.interrupt_kernel()
    reply = book.collect(running)
    assert reply.content["status"] == "error"
    assert reply.content["ename"] == "KeyboardInterrupt"
    assert book.run("list table").content["status"] == "ok"


def test_a_silent_cell_says_nothing(book: Notebook) -> None:
    reply = book.collect(book.client.execute("list table", silent=True))
    assert reply.content["status"] == "ok"
    assert reply.shown == []


def test_a_kernel_that_ends_leaves_one_file(jupyter: dict[str, str], tmp_path: Path) -> None:
    with notebook(jupyter, tmp_path) as book:
        book.run("./left.db; create table T where dimension=2; insert 1,2 from T by id=1")
    assert [one.name for one in tmp_path.iterdir()] == ["left.db"]
    with MilvusClient(tmp_path / "left.db") as client:
        assert client.get_collection_stats("T") == {"row_count": 1}
