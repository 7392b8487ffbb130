"""Rows and query vectors as users have them: taken, or told how to give them."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from milvus_store import DataType, MilvusClient
from milvus_store.errors import (
    CollectionNotExistException,
    DataNotMatchException,
    DataTypeNotMatchException,
    FilterError,
    MilvusException,
    ParamError,
)

ROWS = [{"id": n, "vector": [float(n), 1.0], "title": f"t{n}"} for n in range(3)]


@pytest.fixture
def made(client: MilvusClient) -> MilvusClient:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("title", DataType.VARCHAR, max_length=9, nullable=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    client.create_collection("c", schema=schema, index_params=index)
    return client


class Polars:
    """As polars shows its tables where there is no pyarrow."""

    columns = ("id", "vector", "title")

    def to_dicts(self) -> Any:
        return ROWS

    def to_arrow(self) -> Any:
        raise ModuleNotFoundError


@pytest.mark.parametrize(
    "data",
    [
        *(
            ROWS,
            tuple(ROWS),
            deque(ROWS),
            iter(ROWS),
            dict.fromkeys("abc"),
            Polars(),
            pa.Table.from_pylist(ROWS),
        ),
        *(pd.DataFrame(ROWS), pd.DataFrame(ROWS, index=["x", "y", "z"])),
    ],
    ids=lambda data: type(data).__name__,
)
@pytest.mark.parametrize("call", ["insert", "upsert"])
def test_rows_are_taken_in_every_form(made: MilvusClient, data: Any, call: str) -> None:
    if isinstance(data, dict):
        data = dict(enumerate(ROWS)).values()
    if hasattr(data, "__next__"):
        data = (row for row in ROWS)
    written = getattr(made, call)("c", data)
    assert written[f"{call}_count"] == 3
    assert made.query("c", "id >= 0", ["*"]) == ROWS


def test_what_a_frame_lacks_is_null(made: MilvusClient) -> None:
    frame = pd.DataFrame({"id": [1, 2], "vector": [[1, 1], np.array([2, 1])], "title": ["a", None]})
    made.insert("c", frame)
    frame = pd.DataFrame([{"id": 3, "vector": [1, 1]}, {"id": 4, "vector": [1, 1], "title": "b"}])
    made.insert("c", frame)
    assert [row["title"] for row in made.query("c", "id > 0", ["title"])] == ["a", None, None, "b"]


def test_an_empty_frame_or_iterator_writes_nothing(made: MilvusClient) -> None:
    for data in (pd.DataFrame(ROWS[:0]), iter([]), ()):
        assert made.insert("c", data)["insert_count"] == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("data", ["text", b"bytes", 5, None, np.zeros((2, 2))])
def test_what_are_no_rows_is_an_error(made: MilvusClient, data: Any) -> None:
    with pytest.raises(DataTypeNotMatchException, match="list of dicts, a table"):
        made.insert("c", data)


@pytest.mark.parametrize("at", [0, 7, 2999])
def test_an_error_counts_rows_as_the_caller_does_and_nothing_is_written(made: MilvusClient, at: int) -> None:
    rows: list[dict[str, Any]] = [{"id": n, "vector": [1, 1], "title": "t"} for n in range(3000)]
    for broken in ({"title": 5}, {"vector": [1, 1, 1]}, {"id": "x"}, {"extra": 1}):
        bad = [*rows[:at], {**rows[at], **broken}, *rows[at + 1 :]]
        for data in (bad, tuple(bad), iter(bad)):
            with pytest.raises(DataNotMatchException, match=rf"row {at}\b") as caught:
                made.insert("c", data)  # type: ignore[arg-type]
            assert caught.value.row == at
    assert made.get_collection_stats("c") == {"row_count": 0}


@pytest.mark.parametrize(
    "data", [[1.0, 2.0], (1, 2), np.ones(2), np.ones(2, dtype=np.float32), list(np.ones(2, dtype=np.float32))]
)
def test_a_flat_query_vector_is_told_its_brackets(made: MilvusClient, data: Any) -> None:
    for call in (made.search, made.search_iterator):
        with pytest.raises(
            DataTypeNotMatchException, match=r"list of query vectors.*\[\[…\]\].*data=\[vector\]"
        ):
            call("c", data)


# Names that are nearly those of something ---------------------------------------------------------------


def test_an_unknown_collection_names_the_nearest_of_its_database(made: MilvusClient) -> None:
    made.create_collection("articles", dimension=2)
    made.create_alias("articles", "papers")
    for wrong, right in (("article", "articles"), ("Articles", "articles"), ("paper", "papers")):
        for call in (made.describe_collection, made.load_collection, made.get_collection_stats):
            with pytest.raises(CollectionNotExistException, match=f"'{wrong}'.*did you mean '{right}'"):
                call(wrong)
        with pytest.raises(CollectionNotExistException, match=f"did you mean '{right}'"):
            made.search(wrong, [[1, 1]])
    with pytest.raises(CollectionNotExistException) as caught:
        made.search("something", [[1, 1]])
    assert "did you mean" not in str(caught.value)


def test_no_other_database_is_spoken_of(made: MilvusClient) -> None:
    made.create_collection("articles", dimension=2)
    made.create_database("other")
    made.use_database("other")
    with pytest.raises(CollectionNotExistException) as caught:
        made.describe_collection("article")
    assert "articles" not in str(caught.value)


def test_a_tenant_is_told_of_no_other_collection(client: MilvusClient, path: Path) -> None:
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
    schema.add_field("who", DataType.VARCHAR, max_length=9, is_partition_key=True)
    index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
    for name in ("docs_of_ann", "docs_of_bob"):
        client.create_collection(name, schema=schema, index_params=index)
    bound = client.for_tenant("docs_of_ann", "ann")
    client.drop_collection("docs_of_ann")
    for call in (
        lambda: bound.search("docs_of_ann", [[1, 1]]),
        lambda: bound.get("docs_of_ann", [1]),
        lambda: bound.query("docs_of_ann", "id > 0"),
        lambda: bound.insert("docs_of_ann", {"id": 1, "vector": [1, 1]}),
        lambda: bound.delete("docs_of_ann", [1]),
        lambda: bound.query_iterator("docs_of_ann"),
    ):
        with pytest.raises(CollectionNotExistException) as caught:
            call()
        assert "docs_of_bob" not in str(caught.value)


def test_an_unknown_field_names_the_nearest(made: MilvusClient) -> None:
    query = [[1, 1]]
    for call, meant in (
        (lambda: made.query("c", "id > 0", ["titel"]), "title"),
        (lambda: made.search("c", query, output_fields=["Title"]), "title"),
        (lambda: made.search("c", query, anns_field="vectors"), "vector"),
        (lambda: made.get("c", [1], ["tilte"]), "title"),
        (lambda: made.insert("c", {**ROWS[0], "titles": 1}), "title"),
        (lambda: made.drop_collection_field("c", "titel"), "title"),
        (lambda: made.create_index("c", made.prepare_index_params("titel")), "title"),
    ):
        with pytest.raises(MilvusException, match=f"did you mean '{meant}'"):
            call()
    with pytest.raises(FilterError, match="did you mean 'title'"):
        made.query("c", 'titel == "a"')
    with pytest.raises(ParamError, match="did you mean 'title'"):
        made.search("c", query, group_by_field="titel")
