"""Imports from other vector stores: those that their packages made once, and what the installed ones make now."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DataNotMatchException, MilvusException, MissingExtraError, ParamError
from milvus_store.transfer import batches, import_rows
from milvus_store.transfer.inferring import shown_schema
from milvus_store_lite import Progress

from .data import make_other_stores as made
from .data.make_other_stores import COUNT, UUID, VECTORS, metadata_of, text_of

_DATA = Path(__file__).parent / "data"
_DUMP = _DATA / "pgvector.sql"
_PACKAGES = {
    "chroma": ["chromadb"],
    "qdrant": ["qdrant_client"],
    "faiss": ["langchain_community.vectorstores"],
    "lancedb": ["lancedb", "pyarrow"],
}
_COMMITTED = [pytest.param((kind, False), id=kind) for kind in ("chroma", "qdrant", "faiss")]
_MADE_NOW = [pytest.param((kind, True), id=f"{kind} made now") for kind in _PACKAGES]

_METADATA = ["page: INT64, nullable", "score: DOUBLE, nullable", "is_new: BOOL, nullable"]


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stores")
    with zipfile.ZipFile(_DATA / "other_stores.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def store(request: pytest.FixtureRequest, committed: Path, tmp_path: Path) -> Path:
    """The folder of a store, which a test may damage: the committed one, or one that its package makes now."""
    kind, is_made_now = request.param
    folder = tmp_path / kind
    if not is_made_now:
        shutil.copytree(committed / kind, folder)
        return folder
    for package in _PACKAGES[kind]:
        pytest.importorskip(package, exc_type=ImportError)
    made.FOLDERS[kind](folder)
    return folder


def stores(*kinds: str) -> Any:
    return pytest.mark.parametrize("store", [(kind, False) for kind in kinds], indirect=True)


def unit(vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return vector / np.linalg.norm(vector)


def chroma_rows() -> dict[Any, dict[str, Any]]:
    rows: dict[Any, dict[str, Any]] = {
        f"doc {number}": {"vector": VECTORS[number], "text": text_of(number), **metadata_of(number)}
        for number in range(COUNT)
        if number not in (1, 2)
    }
    rows["doc 2"] = {"vector": VECTORS[0], "text": "again"}
    rows["doc 4"] |= {"vector": VECTORS[0], "page": 40, "score": None}
    rows["doc 5"] |= {"vector": VECTORS[2], "metadata_id": 5}
    rows["doc 99"] = {"vector": VECTORS[3], "metadata_vector": "x"}
    return rows


def rows_of(kind: str) -> dict[Any, dict[str, Any]]:
    """The records of ``docs`` without nulls, by key."""
    if kind == "chroma":
        return chroma_rows()
    rows: dict[Any, dict[str, Any]] = {
        (str(number or UUID) if kind == "qdrant" else f"doc {number}"): {
            "vector": VECTORS[number],
            "text": text_of(number),
            **metadata_of(number),
            **({"tags": ["a"], "inner": {"a": [1]}} if kind == "qdrant" else {}),
        }
        for number in range(COUNT)
        if number != 3
    }
    if kind == "qdrant":
        rows["4"]["page"] = 40
    return rows


def read(path: Path, limit: int = 100) -> list[dict[str, Any]]:
    with MilvusClient(path) as client:
        return list(client.query("docs", limit=limit))


def metrics(path: Path) -> dict[str, str]:
    with MilvusClient(path) as client:
        described = [client.describe_index("docs", name) for name in client.list_indexes("docs")]
    return {index["field_name"]: index["metric_type"] for index in described}


def refused(file: Path | None) -> list[dict[str, Any]]:
    assert file is not None
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def first(kind: str) -> str:
    return "index" if kind == "faiss" else "docs"


def files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def assert_same(kind: str, found: list[dict[str, Any]]) -> None:
    expected = rows_of(kind)
    assert {row["id"] for row in found} == set(expected)
    for row in found:
        wanted = expected[row.pop("id")]
        vector = np.array(row.pop("vector"), np.float32)
        if kind in ("chroma", "qdrant"):  # they make some of them vectors of length 1
            np.testing.assert_allclose(unit(vector), unit(wanted.pop("vector")), rtol=1e-5)
        else:
            assert (vector == wanted.pop("vector")).all()
        given = {name: value for name, value in wanted.items() if value is not None}
        assert {name: value for name, value in row.items() if value is not None} == given


@pytest.mark.parametrize("store", [*_COMMITTED, *_MADE_NOW], indirect=True)
def test_a_store_is_known_by_its_folder_and_left_as_it_is(store: Path, path: Path) -> None:
    before, plans = files(store), []
    imported = import_rows(store, path, "docs", from_collection=first(store.name), planned=plans.append)
    assert (imported.rows, imported.refused) == (len(rows_of(store.name)), 0)
    assert plans[0].rows == imported.rows
    assert_same(store.name, read(path))
    fields = shown_schema(plans[0].schema)
    assert fields[0] == "id: VARCHAR(65535), primary"
    assert {"text: VARCHAR(65535), nullable", "vector: FLOAT_VECTOR(4)", *_METADATA} <= set(fields)
    assert metrics(path) == {"vector": "L2" if store.name == "faiss" else "COSINE"}
    assert files(store) == before


@pytest.mark.parametrize("store", [*_COMMITTED, *_MADE_NOW], indirect=True)
def test_one_of_several_collections_is_named(store: Path, path: Path) -> None:
    names = {"faiss": "'index', 'other'", "qdrant": "'docs', 'named'"}.get(store.name, "'docs', 'other'")
    with pytest.raises(ParamError, match=f"collections of .* are: {names}; say which by --from-collection"):
        import_rows(store, path, "docs")
    with pytest.raises(ParamError, match=f"no collection 'none'; there are: {names}"):
        import_rows(store, path, "docs", from_collection="none")
    assert not path.exists()


@pytest.mark.parametrize("store", _COMMITTED, indirect=True)
def test_an_import_that_was_broken_off_goes_on(
    store: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "_MOST_ROWS", 4)
    done_before: list[int] = []

    def interrupt(progress: Progress) -> None:
        done_before.append(progress.done)
        if len(done_before) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_rows(store, path, "docs", from_collection=first(store.name), progress=interrupt)
    reached: list[int] = []
    imported = import_rows(
        store,
        path,
        "docs",
        from_collection=first(store.name),
        progress=lambda progress: reached.append(progress.done),
    )
    assert reached[0] == done_before[1]
    assert imported.rows == len(rows_of(store.name))
    assert_same(store.name, read(path))


class TestChroma:
    @stores("chroma")
    def test_records_that_are_in_the_log_alone(self, store: Path, path: Path) -> None:
        import_rows(store, path, "docs", from_collection="other")
        rows = {row["id"]: (row["uri"], row["vector"]) for row in read(path)}
        assert rows == {"a": ("file:a", VECTORS[0].tolist()), "b": ("file:b", VECTORS[1].tolist())}
        assert metrics(path) == {"vector": "L2"}

    @stores("chroma")
    def test_records_are_those_that_chroma_gives(self, store: Path, path: Path) -> None:
        chromadb = pytest.importorskip("chromadb", exc_type=ImportError)
        import_rows(store, path, "docs", from_collection="docs")
        collection = chromadb.PersistentClient(str(store)).get_collection("docs", embedding_function=None)
        told = collection.get(include=["embeddings", "documents"])
        theirs = dict(zip(told["ids"], zip(told["embeddings"], told["documents"], strict=True), strict=True))
        ours = {row["id"]: (row["vector"], row["text"]) for row in read(path)}
        assert theirs.keys() == ours.keys()
        for key, (vector, text) in theirs.items():
            assert ours[key][1] == text
            np.testing.assert_allclose(unit(np.array(ours[key][0])), unit(vector), rtol=1e-5)

    @stores("chroma")
    def test_a_record_without_a_vector_is_not_taken(self, store: Path, path: Path) -> None:
        (index,) = store.glob("*/index_metadata.pickle")
        told = pickle.loads(index.read_bytes())
        del told["id_to_label"]["doc 7"]
        index.write_bytes(pickle.dumps(told))
        imported = import_rows(store, path, "docs", from_collection="docs")
        (one,) = refused(imported.refused_file)
        assert one["record"]["id"] == "doc 7"
        assert one["reason"] == "its vector is neither in the index nor in the log"
        assert imported.rows == len(chroma_rows()) - 1

    @stores("chroma")
    @pytest.mark.parametrize(
        ("file", "content"),
        [
            ("chroma.sqlite3", b"no database"),
            ("*/header.bin", b""),
            ("*/header.bin", b"\x02" + bytes(99)),
            ("*/header.bin", b"\x01\x00\x00\x00" + b"\xff" * 96),
            ("*/data_level0.bin", b"short"),
            ("*/index_metadata.pickle", b"no pickle"),
            ("*/index_metadata.pickle", pickle.dumps({"id_to_label": {"a": "b"}})),
        ],
    )
    def test_damage_is_told(self, store: Path, path: Path, file: str, content: bytes) -> None:
        for one in store.glob(file):
            one.write_bytes(content)
        with pytest.raises(DataNotMatchException, match="chroma"):
            import_rows(store, path, "docs", from_collection="docs")
        assert not path.exists()


class TestQdrant:
    @stores("qdrant")
    def test_vectors_with_names_are_fields(self, store: Path, path: Path) -> None:
        imported = import_rows(store, path, "docs", from_collection="named")
        assert (imported.rows, imported.refused) == (2, 0)
        one, other = read(path)
        assert one == {
            "id": 1,
            "fast_bge": VECTORS[1].tolist(),
            "small": [1.0, 2.0],
            "terms": {1: 0.5, 5: 0.25},
            "words": [[1.0, 2.0], [3.0, 4.0]],
            "metadata_id": "x",
        }
        assert other["id"] == 2
        assert (other["small"], other["terms"]) == (None, None)
        assert metrics(path) == {"fast_bge": "L2", "small": "IP", "terms": "IP"}

    @stores("qdrant")
    def test_a_metric_that_there_is_not_is_told_unless_one_is_given(self, store: Path, path: Path) -> None:
        config = store / "meta.json"
        config.write_text(config.read_text().replace("Cosine", "Manhattan"))
        with pytest.raises(ParamError, match="compares 'vector' by MANHATTAN, which there is not here"):
            import_rows(store, path, "docs", from_collection="docs")
        import_rows(store, path, "docs", from_collection="docs", metric_type="L2")
        assert metrics(path) == {"vector": "L2"}

    @stores("qdrant")
    @pytest.mark.parametrize(
        "content", [b"{", b"[]", b'{"collections": [1]}', b'{"collections": {"docs": 1}}']
    )
    def test_a_broken_list_of_collections_is_told(self, store: Path, path: Path, content: bytes) -> None:
        (store / "meta.json").write_bytes(content)
        with pytest.raises(MilvusException, match=r"meta\.json|no collection 'docs'"):
            import_rows(store, path, "docs", from_collection="docs")

    @stores("qdrant")
    def test_points_that_cannot_be_read_are_not_taken(self, store: Path, path: Path) -> None:
        with sqlite3.connect(store / "collection/docs/storage.sqlite") as connection:
            connection.execute("UPDATE points SET point = ? WHERE rowid = 2", (pickle.dumps({"id": 1}),))
            connection.execute("UPDATE points SET point = x'80' WHERE rowid = 3")
            connection.execute("UPDATE points SET point = NULL WHERE rowid = 6")
        connection.close()
        imported = import_rows(store, path, "docs", from_collection="docs")
        assert imported.rows == COUNT - 4
        reasons = [(one["line"], one["reason"]) for one in refused(imported.refused_file)]
        assert [line for line, _ in reasons] == [2, 3, 4]
        assert "it is no point" in reasons[0][1]


class TestFaiss:
    @stores("faiss")
    def test_an_index_whose_lists_are_in_another_file_opens_none(
        self, store: Path, path: Path, tmp_path: Path
    ) -> None:
        import faiss

        vectors = np.random.default_rng(1).random((200, 4), dtype=np.float32)
        index = faiss.index_factory(4, "IVF4,Flat")
        index.train(vectors)
        index.add(vectors)
        elsewhere = tmp_path / "elsewhere"
        lists, others = faiss.OnDiskInvertedLists(4, index.code_size, str(elsewhere)), index.invlists
        vector = faiss.InvertedListsPtrVector()
        vector.push_back(others)
        lists.merge_from_multiple(vector.data(), vector.size())
        index.replace_invlists(lists)
        faiss.write_index(index, str(store / "index.faiss"))
        with pytest.raises(DataNotMatchException, match="may name another file that has its vectors"):
            import_rows(store, path, "docs", from_collection="index")

    @stores("faiss")
    def test_the_metric_is_that_of_the_index(self, store: Path, path: Path) -> None:
        import_rows(store, path, "docs", from_collection="other")
        assert metrics(path) == {"vector": "IP"}

    @stores("faiss")
    def test_other_indexes_are_read_as_far_as_they_keep_vectors(self, store: Path, path: Path) -> None:
        import faiss

        matrix = np.delete(VECTORS, 3, axis=0)
        for name, factory in (("index", "IVF1,Flat"), ("other", "HNSW8,Flat")):
            index = faiss.index_factory(4, factory)
            index.train(matrix)
            index.add(matrix)
            faiss.write_index(index, str(store / f"{name}.faiss"))
            path.unlink(missing_ok=True)
            import_rows(store, path, "docs", from_collection=name)
            assert_same("faiss", read(path))

    @stores("faiss")
    def test_vectors_without_documents_are_not_taken(self, store: Path, path: Path) -> None:
        import faiss

        index = faiss.read_index(str(store / "index.faiss"))
        index.add(VECTORS[:1])
        faiss.write_index(index, str(store / "index.faiss"))
        imported = import_rows(store, path, "docs", from_collection="index")
        (one,) = refused(imported.refused_file)
        assert one["reason"] == f"there is no document for vector {COUNT - 1}"
        assert one["record"] == {"vector": VECTORS[0].tolist()}

    @stores("faiss")
    @pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps((1, 2)), pickle.dumps("x")])
    def test_a_broken_docstore_is_told(self, store: Path, path: Path, content: bytes) -> None:
        (store / "index.pkl").write_bytes(content)
        with pytest.raises(DataNotMatchException, match=r"index\.pkl"):
            import_rows(store, path, "docs", from_collection="index")

    @stores("faiss")
    @pytest.mark.parametrize("content", [b"", b"no index", b"IxF2\x04"])
    def test_a_broken_index_is_told(self, store: Path, path: Path, content: bytes) -> None:
        (store / "index.faiss").write_bytes(content)
        with pytest.raises(DataNotMatchException, match=r"index\.faiss cannot be read"):
            import_rows(store, path, "docs", from_collection="index")


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


class TestPicklesAreNotRun:
    @stores("faiss")
    def test_of_a_docstore(self, store: Path, path: Path, tmp_path: Path) -> None:
        (store / "index.pkl").write_bytes(pickle.dumps(Evil(tmp_path / "evil")))
        with pytest.raises(DataNotMatchException, match=r"names \w+\.mkdir, .* pickles can run any code"):
            import_rows(store, path, "docs", from_collection="index")
        assert not (tmp_path / "evil").exists()

    @stores("chroma")
    def test_of_an_index(self, store: Path, path: Path, tmp_path: Path) -> None:
        for index in store.glob("*/index_metadata.pickle"):
            index.write_bytes(pickle.dumps(Evil(tmp_path / "evil")))
        with pytest.raises(DataNotMatchException, match=r"names \w+\.mkdir"):
            import_rows(store, path, "docs", from_collection="docs")
        assert not (tmp_path / "evil").exists()

    @stores("qdrant")
    def test_of_a_point(self, store: Path, path: Path, tmp_path: Path) -> None:
        with sqlite3.connect(store / "collection/docs/storage.sqlite") as connection:
            connection.execute(
                "UPDATE points SET point = ? WHERE rowid = 2", (pickle.dumps(Evil(tmp_path / "evil")),)
            )
        connection.close()
        imported = import_rows(store, path, "docs", from_collection="docs")
        (one,) = refused(imported.refused_file)
        assert "mkdir" in one["reason"]
        assert not (tmp_path / "evil").exists()


class TestLancedb:
    @pytest.fixture
    def folder(self, committed: Path) -> Path:
        return committed / "lancedb"

    def test_the_package_is_asked_for(
        self, folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("pyarrow")
        monkeypatch.setitem(sys.modules, "lancedb", None)
        with pytest.raises(MissingExtraError, match="need the package lancedb: pip install lancedb"):
            import_rows(folder, path, "docs", from_collection="docs")

    def test_a_folder_may_be_that_of_one_table(self, folder: Path, path: Path) -> None:
        pytest.importorskip("lancedb", exc_type=ImportError)
        import_rows(folder / "other.lance", path, "docs")
        assert [row["id"] for row in read(path)] == ["doc 0", "doc 1"]
        assert metrics(path) == {"vector": "L2"}

    def test_a_broken_table_is_told(self, folder: Path, path: Path, tmp_path: Path) -> None:
        pytest.importorskip("lancedb", exc_type=ImportError)
        (tmp_path / "store/docs.lance/_versions").mkdir(parents=True)
        (tmp_path / "store/docs.lance/_versions/1.manifest").write_bytes(b"none")
        with pytest.raises(DataNotMatchException, match="cannot be read by lancedb"):
            import_rows(tmp_path / "store", path, "docs")


class TestPgvector:
    def test_columns_have_the_types_of_the_table(self, path: Path) -> None:
        plans = []
        imported = import_rows(_DUMP, path, "docs", from_collection="docs", planned=plans.append)
        assert (imported.rows, imported.refused, plans[0].rows) == (COUNT + 1, 0, COUNT + 1)
        assert shown_schema(plans[0].schema) == [
            "key: INT64, primary",
            "embedding: FLOAT_VECTOR(4)",
            "half: FLOAT16_VECTOR(2), nullable",
            "terms: SPARSE_FLOAT_VECTOR, nullable",
            "bits: BINARY_VECTOR(16), nullable",
            "body: VARCHAR(65535), nullable",
            "price: FLOAT, nullable",
            "is_new: BOOL, nullable",
            "data: JSON, nullable",
            "tags: ARRAY(65535), nullable",
            "day: VARCHAR(65535), nullable",
            "number: DOUBLE, nullable",
            "name: VARCHAR(65535), nullable",
        ]
        rows = {row["key"]: row for row in read(path)}
        assert rows[5] == {
            "key": 5,
            "embedding": VECTORS[5].tolist(),
            "half": [np.array([0.5, 5], np.float16).tobytes()],
            "terms": {0: 0.5, 8: 6.0},
            "bits": [bytes([1, 5])],
            "text of it": "x",
            "body": f"tab\t, line\n, back\\slash {text_of(5)}",
            "price": 1.25,
            "is_new": False,
            "data": {"a": [5, "ü"]},
            "tags": ["a", 'b, "c"'],
            "day": "2024-01-02 03:04:05+00",
            "number": 5.25,
            "name": "name 5",
        }
        assert rows[100]["half"] is rows[100]["data"] is rows[100]["number"] is None
        assert metrics(path) == {"embedding": "IP", "half": "L2", "terms": "IP", "bits": "JACCARD"}

    def test_vectors_of_another_length_are_not_taken(self, path: Path, tmp_path: Path) -> None:
        imported = import_rows(
            _DUMP, path, "docs", from_collection="loose", refused_file=tmp_path / "refused.jsonl"
        )
        (one,) = refused(imported.refused_file)
        assert (one["line"], one["record"]["name"]) == (2, "b")
        assert "expected a vector of dimension 2, got dimension 3" in one["reason"]
        assert {row["name"]: row["embedding"] for row in read(path)} == {
            "a": [1.0, 2.0],
            "c": [3.0, 4.0],
            "d": None,
        }

    @pytest.mark.parametrize("name", ["My Docs", "My Schema.My Docs"])
    def test_names_may_be_quoted_and_uuids_are_texts(self, path: Path, name: str) -> None:
        import_rows(_DUMP, path, "docs", from_collection=name)
        assert {row["id"] for row in read(path)} == {str(uuid.UUID(int=number)) for number in range(COUNT)}
        assert metrics(path) == {"embedding": "COSINE"}

    def test_tables_with_vectors_are_named(self, path: Path) -> None:
        with pytest.raises(
            ParamError, match=r"are: 'My Schema\.My Docs', 'public\.docs', 'public\.loose'; say"
        ):
            import_rows(_DUMP, path, "docs")

    def test_an_import_that_was_broken_off_goes_on(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "_MOST_ROWS", 4)

        def interrupt(progress: Progress) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            import_rows(_DUMP, path, "docs", from_collection="docs", progress=interrupt)
        assert import_rows(_DUMP, path, "docs", from_collection="docs").rows == COUNT + 1
        assert {row["key"] for row in read(path)} == {*range(COUNT), 100}

    def test_lines_may_end_as_on_windows(self, path: Path, tmp_path: Path) -> None:
        dump = tmp_path / "dump.sql"
        dump.write_bytes(_DUMP.read_bytes().replace(b"\n", b"\r\n"))
        import_rows(dump, path, "docs", from_collection="docs")
        names = {row["key"]: row["name"] for row in read(path)}
        assert names[5] == "name 5"

    def test_lines_that_cannot_be_read_are_not_taken(self, path: Path, tmp_path: Path) -> None:
        dump = tmp_path / "dump.sql"
        wrong = b"a\t[1,2]\nb\t[1,x]\nc\nd\t[[1],[2]]\n\xff\t[1,2]\n"
        dump.write_bytes(_DUMP.read_bytes().replace(b"a\t[1,2]\n", wrong))
        imported = import_rows(dump, path, "docs", from_collection="loose")
        reasons = [(one["line"], one["reason"]) for one in refused(imported.refused_file)]
        assert [line for line, _ in reasons] == [2, 3, 4, 5, 6]
        for (_, reason), expected in zip(
            reasons,
            ("'embedding'", "expected 2 values, got 1", "expected a vector", "'name'", "dimension 2, got"),
            strict=True,
        ):
            assert expected in reason

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("--\n-- PostgreSQL database dump", "PGDMP", "pg_restore -f dump.sql"),
            (
                "encoding = 'UTF8'",
                "encoding = 'EUC_JP'",
                "has its texts in EUC_JP: make the dump with --encoding",
            ),
            ("vector_ip_ops", "vector_l1_ops", "compares 'embedding' by L1, which there is not here"),
            ("COPY public.docs", "INSERT INTO public.docs VALUES (1);\n", "in INSERT statements"),
        ],
    )
    def test_other_dumps_are_told(self, path: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
        dump = tmp_path / "dump.sql"
        text = _DUMP.read_text(encoding="utf-8")
        assert old in text
        dump.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(MilvusException, match=message):
            import_rows(dump, path, "docs", from_collection="docs")


def test_a_folder_of_something_else_is_told(tmp_path: Path, path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ParamError, match="no folder that can be imported"):
        import_rows(tmp_path / "folder", path, "docs")


def test_a_collection_of_a_file_is_told(tmp_path: Path, path: Path) -> None:
    (tmp_path / "docs.jsonl").write_text('{"id": 1, "vector": [1.5, 2]}')
    with pytest.raises(ParamError, match="from_collection='docs' is for other vector stores, and .* as text"):
        import_rows(tmp_path / "docs.jsonl", path, "docs", from_collection="docs")


@pytest.fixture(autouse=True)
def no_files_beside_the_dump() -> Iterator[None]:
    yield
    assert not list(_DATA.glob("*.refused.jsonl"))
