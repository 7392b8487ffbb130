"""A hybrid search over a dense and a sparse field beside its two searches run one after the other."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from milvus_store import AnnSearchRequest, DataType, MilvusClient, RRFRanker, WeightedRanker

from . import data, timing
from .sparse import vectors


def measure(count: int, dim: int, rounds: int) -> None:
    dense, matrix = data.clustered(count, dim), vectors(count, 64, 30_000)
    sparse = [matrix[n] for n in range(count)]
    with tempfile.TemporaryDirectory() as folder, MilvusClient(Path(folder, "bench.db")) as client:
        schema = client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_field("title", DataType.VARCHAR, max_length=100)
        index = client.prepare_index_params()
        index.add_index("dense", metric_type="COSINE")
        index.add_index("sparse", metric_type="IP")
        client.create_collection("c", schema=schema, index_params=index)
        for start in range(0, count, 5_000):
            places = range(start, min(start + 5_000, count))
            client.insert(
                "c",
                [{"id": n, "dense": dense[n], "sparse": sparse[n], "title": f"number {n}"} for n in places],
            )
        vector, weights = dense[count // 2], dict.fromkeys(sparse[count // 2].indices[:8].tolist(), 1.0)
        requests = [
            AnnSearchRequest([vector], "dense", {}, 10),
            AnnSearchRequest([weights], "sparse", {}, 10),
        ]
        fields = {"limit": 10, "output_fields": ["title"]}

        def apart() -> object:
            return [
                client.search("c", [vector], anns_field="dense", **fields),  # type: ignore[arg-type]
                client.search("c", [weights], anns_field="sparse", **fields),  # type: ignore[arg-type]
            ]

        print(f"{count:,} rows, {dim} dimensions and 64 non-zeros, p50 of {rounds}")
        for ranker in (RRFRanker(), WeightedRanker(0.6, 0.4)):

            def hybrid(ranker: object = ranker) -> object:
                return client.hybrid_search("c", requests, ranker, **fields)  # type: ignore[arg-type]

            together, parts = timing.in_turn(hybrid, apart, rounds=rounds)
            more = statistics.median(one - other for one, other in zip(together, parts, strict=True))
            print(
                f"  {type(ranker).__name__:15} hybrid {statistics.median(together):6.2f} ms   its parts "
                f"{statistics.median(parts):6.2f} ms   difference {more:+.2f} ms"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    measure(arguments.rows, arguments.dim, arguments.rounds)


if __name__ == "__main__":
    main()
