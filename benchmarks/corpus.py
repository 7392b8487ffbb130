"""Which vectors a benchmark runs on: made ones, or embeddings of the user's own from a file of numpy's.

Made vectors lie around centres, and flatter what sorts vectors into lists: real embeddings need more of it for the
same recall. So those that choose or compare indexes take both: ``--embeddings PATH`` names a ``.npy`` file of
(rows, dimensions) float16 or float32, one embedding a row, the documents first and then the queries.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import data


@dataclass(frozen=True)
class Corpus:
    """Unit vectors to store and to search by."""

    name: str
    """``synthetic``, or the name of the file."""
    vectors: data.Floats
    queries: data.Floats

    @property
    def dim(self) -> int:
        return int(self.vectors.shape[1])

    def nearest(self, filter: data.Filter | None, limit: int) -> data.Ints:
        """(queries, limit) rows nearest to each query among those that ``filter`` keeps, the nearest first."""
        kept = None if filter is None else filter.kept(len(self.vectors))
        return data.nearest(self.vectors, self.queries, kept, limit)

    @property
    def settings(self) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "data": self.name,
            "rows": len(self.vectors),
            "dim": self.dim,
            "queries": len(self.queries),
        }

    def __str__(self) -> str:
        return f"{len(self.vectors):,} x {self.dim}, {self.name}, {len(self.queries):,} queries"


def add_options(parser: argparse.ArgumentParser, queries: int) -> None:
    """``--rows``, ``--dim``, ``--queries`` and ``--embeddings``."""
    parser.add_argument("--rows", type=int, default=100_000, help="vectors to store (default: 100,000)")
    parser.add_argument("--dim", type=int, default=384, help="dimensions of synthetic vectors (default: 384)")
    parser.add_argument("--queries", type=int, default=queries, help=f"searches (default: {queries:,})")
    parser.add_argument(
        "--embeddings",
        type=Path,
        metavar="PATH",
        help="a .npy file of float16 or float32 to take vectors from: its last --queries rows are the queries, "
        "its first --rows rows are stored, or all others if there are fewer",
    )


def chosen(options: argparse.Namespace) -> Corpus:
    """The vectors that the options of ``add_options`` ask for."""
    if options.embeddings is not None:
        return embeddings(options.embeddings, options.rows, options.queries)
    return synthetic(options.rows, options.dim, options.queries)


def synthetic(rows: int, dim: int, queries: int) -> Corpus:
    vectors = data.clustered(rows + queries, dim)
    return Corpus("synthetic", vectors[:rows], vectors[rows:])


def embeddings(path: Path, rows: int, queries: int) -> Corpus:
    """Those of the file at ``path``, made float32 and of unit length."""
    stored = np.load(path, mmap_mode="r")
    if stored.ndim != 2 or stored.dtype not in (np.float16, np.float32):
        raise SystemExit(
            f"{path} has {stored.dtype} of shape {stored.shape}, not float16 or float32 of (rows, dimensions)"
        )
    rows = min(rows, len(stored) - queries)
    if rows < 1:
        raise SystemExit(f"{path} has {len(stored):,} rows, no more than the {queries:,} that are queries")
    return Corpus(path.name, _unit(stored[:rows]), _unit(stored[len(stored) - queries :]))


def _unit(vectors: Any) -> data.Floats:
    found: data.Floats = np.array(vectors, dtype=np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found
