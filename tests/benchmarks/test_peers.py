"""``python -m benchmarks.peers`` with ours alone, and who takes part."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import indexes, results
from benchmarks.peers import __main__ as peers
from benchmarks.peers import products


def test_ours_alone_is_measured_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "SETTLING", 0)
    monkeypatch.setattr(peers, "REST", 0)
    file = tmp_path / "peers.json"
    peers.main(
        ["--rows", "2000", "--dim", "16", "--queries", "20", "--peers", "ours,ours-hnsw", "--json", str(file)]
    )
    report = results.read(file)
    assert report.benchmark == "peers"
    assert report.machine.keys() >= {"system", "processor", "cores", "python", "began"}
    assert report.versions.keys() == {"milvus-store", "faiss-cpu", "numpy"}
    assert report.settings["rows"] == 2000
    assert report.settings["products"].keys() == {"milvus-store", "milvus-store HNSW"}
    for measure, count in {"ingest": 2, "search": 8, "sweep": 5, "opening": 2}.items():
        assert len(report.of(measure)) == count, measure
    assert all(row["recall"] > 0.9 for row in report.of("search"))
    assert all(row["effort"] in products.PRODUCTS["ours-hnsw"].efforts for row in report.of("sweep"))
    shown = capsys.readouterr().out
    for line in ("inserts", "no filter", "tenant == 't1'", "fresh process", "on disk"):
        assert f"| {line} " in shown


def test_who_is_not_installed_takes_no_part_and_says_how_to_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        products, "find_spec", lambda name: None if name in ("sqlite_vec", "apsw") else object()
    )
    assert products.installed("zvec,sqlite-vec,ours") == ["zvec", "ours"]
    assert capsys.readouterr().out == "sqlite-vec takes no part: pip install sqlite-vec apsw\n"


def test_an_unknown_peer_is_refused() -> None:
    with pytest.raises(SystemExit, match="pinecone: not one of ours, "):
        products.installed("ours,pinecone")


def test_a_product_is_imported_by_its_own_process_alone() -> None:
    packages = {module for product in products.PRODUCTS.values() for module in product.needs}
    script = (
        "import sys, benchmarks.peers.player, benchmarks.busy\n"
        f"print(sorted({packages!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_hnsw_is_measured_beside_its_yardstick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "indexes.json"
    indexes.main(["--rows", "2000", "--dim", "16", "--queries", "20", "--graphs-only", "--json", str(file)])
    report = results.read(file)
    ours = [row for row in report.of("search") if row["product"] == "milvus-store HNSW"]
    assert {row["effort"] for row in ours} == set(indexes.EFS)
    assert {row["filter"] for row in ours} >= {"no filter", "bucket < 500"}
    assert "hnswlib" in capsys.readouterr().out
