"""Copies from file to file: whole, resumed, refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import DataType, Function, FunctionType, MilvusClient, embeddings
from milvus_store.errors import (
    CollectionExistsError,
    CollectionNotExistException,
    MilvusException,
    ParamError,
)
from milvus_store.transfer import copy
from milvus_store.transfer.files import FileStore
from milvus_store_lite import Progress
from milvus_store_lite.indexes.field_index import FieldIndex
from tests.thresholds import lowered

from .comparing import contents

pytestmark = pytest.mark.usefixtures("small_batches")


def assert_same(source: Path, target: Path, name: str = "docs") -> None:
    with MilvusClient(source) as theirs, MilvusClient(target) as ours:
        assert contents(ours, name) == contents(theirs, name)


def test_a_copy_has_all_that_belongs_to_a_collection(filled: Path, path: Path) -> None:
    docs, numbered = copy(filled, path)
    assert (docs.name, docs.rows, docs.searched) == ("docs", 228, True)
    assert docs.checked > 100
    assert_same(filled, path)
    assert numbered.rows == 20
    assert not (path.with_name(path.name + ".transfer")).exists()


def test_a_copy_does_not_read_the_index_of_its_source(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "indexed.db"
    vectors = np.random.default_rng(1).standard_normal((600, 8), dtype=np.float32)
    with lowered(), MilvusClient(source) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
        client.create_collection("docs", schema=schema)
        client.insert("docs", {"id": np.arange(600), "vector": vectors})
        index = client.prepare_index_params("vector", index_type="HNSW", metric_type="L2")
        client.create_index("docs", index)
        client.load_collection("docs")
    read, own = [], FieldIndex._read

    def watched(index: FieldIndex, session: Any) -> Any:
        read.append(index)
        return own(index, session)

    monkeypatch.setattr(FieldIndex, "_read", watched)
    with lowered():
        (docs,) = copy(source, path)
        assert docs.searched
        assert read == []
        with MilvusClient(source) as client:
            client.search("docs", vectors[:1])
        assert read, "a search reads it"


def test_keys_that_were_numbered_are_kept_and_numbering_goes_on(filled: Path, path: Path) -> None:
    with MilvusClient(filled) as source:
        source.delete("numbered", filter="n == 0")
    copy(filled, path, collections=["numbered"])
    with MilvusClient(filled) as source, MilvusClient(path) as target:
        assert contents(target, "numbered") == contents(source, "numbered")
        assert target.describe_collection("numbered")["auto_id"]
        for client in (source, target):
            assert min(client.insert("numbered", [{"vector": [1.0, 1.0, 1.0]}])["ids"]) > 20


@pytest.mark.parametrize("allowed", ["true", "false", "True", None])
def test_whether_numbered_rows_may_have_keys_is_as_it_was(
    tmp_path: Path, path: Path, allowed: str | None
) -> None:
    source = tmp_path / "source.db"
    properties = {} if allowed is None else {"properties": {"allow_insert_auto_id": allowed}}
    with MilvusClient(source) as client:
        client.create_collection("numbered", dimension=2, auto_id=True, **properties)
        client.insert("numbered", [{"vector": [1.0, 2.0]}] * 3)
    copy(source, path)
    with MilvusClient(source) as first, MilvusClient(path) as second:
        assert contents(second, "numbered") == contents(first, "numbered")


def test_a_dry_run_plans_and_writes_nothing(filled: Path, path: Path) -> None:
    plans = []
    assert copy(filled, path, dry_run=True, planned=plans.extend) == []
    assert [(one.name, one.rows, one.refusals) for one in plans] == [("docs", 228, ()), ("numbered", 20, ())]
    assert not path.exists()


def test_a_collection_that_is_there_is_overwritten_only_when_asked(filled: Path, path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": 1, "vector": [1.0, 2.0]}])
    with pytest.raises(CollectionExistsError, match="overwrite it"):
        copy(filled, path)
    with MilvusClient(path) as client:
        assert client.list_collections() == ["docs"]
        assert client.get_collection_stats("docs") == {"row_count": 1}
    copy(filled, path, overwrite=True)
    assert_same(filled, path)


def test_snapshots_are_told_before_anything_is_written(filled: Path, path: Path) -> None:
    with MilvusClient(filled) as client:
        client.create_snapshot("monday", "docs")
        client.create_snapshot("friday", "docs")
    plans = []
    copy(filled, path, collections=["docs"], dry_run=True, planned=plans.extend)
    assert "snapshots stay behind: 'monday', 'friday'; restore_snapshot" in plans[0].changes[0]
    assert not path.exists()
    copy(filled, path, collections=["docs"])
    with MilvusClient(path) as client:
        assert client.list_snapshots("docs") == []


def test_an_unknown_collection_is_named_with_those_that_there_are(filled: Path, path: Path) -> None:
    with pytest.raises(CollectionNotExistException, match="'dogs'; it has: docs, numbered"):
        copy(filled, path, collections=["dogs"])


def test_databases_are_chosen_on_both_sides(path: Path, tmp_path: Path) -> None:
    with MilvusClient(path) as client:
        client.create_database("one")
        client.use_database("one")
        client.create_collection("docs", dimension=2)
        client.insert("docs", [{"id": 1, "vector": [1.0, 2.0]}])
    other = tmp_path / "other.db"
    with MilvusClient(other) as client:
        client.create_database("two")
    copy(path, other, source_db="one", target_db="two")
    with MilvusClient(other, db_name="two") as client:
        assert client.get_collection_stats("docs") == {"row_count": 1}


_KILLED = """
import os, sys
from milvus_store.transfer import batches, copying
from milvus_store.transfer.journal import Journal
batches._MOST_ROWS = 10
saves = 0
save = Journal.save

