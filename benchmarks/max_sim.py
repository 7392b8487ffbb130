"""MAX_SIM searches over lists of word vectors, through ``MilvusClient.search``, with and without an index.

The vectors are like ColBERT's: each is that of a word, moved by what the passage is about and by noise, at length
1. Six of ten words of a passage belong to its topic, the others are drawn as words of a language are. A query has
twelve words of a passage, and the rest of its vectors lie near those, as ColBERT's masks do.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from milvus_store import DataType, EmbeddingList, MilvusClient

Floats = npt.NDArray[np.float32]

_TOPICS, _WORDS, _WORDS_OF_TOPIC, _WORDS_OF_QUERY = 500, 20_000, 300, 12


def passages(count: int, vectors: int, dim: int, queries: int, of_query: int) -> tuple[Floats, Floats]:
    """(count, vectors, dim) of passages and (queries, of_query, dim) of queries, each vector of length 1."""
    random = np.random.default_rng(0)
    topics = _unit(random.standard_normal((_TOPICS, dim)))
    words = _unit(random.standard_normal((_WORDS, dim)))
    likely = 1 / np.arange(1, _WORDS + 1)
    of_topic = np.stack([random.choice(_WORDS, _WORDS_OF_TOPIC, replace=False) for _ in range(_TOPICS)])
    topic = random.integers(0, _TOPICS, count)
    own = of_topic[topic[:, np.newaxis], random.integers(0, _WORDS_OF_TOPIC, (count, vectors))]
    common = random.choice(_WORDS, (count, vectors), p=likely / likely.sum())
    written = np.where(random.random((count, vectors)) < 0.6, own, common)
    about = _unit(topics[topic] + 0.7 * _unit(random.standard_normal((count, dim))))
    stored = _embedded(random, words[written], about, 0.5)
    target = random.integers(0, count, queries)
    chosen = random.integers(0, vectors, (queries, _WORDS_OF_QUERY))
    asked = written[target[:, np.newaxis], chosen]
    masks = random.integers(0, _WORDS_OF_QUERY, of_query - _WORDS_OF_QUERY)
    asked = np.concatenate([asked, asked[:, masks]], axis=1)
    wanted = _unit(about[target] + 0.8 * _unit(random.standard_normal((queries, dim))))
    return stored, _embedded(random, words[asked], wanted, 0.7)


def _embedded(random: np.random.Generator, words: Floats, about: Floats, noise: float) -> Floats:
    """The vectors of words (n, m, dim) in passages that are ``about`` (n, dim)."""
    moved = random.standard_normal(words.shape, dtype=np.float32) * (noise / words.shape[-1] ** 0.5)
    return _unit(words + 0.6 * about[:, np.newaxis] + moved)


def _unit(vectors: npt.NDArray[Any]) -> Floats:
    unit: Floats = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--vectors", type=int, default=100, help="of each row")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--of-query", type=int, default=32)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--index", default="AUTOINDEX")
    options = parser.parse_args()
    stored, queries = passages(options.rows, options.vectors, options.dim, options.queries, options.of_query)
    print(f"{options.rows:,} x {options.vectors} x {options.dim}, queries of {options.of_query}, k=10")
    truth = [_nearest(stored, query) for query in queries]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        with MilvusClient(path) as client:
            _create(client, options.dim, options.vectors)
            start = time.perf_counter()
            for first in range(0, options.rows, 500):
                client.insert("bench", _rows(stored, first, first + 500))
            print(f"  insert {options.rows / (time.perf_counter() - start):8,.0f} rows/s")
            _searched(client, "exact scan", queries[:20], truth)
            start = time.perf_counter()
            index = client.prepare_index_params(
                "v[v]", index_type=options.index, metric_type="MAX_SIM_COSINE"
            )
            client.release_collection("bench")
            client.drop_index("bench", "v[v]")
            client.create_index("bench", index)
            print(f"  build of the index {time.perf_counter() - start:6.1f} s")
        del stored
        with MilvusClient(path) as client:  # as another process finds it, without the vectors in memory
            client.load_collection("bench")
            _searched(client, options.index, queries, truth)
            _searched(client, "tag < 1 of 10", queries[:20], None, filter="tag < 1")


def _create(client: MilvusClient, dim: int, vectors: int) -> None:
    struct = client.create_struct_field_schema().add_field("v", DataType.FLOAT_VECTOR, dim=dim)
    schema = client.create_schema().add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("tag", DataType.INT64)
    schema.add_field(
        "v", DataType.ARRAY, element_type=DataType.STRUCT, struct_schema=struct, max_capacity=vectors
    )
    index = client.prepare_index_params("v[v]", index_type="FLAT", metric_type="MAX_SIM_COSINE")
    client.create_collection("bench", schema=schema, index_params=index)


def _rows(stored: Floats, first: int, last: int) -> list[dict[str, Any]]:
    return [
        {"id": first + number, "tag": number % 10, "v": [{"v": vector} for vector in vectors]}
        for number, vectors in enumerate(stored[first:last])
    ]


def _searched(
    client: MilvusClient, name: str, queries: Floats, truth: list[set[int]] | None, filter: str = ""
) -> None:
    took, found = [], 0
    client.search("bench", [EmbeddingList(queries[0])], filter=filter)  # which reads what is read once
    for number, query in enumerate(queries):
        data = [EmbeddingList(query)]
        start, worked = time.perf_counter(), time.process_time()
        (hits,) = client.search("bench", data, filter=filter, limit=10)
        took.append(((time.perf_counter() - start) * 1e3, (time.process_time() - worked) * 1e3))
        if truth is not None:
            found += len(truth[number].intersection(hit["id"] for hit in hits))
    wall, cpu = zip(*took, strict=True)
    recall = "" if truth is None else f"   recall@10 {found / 10 / len(queries):.4f}"
    print(
        f"  {name:14} p50 {statistics.median(wall):6.1f} ms   least {min(wall):6.1f} ms   "
        f"CPU p50 {statistics.median(cpu):6.1f} ms   least {min(cpu):6.1f} ms{recall}"
    )


def _nearest(stored: Floats, query: Floats) -> set[int]:
    """The ten nearest rows."""
    products = stored.reshape(-1, stored.shape[2]) @ query.T
    sums = products.reshape(*stored.shape[:2], -1).max(axis=1).sum(axis=1)
    return set(np.argsort(-sums)[:10].tolist())


if __name__ == "__main__":
    main()
