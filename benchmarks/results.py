"""Results of a benchmark as JSON: what was measured, on what machine, with which versions and settings.

Every row is flat, and says by ``measure`` what it tells: ``ingest``, ``build``, ``opening``, ``search``, ``sweep``
or ``busy``. ``benchmarks.plots`` draws them.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]


@dataclass
class Results:
    """All of one run."""

    benchmark: str
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    machine: Mapping[str, Any] = field(default_factory=lambda: machine())
    rows: list[Row] = field(default_factory=list)

    def add(self, measure: str, product: str, **values: Any) -> None:
        self.rows.append({"measure": measure, "product": product, **values})

    def of(self, measure: str) -> list[Row]:
        """The rows that tell of ``measure``."""
        return [row for row in self.rows if row["measure"] == measure]

    def write(self, path: Path | None) -> None:
        """As JSON into ``path``, if one was given."""
        if path is not None:
            path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
            print(f"results are in {path}")


def read(path: Path) -> Results:
    return Results(**json.loads(path.read_text(encoding="utf-8")))


def machine() -> dict[str, Any]:
    """What the figures depend on, as far as Python knows it."""
    # Here, because the processes of peers import this module too, and shall have nothing of ours.
    from milvus_store_lite.process.cores import available_cores

    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": available_cores(),
        "python": platform.python_version(),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    """Its name: Linux tells it in a file alone."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
