from __future__ import annotations

import re
from pathlib import Path

from milvus_store_lite.storage.catalog_tables import CATALOG_TABLES

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "format.md"


def test_the_page_of_the_format_tells_of_every_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for statement in CATALOG_TABLES:
        for name in re.findall(r"CREATE TABLE (\w+)", statement):
            assert f"`{name}`" in page
