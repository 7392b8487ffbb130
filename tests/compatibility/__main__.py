"""Versions of pymilvus, programs that use it, and our test modules with the stores of others, through the drop-in:
each in an environment of its own.

``make compatibility`` runs all of them, ``python -m tests.compatibility NAME ...`` some. They exclude each other
in one environment and are installed from the network, so they are no part of the test suite. Environments are kept
in ``.venv-compatibility/``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .embeddings import embedding_service
from .originals import lacking_langchain, lacking_llama_index
from .originals.modules import Modules, compare

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venv-compatibility"
CLIENTS = tuple(
    ROOT / "tests" / "pymilvus" / "programs" / f"{name}.py" for name in ("synchronous", "asynchronous", "orm")
)
TESTING = ("pytest", "pytest-asyncio", "pytest-xdist", "hypothesis", "langchain-text-splitters")


@dataclass(frozen=True)
class Case:
    """What is installed, the programs that run with it on a new path each, and test modules of ours."""

    requirements: tuple[str, ...]
    programs: tuple[Path, ...] = ()
    modules: Modules | None = None


def _of(program: str, *requirements: str) -> Case:
    return Case(requirements, (Path(__file__).parent / "programs" / f"{program}.py",))


CASES = {
    # milvus-lite 2, which 2.5 asks for on some systems, needs a setuptools that still has pkg_resources.
    "pymilvus-2.5": Case(("pymilvus==2.5.16", "setuptools<80"), CLIENTS),
    "pymilvus-2.6": Case(("pymilvus==2.6.17",), CLIENTS),
    "pymilvus-3.0": Case(("pymilvus==3.0.2",), CLIENTS),
    "langchain-milvus": _of("langchain_store", "langchain-milvus==0.4.0"),
    "llama-index": _of("llama_index_store", "llama-index-vector-stores-milvus==1.2.0"),
    "haystack": _of("haystack_store", "milvus-haystack==0.1.0"),
    "memsearch": _of("memsearch_commands", "memsearch==0.4.23"),
    "mem0": _of("mem0_memory", "mem0ai==2.2.1", "pymilvus==3.0.2"),
    "langchain-tests": Case(
        ("langchain-milvus==0.4.0", "langchain-tests", *TESTING),
        modules=Modules("tests/langchain", lacking_langchain.LACKING),
    ),
    "llama-index-tests": Case(
        ("llama-index-vector-stores-milvus==1.2.0", *TESTING),
        modules=Modules("tests/llamaindex", lacking_llama_index.LACKING),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compatibility", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(CASES)}")
    names = parser.parse_args().names or list(CASES)
    failed = 0
    with embedding_service() as service:
        for name in names:
            case = CASES[name]
            python = _installed(name, case)
            for program in case.programs:
                complaint = _complaint(python, program, service)
                failed += complaint is not None
                print(
                    f"{name:18} {program.stem:20} {'passed' if complaint is None else 'FAILED'}", flush=True
                )
                if complaint:
                    print(complaint)
            if case.modules is not None:
                comparison = compare(python, case.modules)
                failed += len(comparison.faults)
                print(f"{name:18} {case.modules.folder:20} {comparison}", flush=True)
    return 1 if failed else 0


def _installed(name: str, case: Case) -> Path:
    """The Python of an environment that has this project and what the case asks for."""
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv = [sys.executable, "-m", "uv"]
    if not python.exists():
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    packages = ["--editable", f"{ROOT}[text]", *case.requirements]
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *packages], check=True)
    return python


def _complaint(python: Path, program: Path, service: str) -> str | None:
    """What went wrong when ``program`` ran on a new path; None if all was well."""
    environment = {**os.environ, "OPENAI_BASE_URL": service, "OPENAI_API_KEY": "none", "PYTHONPATH": ""}
    with tempfile.TemporaryDirectory() as folder:
        path, home = Path(folder, "data", "milvus.db"), Path(folder, "home")
        path.parent.mkdir()
        home.mkdir()
        done = subprocess.run(
            [python, "-W", "ignore", "-m", "milvus_store.pymilvus", "-W", "ignore", program, path],
            env={**environment, "HOME": str(home)},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        left = sorted(path.parent.iterdir())
        if done.returncode or not done.stdout.endswith("done\n"):
            return f"{done.stdout}\n{done.stderr}"
        if left != [path] or not path.is_file():
            return f"it left {left}"
    return None


if __name__ == "__main__":
    sys.exit(main())
