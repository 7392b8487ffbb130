from __future__ import annotations

import pytest

from milvus_store_kernel.completion import complete, inspect
from milvus_store_kernel.session import Session

from .conftest import Run


@pytest.fixture
def here(session: Session, cell: Run) -> Session:
    """A session with table ``test01`` and collection ``docs``."""
    cell(
        """create table test01 where dimension=2; create collection docs where dimension=2;
        insert into docs {"id": 1, "vector": [0, 0], "title": "b", "price": 30}"""
    )
    return session


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("|", ["compact", "connect", "create", "delete", "desc"]),
        ("cre|", ["create"]),
        ("CREATE |", ["collection", "index", "partition", "table"]),
        ("drop table |", ["docs", "test01"]),
        ("list table; desc te|", ["test01"]),
        ("select ti| from docs", ["title"]),
        ("select * from docs where pr|", ["price"]),
        ("select * from docs where price > 3 an|", ["and"]),
        ("select title from docs order by |", ["title", "price", "id", "vector"]),
        ("select title from docs |", ["limit", "nearest", "order", "where"]),
        ("create index test01 where index_type='IVF|", ["IVFLAT", "IVF_SQ8"]),
        ("create table x where metric_type = 'JA|", ["JACCARD"]),
        ("create index test01 where nl|", ["nlist"]),
        ("select 1,2 from test01 where top_k=1 and np|", ["nprobe"]),
        ("oops |", []),
    ],
)
def test_what_could_stand_at_the_cursor(here: Session, text: str, expected: list[str]) -> None:
    cursor = text.index("|")
    matches, start = complete(text.replace("|", ""), cursor, here)
    assert set(expected) <= set(matches)
    assert bool(matches) == bool(expected)
    word = text[start:cursor].lower()
    assert all(match.lower().startswith(word) for match in matches)


def test_words_are_explained(here: Session) -> None:
    assert "create index" in str(inspect("create index", 3, here))
    assert inspect("select * from docs", 16, here) == (
        "collection docs\n  id: INT64, primary key\n  vector: FLOAT_VECTOR(2)\n"
        "  title: in some rows\n  price: in some rows"
    )
    assert inspect("select title from docs", 9, here) == "field title: in some rows"
    assert inspect("select id from docs where ", 26, here) is None
    assert inspect("unheard", 4, here) is None
