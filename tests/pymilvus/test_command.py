"""``python -m milvus_store.pymilvus``: programs that nobody edits."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

from milvus_store.pymilvus.__main__ import STARTUP, command_of, main, with_startup

from .running import run, run_served

PROGRAM = """
import sys
from pymilvus import MilvusClient
client = MilvusClient("./test.db")
client.create_collection("made", dimension=2)
print(sys.argv[1:], client.list_collections())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where there is a program, as a file and as a module."""
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def served(folder: Path) -> bool:
    """Whether the database is a file, and no folder of Milvus Lite's."""
    return (folder / "test.db").is_file()


@pytest.mark.parametrize("how", [["program.py"], ["-m", "program"], ["-c", PROGRAM]])
def test_a_program_runs_as_it_does_without(folder: Path, how: list[str]) -> None:
    assert run_served(*how, "--x", "1", cwd=folder) == "['--x', '1'] ['made']\n"
    assert served(folder)


def test_the_variable_alone_serves_any_program(folder: Path) -> None:
    startup = run("-m", "milvus_store.pymilvus", "--startup").strip()
    path = os.pathsep.join((startup, os.environ.get("PYTHONPATH", "")))
    assert run("program.py", cwd=folder, env={"PYTHONPATH": path}) == "[] ['made']\n"
    assert served(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_a_command_is_found_and_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = folder / "bin" / "some-command"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\n{PROGRAM}")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    assert run_served("some-command", "x", cwd=folder) == "['x'] ['made']\n"
    assert served(folder)


def test_processes_that_the_program_starts_are_served(folder: Path) -> None:
    (folder / "starter.py").write_text(
        textwrap.dedent(
            """
            import multiprocessing, subprocess, sys
            from pymilvus import MilvusClient

            def work(name):
                client = MilvusClient("./test.db")
                client.create_collection(name, dimension=2)

            if __name__ == "__main__":
                subprocess.run([sys.executable, "program.py"], check=True)
                child = multiprocessing.get_context("spawn").Process(target=work, args=("spawned",))
                child.start()
                child.join()
                print(sorted(MilvusClient("./test.db").list_collections()))
            """
        )
    )
    assert run_served("starter.py", cwd=folder) == "[] ['made']\n['made', 'spawned']\n"


def test_the_exit_code_is_that_of_the_program(folder: Path) -> None:
    with pytest.raises(AssertionError, match="this went wrong"):
        run_served("-c", "import sys; sys.exit('this went wrong')", cwd=folder)


def test_programs_without_pymilvus_import_nothing_of_it(folder: Path) -> None:
    shown = run_served("-c", "import sys; print('milvus_store' in sys.modules, 'numpy' in sys.modules)")
    assert shown == "False False\n"


def test_a_startup_module_of_the_environment_is_run_too(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text("import sys; sys.other = 'ran'")
    path = os.pathsep.join((STARTUP, str(folder), os.environ.get("PYTHONPATH", "")))
    program = "import sys, sitecustomize; print(sys.other, sitecustomize.__file__)"
    assert run("-c", program, env={"PYTHONPATH": path}) == f"ran {folder / 'sitecustomize.py'}\n"
    run("program.py", cwd=folder, env={"PYTHONPATH": path})
    assert served(folder)


def test_the_startup_folder_stands_before_the_others() -> None:
    assert with_startup({})["PYTHONPATH"] == STARTUP
    assert with_startup({"PYTHONPATH": "there"})["PYTHONPATH"] == f"{STARTUP}{os.pathsep}there"


def test_a_file_that_is_no_command_is_given_to_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program").write_text("")
    assert command_of(["program", "x"]) == [sys.executable, "program", "x"]


def test_a_command_of_this_python_goes_before_one_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = command_of(["pytest", "x"])
    assert found is not None
    assert Path(found[0]).parent == Path(sys.executable).parent
    assert found[1:] == ["x"]


def test_what_is_no_program_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-program"]) == 2
    assert "there is no program 'no-such-program'" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--help"], 0)])
def test_help_says_how_it_is_used(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    assert "python -m milvus_store.pymilvus PROGRAM" in capsys.readouterr().out
