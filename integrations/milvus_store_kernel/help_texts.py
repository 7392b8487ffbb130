"""Every statement in one line with an example, for ``help`` and for inspection."""

from __future__ import annotations

from typing import Final

EXAMPLES: Final = (
    ("Open a server", "milvus://127.0.0.1:19530"),
    ("Open a file, made if there is none", "./milvus_demo.db"),
    (
        "Create a collection of vectors",
        "create table test01 where dimension=128 and index_file_size=1024 and metric_type='L2'",
    ),
    ("Drop a collection", "drop table test01"),
    ("List collections", "list table"),
    ("Create a partition", "create partition test01 where partition_tag='tag01'"),
    ("Drop a partition", "drop partition test01 where partition_tag='tag01'"),
    ("List partitions", "list partitions test01"),
    ("Create an index", "create index test01 where index_type='IVF_FLAT' and nlist=4096"),
    ("Drop the index, back to FLAT", "drop index test01"),
    ("Insert a vector", "insert 2,3,5 from test01"),
    (
        "Insert a vector with its id into a partition",
        "insert 2,3,5 from test01 where partition_tag='tag01' by id=0",
    ),
    ("Insert several vectors", "insert [2,3,5], [1,1,2] from test01 by id=1,2"),
    ("Search", "select 2,3,5 from test01 where top_k=1 and partition_tags='tag01' and nprobe=16"),
    ("Search with several vectors", "select [2,3,5], [1,1,2] from test01 where top_k=3"),
    ("Show vectors by id", "select test01 by id=1,2,3"),
    ("Delete vectors by id", "delete test01 by id=1,2"),
    ("Write to disk", "flush test01, test02"),
    ("Give back the space of deleted vectors", "compact test01"),
    ("Describe a collection", "desc test01"),
    ("Show segments", "stats test01"),
    ("Create a collection of rows", "create collection docs where dimension=3 and metric_type='COSINE'"),
    ("Insert rows", 'insert into docs {"id": 1, "vector": [2, 3, 5], "title": "first"}'),
    ("Select rows", "select title, price from docs where price < 100 order by price desc limit 10"),
    ("Count rows", 'select count(*) from docs where title like "f%"'),
    ("Search rows", "select title from docs nearest [2,3,5] where price < 100 limit 3"),
    ("Delete rows", "delete from docs where price >= 100"),
    ("Python, with the legacy client", ">>> status = client.drop_index('test01')"),
    ("Names of metrics", "help -metric"),
    ("Names of indexes", "help -index"),
    ("This list", "help"),
)
"""(description, example) of each statement."""


def about(keyword: str) -> str | None:
    """The help on statements that begin with ``keyword``; None without any."""
    lines = [
        f"{description}:\n    {example}"
        for description, example in EXAMPLES
        if example.split()[0].lower() == keyword.lower()
    ]
    return "\n".join(lines) or None
