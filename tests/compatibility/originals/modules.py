"""Test modules of ours with the stores of others in place of ours: through the drop-in, and on Milvus Lite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Modules:
    """A folder of tests, and for each thing that the original lacks the names of the tests that need it: those of
    functions, or with their arguments in brackets."""

    folder: str
    lacking: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Comparison:
    """How many tests pass through the drop-in, how many need what the original lacks, and what is wrong."""

    passed: int
    passed_on_lite: int
    lacking: int
    faults: tuple[str, ...]

    def __str__(self) -> str:
        counts = f"{self.passed} passed ({self.passed_on_lite} on Milvus Lite), {self.lacking} lacking"
        return "\n".join((f"{counts}, {len(self.faults)} failed", *self.faults))


def compare(python: Path, modules: Modules) -> Comparison:
    """Run ``modules`` with the store that ``python`` has installed."""
    served = _outcomes(python, modules.folder, "milvus_store.pymilvus.manager")
    lite = {} if sys.platform == "win32" else _outcomes(python, modules.folder, "milvus_lite.server_manager")
    return judged(modules, served, lite)


def judged(modules: Modules, served: Mapping[str, str], lite: Mapping[str, str]) -> Comparison:
    """What the outcomes through the drop-in and on Milvus Lite say: why each test failed, or nothing."""
    named = {
        f"{modules.folder}/{name}": reason for reason, names in modules.lacking.items() for name in names
    }
    listed = {test: name for test in served for name in (test, test.partition("[")[0]) if name in named}
    faults = [f"there is no test {name}" for name in sorted(named.keys() - listed.values())]
    for test, failure in served.items():
        if failure and test not in listed:
            faults.append(f"{test} failed: {failure}")
        elif failure and lite.get(test) == "":
            faults.append(f"{test} failed, and passes on Milvus Lite: {failure}")
        elif not failure and test in listed:
            faults.append(f"{test} passes, though the original lacks {named[listed[test]]}")
    return Comparison(
        sum(not failure for failure in served.values()),
        sum(not failure for failure in lite.values()),
        sum(test in listed for test, failure in served.items() if failure),
        tuple(faults),
    )


def _outcomes(python: Path, folder: str, server: str) -> dict[str, str]:
    """Why each test failed, or nothing, where ``server`` is the module that serves the paths."""
    through = ("-m", "milvus_store.pymilvus") if server.startswith("milvus_store") else ()
    where = (f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}", "-p", "no:cacheprovider")
    # Warnings are those of the originals. pytest fails at a deep recursion if it shows the source of its frames.
    options = (*where, "-o", "filterwarnings=default", "--tb=native")
    with tempfile.TemporaryDirectory() as temporary:
        found = Path(temporary, "outcomes.json")
        plugin = ("-p", "tests.compatibility.originals.plugin", f"--outcomes={found}")
        done = subprocess.run(
            [python, *through, "-m", "pytest", ROOT / folder, *options, *plugin],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).with_name("stand_ins"))},
            cwd=temporary,  # for files that go by their default name
            capture_output=True,
            text=True,
            timeout=3600,
            check=False,
        )
        if done.returncode not in (0, 1):
            raise RuntimeError(
                f"the tests of {folder} did not run to their end:\n{done.stdout}\n{done.stderr}"
            )
        run = json.loads(found.read_text())
    if run["served_by"] != server:
        raise RuntimeError(f"the tests of {folder} ran on {run['served_by']} instead of {server}")
    outcomes: dict[str, str] = run["outcomes"]
    return outcomes