def count_out(journal):
    global saves
    saves += 1
    if sys.argv[3] == "before" and saves == int(sys.argv[4]):
        os._exit(9)  # the rows are written, and the journal does not say so yet
    save(journal)
    if sys.argv[3] == "after" and saves == int(sys.argv[4]):
        os._exit(9)

Journal.save = count_out
copying.copy(sys.argv[1], sys.argv[2])
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_copy_that_was_killed_goes_on_without_a_row_lost_or_doubled(
    filled: Path, path: Path, moment: str
) -> None:
    for saves in (6, 9):  # the second one goes on where the first was killed
        killed = subprocess.run([sys.executable, "-c", _KILLED, str(filled), str(path), moment, str(saves)])
        assert killed.returncode == 9
        with MilvusClient(path) as client:
            assert 0 < client.get_collection_stats("docs")["row_count"] < 228
    plans = []
    read = []
    docs, _ = copy(
        filled, path, planned=plans.extend, progress=lambda told: read.append((told.what, told.done))
    )
    assert plans[0].goes_on
    assert read[0] > ("docs", 50), "it does not begin anew"
    assert docs.rows == 228
    assert_same(filled, path)


def test_a_copy_of_a_source_that_was_changed_meanwhile_begins_anew(filled: Path, path: Path) -> None:
    def interrupt(told: Progress) -> None:
        if told.done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(filled, path, progress=interrupt)
    with MilvusClient(filled) as client:
        client.delete("docs", [0])
    copy(filled, path)
    assert_same(filled, path)


def test_the_journal_of_another_copy_is_not_taken(filled: Path, path: Path, tmp_path: Path) -> None:
    def interrupt(told: Progress) -> None:
        raise KeyboardInterrupt

    journal = tmp_path / "journal"
    with pytest.raises(KeyboardInterrupt):
        copy(filled, path, journal=journal, progress=interrupt)
    with pytest.raises(ParamError, match="is the journal of a transfer from"):
        copy(filled, tmp_path / "third.db", journal=journal)


def test_the_check_finds_rows_that_are_not_as_they_were(
    filled: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = FileStore.finish

    def finish_badly(store: FileStore, definition: object) -> None:
        store.client.upsert("docs", [{"id": 0, "text": "other"}], partial_update=True)
        store.client.delete("docs", [1])
        finish(store, definition)  # type: ignore[arg-type]

    monkeypatch.setattr(FileStore, "finish", finish_badly)
    monkeypatch.setattr("milvus_store.transfer.verification._OF_A_BATCH", 10)
    with pytest.raises(MilvusException, match="228 rows were written, and 227 are there") as told:
        copy(filled, path, collections=["docs"])
    assert "row 0, field 'text': None was read, and 'other' is there" in told.value.message
    assert "row 1 is missing" in told.value.message


def test_an_index_that_the_target_does_not_take_becomes_the_automatic_one(path: Path, tmp_path: Path) -> None:
    from milvus_store.transfer.definitions import definition_of
    from milvus_store.transfer.fitting import fitted_to_a_file

    with MilvusClient(path) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        client.create_collection("docs", schema=schema)
        definition = definition_of(client._collection("docs").describe())
    definition.indexes.add_index("vector", "CAGRA_OF_TOMORROW", "v", metric_type="L2")
    fitted = fitted_to_a_file(definition)
    assert [one.to_dict() for one in fitted.definition.indexes] == [
        {"field_name": "vector", "index_type": "AUTOINDEX", "index_name": "v", "metric_type": "L2"}
    ]
    assert "becomes AUTOINDEX" in fitted.changes[0]


def test_texts_that_a_function_embeds_are_embedded_anew(path: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    embeddings.register("length", lambda texts: [[len(text), 1] for text in texts])
    try:
        with MilvusClient(source) as client:
            schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("text", DataType.VARCHAR, max_length=99)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
            kind = FunctionType.TEXTEMBEDDING
            schema.add_function(Function("embed", kind, "text", "vector", params={"provider": "length"}))
            index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
            client.create_collection("docs", schema=schema, index_params=index)
            client.insert("docs", [{"id": n, "text": "x" * n} for n in range(20)])
        (copied,) = copy(source, path)
        assert copied.rows == 20
        assert_same(source, path)
    finally:
        embeddings.unregister("length")
