"""Documents through the LangChain store, their embeddings at hand, beside the same rows through the client."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings

from langchain_milvus_store import Milvus
from milvus_store import MilvusClient

from . import data, timing


class AtHand(Embeddings):
    """Never asked: every document comes with its embedding."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError("the embeddings are at hand")

    embed_query = embed_documents  # type: ignore[assignment]


def measure(count: int, dim: int, rounds: int) -> None:
    vectors = data.clustered(count, dim)
    texts = [f"document number {n} of the benchmark" for n in range(count)]
    metadatas: list[dict[str, Any]] = [{"source": f"page {n % 10}", "number": n} for n in range(count)]
    rows = [
        {"pk": str(n), "text": text, "vector": vector, **metadata}
        for n, (text, vector, metadata) in enumerate(zip(texts, vectors, metadatas, strict=True))
    ]

    def through_store() -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = Milvus(AtHand(), connection_args={"uri": str(Path(folder, "bench.db"))})
            times["store"].append(
                timing.milliseconds(lambda: store.add_embeddings(texts, vectors, metadatas))
            )
            store.client.close()

    def through_client() -> None:
        with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "bench.db")) as client:
            client.create_collection(
                "c", dimension=dim, primary_field_name="pk", id_type="string", max_length=99
            )

            def insert() -> None:
                for start in range(0, count, 1000):
                    client.insert("c", rows[start : start + 1000])

            times["client"].append(timing.milliseconds(insert))

    times: dict[str, list[float]] = {"store": [], "client": []}
    for _ in range(rounds):
        through_store()
        through_client()
    print(f"{count:,} documents x {dim}, batches of 1,000, p50 of {rounds}")
    for name, found in times.items():
        print(f"  through the {name:7} {count / statistics.median(found) * 1e3:10,.0f} documents/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    measure(arguments.rows, arguments.dim, arguments.rounds)


if __name__ == "__main__":
    main()
