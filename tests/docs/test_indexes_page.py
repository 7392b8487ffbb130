from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_index_types_is_what_the_registry_says() -> None:
    generator = runpy.run_path(str(DOCS / "generate_indexes.py"))
    written = (DOCS / "indexes.md").read_text(encoding="utf-8")
    assert written == generator["page"](), "run: python docs/generate_indexes.py"
