"""Every database that takes part, by the name that ``--peers`` knows it by, and which of them are installed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any, Final

from .chroma import Chroma
from .lance import LanceDB
from .milvus import MilvusLite, MilvusStore, MilvusStoreHnsw
from .product import Product
from .qdrant import QdrantEdge, QdrantLocal
from .sqlite_vec import SqliteVec
from .zvec import Zvec

PRODUCTS: Final[dict[str, type[Product]]] = {
    "ours": MilvusStore,
    "ours-hnsw": MilvusStoreHnsw,
    "milvus-lite": MilvusLite,
    "chroma": Chroma,
    "lancedb": LanceDB,
    "qdrant-local": QdrantLocal,
    "qdrant-edge": QdrantEdge,
    "zvec": Zvec,
    "sqlite-vec": SqliteVec,
}
BENEATH: Final = ("milvus-store", "faiss-cpu", "numpy")
"""Packages whose versions are told of whatever takes part."""


def add_option(parser: argparse.ArgumentParser, default: str) -> None:
    """``--peers``."""
    parser.add_argument(
        "--peers",
        default=default,
        metavar="NAMES",
        help=f"who takes part, with commas between: all, or of {', '.join(PRODUCTS)} (default: {default})",
    )


def installed(asked: str) -> list[str]:
    """The names in ``--peers`` whose packages are there; how to install the others is printed."""
    names = list(PRODUCTS) if asked == "all" else asked.split(",")
    unknown = [name for name in names if name not in PRODUCTS]
    if unknown:
        raise SystemExit(f"--peers: {', '.join(unknown)}: not one of {', '.join(PRODUCTS)}")
    found = []
    for name in names:
        needs = PRODUCTS[name].needs
        missing = [package for module, package in needs.items() if find_spec(module) is None]
        if missing:
            print(f"{PRODUCTS[name].title} takes no part: pip install {' '.join(missing)}")
        else:
            found.append(name)
    return found


def described(names: Sequence[str]) -> dict[str, Any]:
    """The settings of the products called ``names``, by title."""
    return {PRODUCTS[name].title: PRODUCTS[name].settings for name in names}


def versions(names: Sequence[str], *others: str) -> dict[str, str]:
    """The versions of their packages, of what milvus-store stands on, and of the packages ``others``."""
    packages = [package for name in names for package in PRODUCTS[name].needs.values()]
    return {package: _version(package) for package in dict.fromkeys([*BENEATH, *packages, *others])}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed as a package"
