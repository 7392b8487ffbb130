"""Plots of a few made results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import plots
from benchmarks.results import Results


def report(rows: int, data: str = "synthetic") -> Results:
    """What a run of ``rows`` rows might have found."""
    made = Results("peers", {"rows": rows, "dim": 384, "data": data, "products": {}}, {"numpy": "2"})
    for place, product in enumerate(("milvus-store", "zvec"), 1):
        made.add("ingest", product, rows_per_s=40_000 / place, index_s=2.0 * place)
        for asked in ("no filter", "bucket < 50"):
            made.add("search", product, filter=asked, effort=0, p50_ms=place * rows / 1e5, recall=0.99)
            for kind in ("threads", "processes"):
                for writer in (False, True):
                    for workers in (1, 2, 4):
                        way = {"kind": kind, "workers": workers, "writer": writer}
                        made.add("busy", product, filter=asked, **way, qps=1_000 * workers / place)
    for effort in (32, 64):
        made.add("sweep", "zvec", filter="no filter", effort=effort, p50_ms=effort / 50, recall=0.9)
    return made


def written(folder: Path, *reports: Results) -> set[str]:
    files = []
    for place, one in enumerate(reports):
        files.append(folder / f"{place}.json")
        one.write(files[-1])
    plots.main([*map(str, files), str(folder / "plots")])
    return {path.stem for path in (folder / "plots").iterdir()}


BUSY = {
    f"qps-{kind}{writer}-1000-x-384-synthetic"
    for kind in ("threads", "processes")
    for writer in ("", "-writer")
}


def texts(path: Path) -> set[str]:
    return {element.text or "" for element in ElementTree.parse(path).iter() if element.tag.endswith("text")}


def test_each_plot_is_drawn_from_the_results_that_it_needs(tmp_path: Path) -> None:
    assert written(tmp_path, report(1_000)) == {"recall-latency", "ingest", *BUSY}
    shown = texts(tmp_path / "plots" / "recall-latency.svg")
    assert shown >= {"milvus-store", "zvec", "32", "64", "recall@10", "1,000 x 384 synthetic"}
    assert texts(tmp_path / "plots" / "ingest.svg") >= {"milvus-store", "zvec", "1,000 x 384 synthetic"}
    busy = texts(tmp_path / "plots" / "qps-threads-writer-1000-x-384-synthetic.svg")
    assert busy >= {"threads, beside a writer", "bucket < 50", "1,000 x 384 synthetic", "4"}


def test_latency_by_rows_needs_several_numbers_of_rows_of_the_same_data(tmp_path: Path) -> None:
    assert "latency-rows" not in written(tmp_path, report(1_000), report(20_000, "mine.npy"))
    assert "latency-rows" in written(tmp_path, report(1_000), report(10_000))
    assert texts(tmp_path / "plots" / "latency-rows.svg") >= {"no filter", "bucket < 50", "rows"}


def test_the_same_results_are_drawn_as_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        written(tmp_path / name, report(1_000))
    for path in (tmp_path / "one" / "plots").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / "plots" / path.name).read_bytes()


def test_without_matplotlib_the_line_for_pip_is_told(tmp_path: Path) -> None:
    report(1_000).write(tmp_path / "one.json")
    script = (
        f"import sys\nsys.modules['matplotlib'] = None\nfrom benchmarks import plots\n"
        f"plots.main([{str(tmp_path / 'one.json')!r}, {str(tmp_path)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'milvus-store[bench]'" in done.stderr


@pytest.mark.parametrize("module", ["benchmarks.plots", "benchmarks.peers.__main__", "benchmarks.busy"])
def test_matplotlib_is_imported_to_draw_alone(module: str) -> None:
    script = f"import sys, {module}\nprint('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
