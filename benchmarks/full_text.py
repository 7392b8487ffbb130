"""Full text: documents indexed per second and one BM25 search, beside bm25s and tantivy in the same run.

What each does: ours writes texts and counts durably and searches through ``MilvusClient.search``; bm25s indexes in
memory, all at once; tantivy writes an index of its own, with the texts, in one commit. Documents are some 100
words drawn as words of a language are, from the Python reference and made-up ones. Analyzer: standard.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import bm25s
import numpy as np
import tantivy

from milvus_store import DataType, Function, FunctionType, MilvusClient

from . import timing


def vocabulary(size: int) -> list[str]:
    """Words, the commonest first."""
    real = [word for word, _ in Counter(re.findall(r"\S+", " ".join(topics.values()))).most_common(size)]
    return real + [f"w{number:x}" for number in range(size - len(real))]


def texts(count: int, words: int, known: list[str], seed: int) -> list[str]:
    """``count`` texts of about ``words`` words, the n-th word as likely as 1 / (n + 5)."""
    random = np.random.default_rng(seed)
    weights = 1 / (np.arange(len(known)) + 5.0)
    lengths = np.maximum(1, random.normal(words, words / 4, count).astype(int))
    drawn = random.choice(len(known), size=lengths.sum(), p=weights / weights.sum())
    ends = np.cumsum(lengths)[:-1]
    return [" ".join(map(known.__getitem__, part)) for part in np.split(drawn, ends)]


def into_store(client: MilvusClient, documents: list[str], batch: int) -> float:
    """Documents per second."""
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=65_535, enable_analyzer=True)
    schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_function(Function("bm25", FunctionType.BM25, "text", "sparse"))
    index = client.prepare_index_params("sparse", metric_type="BM25")
    client.create_collection("bench", schema=schema, index_params=index)
    rows = [{"id": number, "text": text} for number, text in enumerate(documents)]
    start = time.perf_counter()
    for first in range(0, len(rows), batch):
        client.insert("bench", rows[first : first + batch])
    return len(rows) / (time.perf_counter() - start)


def into_bm25s(documents: list[str]) -> tuple[float, Callable[[str], Any]]:
    start = time.perf_counter()
    tokens = bm25s.tokenize(documents, stopwords=None, show_progress=False, token_pattern=r"(?u)[^\W_]+")
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    index.index(tokens, show_progress=False)
    speed = len(documents) / (time.perf_counter() - start)

    def search(text: str) -> Any:
        query = bm25s.tokenize(
            [text], stopwords=None, show_progress=False, token_pattern=r"(?u)[^\W_]+", return_ids=False
        )
        return index.retrieve(query, k=10, show_progress=False, n_threads=0)

    return speed, search


def into_tantivy(folder: str, documents: list[str]) -> tuple[float, Callable[[str], Any]]:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=True)
    builder.add_text_field("text", stored=True)
    index = tantivy.Index(builder.build(), path=folder)
    start = time.perf_counter()
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    for number, text in enumerate(documents):
        writer.add_document(tantivy.Document(id=number, text=text))
    writer.commit()
    writer.wait_merging_threads()
    speed = len(documents) / (time.perf_counter() - start)
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> Any:
        query = index.parse_query(text, ["text"])
        return [searcher.doc(address)["id"] for _, address in searcher.search(query, 10).hits]

    return speed, search


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=100)
    parser.add_argument("--vocabulary", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    known = vocabulary(options.vocabulary)
    documents = texts(options.documents, options.words, known, seed=7)
    print(f"{options.documents:,} documents of {options.words} words, batches of {options.batch:,}")
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as other,
        MilvusClient(Path(folder, "bench.db")) as client,
    ):
        speed = into_store(client, documents, options.batch)
        bm25s_speed, bm25s_search = into_bm25s(documents)
        tantivy_speed, tantivy_search = into_tantivy(other, documents)
        print(
            f"  indexing, documents/s: ours {speed:,.0f}   bm25s {bm25s_speed:,.0f}   tantivy {tantivy_speed:,.0f}"
        )
        first = timing.milliseconds(lambda: client.search("bench", ["first"], limit=10))
        print(f"  first search {first:.0f} ms (reads the counts, builds the postings)")
        for words in (2, 5, 10):
            # Words of a query are drawn as those of the documents are, without marks of tantivy's query language.
            plain = [word for word in known if word.isalnum() and not word.isupper()]
            queries = texts(1000, words, plain, seed=words)
            places = [iter(range(10**9)) for _ in range(3)]
            ours, bm25s_times, tantivy_times = timing.in_turn(
                lambda queries=queries, places=places: client.search(
                    "bench", [queries[next(places[0]) % 1000]], limit=10
                ),
                lambda queries=queries, places=places: bm25s_search(queries[next(places[1]) % 1000]),
                lambda queries=queries, places=places: tantivy_search(queries[next(places[2]) % 1000]),
                rounds=options.rounds,
            )
            medians = [statistics.median(times) for times in (ours, bm25s_times, tantivy_times)]
            print(
                f"  search, {words:2} words, p50: ours {medians[0]:6.2f} ms   bm25s {medians[1]:6.2f} ms   "
                f"tantivy {medians[2]:6.2f} ms"
            )


if __name__ == "__main__":
    main()
