from __future__ import annotations

import sqlite3
from contextlib import closing

from milvus_store_lite.storage.integrity.tenants import Tenants


def test_rows_are_counted_for_each_tenant() -> None:
    tenants = Tenants('"tenants"', "TEXT")
    with closing(sqlite3.connect(":memory:")) as connection:
        tenants.create(connection)
        tenants.add(connection, ["a", "b", "a"])
        tenants.add(connection, ["a"])
        assert [tenants.live(connection, [one]) for one in "abc"] == [3, 1, 0]
        assert tenants.live(connection, ["a", "b", "c"]) == 4
        assert tenants.remove(connection, ["b", "a"])
        assert connection.execute("SELECT * FROM tenants").fetchall() == [("a", 2)]
        assert not tenants.remove(connection, ["b"])
