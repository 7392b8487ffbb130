"""Every block of code in the README and in docs/ runs as it is written, each page from top to bottom."""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path

import pymilvus
import pytest

from milvus_store import highlighters, rerankers
from milvus_store_lite.embedding import registry as embedding_registry

from .markdown import anchors_of, blocks_of, links_of, paths_of
from .running import ROOT, Reader

pytestmark = pytest.mark.filterwarnings("default")  # pymilvus's and Jupyter's own warnings are not ours

PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]
)
NOT_CODE = {"output", "text", "toml"}
"""Languages of blocks that show something: what the block before prints, drawings, and settings of a server,
which its own tests read."""

NOT_RUN: dict[tuple[str, str], int] = {
    ("docs/kernel.md", "it installs a kernel for the user"): 1,
    ("docs/serving.md", "it runs until it is stopped"): 2,
    ("docs/sqlite.md", "it runs until it is stopped"): 1,
    ("docs/pymilvus.md", "the programs are the reader's"): 1,
    ("docs/internals/benchmarks.md", "it installs other products and takes hours"): 1,
    ("docs/internals/benchmarks.md", "the vectors are the reader's"): 1,
}
"""Page and reason → how many blocks are marked as not run there."""

REGISTRIES = [
    (embedding_registry, "_EMBEDDERS"),
    (embedding_registry, "_CREDENTIALS"),
    (rerankers, "_registered"),
    (highlighters, "_registered"),
]
"""What holds the names that a page registers. Other tests know none of them."""


@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if name == "docs/filters.md" and not hasattr(pymilvus, "build_bloom_filter"):
        pytest.skip("pymilvus 2.6 builds no sets of keys")
    blocks = blocks_of(ROOT / name)
    code = [block for block in blocks if block.language not in NOT_CODE and block.not_run is None]
    server = None
    if any("localhost" in block.text for block in code):
        ours = name == "docs/serving.md"
        server = request.getfixturevalue("our_server" if ours else "lite_server")
    monkeypatch.chdir(tmp_path)
    for module, registry in REGISTRIES:
        monkeypatch.setattr(module, registry, deepcopy(getattr(module, registry)))
    # A reader imports it for the first time, which is what installs it; other tests may have done so before.
    monkeypatch.delitem(sys.modules, "milvus_store.pymilvus", raising=False)
    reader = Reader(ROOT / name, server)
    try:
        for block in code:
            following = blocks[(blocks.index(block) + 1) :][:1]
            shown = following[0].text if following and following[0].language == "output" else None
            reader.run(block, shown)
    finally:
        reader.close()


def test_the_blocks_that_do_not_run_are_these() -> None:
    found: dict[tuple[str, str], int] = {}
    for name in PAGES:
        for block in blocks_of(ROOT / name):
            if block.not_run is not None:
                found[name, block.not_run] = found.get((name, block.not_run), 0) + 1
    assert found == NOT_RUN


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target in links_of(page):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), f"{name} links to {target}"
        assert not anchor or anchor in anchors_of(linked), f"{name} links to {target}"


@pytest.mark.parametrize("name", PAGES)
def test_every_module_that_a_page_names_is_there(name: str) -> None:
    there = [
        path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else "")
        for top in (
            "milvus_store",
            "lite",
            "integrations",
            "examples",
            "benchmarks",
            "notebooks",
            "deploy",
            "docs",
            "tests",
        )
        for path in [ROOT / top, *(ROOT / top).rglob("*")]
    ]
    for named in paths_of(ROOT / name):
        assert any(f"/{path}".endswith(f"/{named}") for path in there), f"{name} names {named}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page not in reached:
            reached.add(page)
            waiting += [
                page.parent / target.partition("#")[0]
                for target in links_of(page)
                if not target.startswith("http") and target.partition("#")[0].endswith(".md")
            ]
    assert {(ROOT / name).resolve() for name in PAGES} <= reached


def test_the_front_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200
    assert len((ROOT / "ARCHITECTURE.md").read_bytes()) <= 12_000
