"""Hints for statements of other SQL dialects: how to write them here."""

from __future__ import annotations

import re
from typing import Final

_MOST_READ: Final = 400
"""The first characters of a statement, which the patterns search."""

_HINTS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), hint)
    for pattern, hint in (
        (r"show\s+(tables?|collections?)\b|\\dt|\.tables", "'list tables' shows the collections"),
        (r"show\s+partitions?\b", "'list partitions T' shows the partitions of a collection"),
        (r"show\s+(databases|schemas)\b", "a database is a file, named by its path: ./milvus_demo.db"),
        (r"show\b|explain\b|\.schema", "'desc T' shows the fields and indexes of a collection"),
        (r"use\b|connect\s+\w|\\c\b", "name the file or server itself: ./milvus_demo.db"),
        (
            r"(insert|upsert|replace)\s+into\s+\w+\s*(\(|values\b|select\b|set\b)",
            'rows are JSON objects: insert into T {"id": 1, "vector": [0.1, 0.2]}',
        ),
        (
            r"delete\s+from\s+\w+\s*(;|\Z)",
            "say which rows: delete from T where id >= 0; 'drop table T' removes the collection",
        ),
        (r"delete\s+\w+\s+where\b", "rows are deleted by a filter with: delete from T where id > 3"),
        (r"truncate\b", "'delete from T where id >= 0' removes rows, 'drop table T' the collection"),
        (
            r"(update|upsert|replace|merge)\b",
            "rows are replaced whole: >>> milvus_client.upsert('T', [{...}])",
        ),
        (
            r"create\s+(table|collection)\s+(if\s+not\s+exists\s+)?\w+\s*(\(|\Z|;)",
            "a table has a dimension: create table T where dimension=128 and metric_type='L2'",
        ),
        (r"create\s+(unique\s+)?index\s+\w+\s+on\b", "create index T where index_type='HNSW' and M=16 and …"),
        (r"(drop|delete)\s+(table|collection)\s+if\b", "'drop table T', which must exist"),
        (r"(create|drop)\s+(database|schema)\b", "databases: >>> milvus_client.create_database('name')"),
        (
            r"(alter|rename|load|release|grant|begin|commit|rollback|set|vacuum|analyze|backup)\b",
            "there is no statement for it, use Python: >>> milvus_client.…",
        ),
        (r"count\b", "rows are counted with: select count(*) from T"),
        (r"select\s+count\s*\(", "rows are counted with: select count(*) from T"),
        (r"select\s+top\b", "the number of rows comes last: select * from T limit 10"),
        (r"select\b.*\blimit\s+\d+\s*,", "'limit 10 offset 20' leaves out the first rows"),
        (
            r"select\s+distinct\b|select\b.*\b(group\s+by|having|join|union|(sum|avg|min|max)\s*\()",
            "rows are filtered, ordered and limited here; for more: >>> milvus_client.query('T', …)",
        ),
        (r"select\b.*\border\s+by\b.*<->|select\b.*<->", "select * from T nearest [0.1, 0.2] limit 10"),
        (r"(exit|quit|\\q)\b", "close the notebook, or restart its kernel"),
    )
)


def hint(statement: str) -> str | None:
    """How to write ``statement``, which cannot be parsed, in this language; None without a hint."""
    text = statement[:_MOST_READ].strip()
    return next((hint for pattern, hint in _HINTS if pattern.match(text)), None)
