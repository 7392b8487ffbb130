"""The demo runs from beginning to end, offline, and leaves one file that a second process can search."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("langchain_milvus_store")

_HIT = re.compile(r"^ {5}\d\.\d* +(\S+)", re.MULTILINE)  # a score or a rank, then the topic

_LAST_QUESTION = "When is an object garbage collected?"
SCRIPT = Path(__file__).parents[2] / "examples" / "rag_demo.py"


def run(*arguments: str, folder: Path, encoding: str = "utf-8") -> str:
    """What the demo prints on a terminal with this ``encoding``."""
    result = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding=encoding,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    return run(folder=folder)


def hits_for(output: str, question: str) -> list[list[str]]:
    """For each time the question was put: the topics of its hits, best first."""
    answers = re.split(r"^ *\? ", output, flags=re.MULTILINE)
    return [_HIT.findall(answer) for answer in answers if answer.startswith(question)]


def test_the_answers_come_from_the_right_topics(output: str) -> None:
    assert hits_for(output, "How do I catch several exceptions")[0][0] == "try"
    assert hits_for(output, "What is the precedence of operators")[0][0] == "operator-summary"


def test_a_filtered_retriever_stays_inside_its_topic(output: str) -> None:
    everywhere, within = hits_for(output, "How does an except clause select")
    assert set(everywhere) != {"exceptions"}
    assert set(within) == {"exceptions"}


def test_a_deleted_passage_disappears_and_an_upserted_one_takes_its_place(output: str) -> None:
    before, deleted, upserted = hits_for(output, "How do I leave a loop early")
    assert before[0] == "break"
    assert "break" not in deleted
    assert upserted[0] == "break"
    assert "House rule" in output


def test_the_second_process_answers_from_the_file(output: str) -> None:
    assert hits_for(output, "When is an object garbage collected")[0][0] == "objects"


def test_one_file_is_left(output: str, folder: Path) -> None:
    assert [(path.name, path.is_file()) for path in folder.iterdir()] == [("milvus_demo.db", True)]
    assert "1 file, milvus_demo.db of" in output


def test_the_output_fits_a_terminal_of_100_columns(output: str) -> None:
    lines = [line for line in output.splitlines() if "storing:" not in line]
    assert max(map(len, lines)) <= 100


def test_a_later_run_answers_any_question(output: str, folder: Path) -> None:
    question = "What does the nonlocal statement do?"
    assert hits_for(run("--ask", question, folder=folder), question)[0][0] == "nonlocal"


def test_a_terminal_without_its_characters_shows_the_rest(output: str, folder: Path) -> None:
    told = run("--ask", _LAST_QUESTION, folder=folder, encoding="ascii")
    assert hits_for(told, _LAST_QUESTION) == hits_for(output, _LAST_QUESTION)[-1:]
