"""What a collection takes, and when it is time for a cluster: disk, memory, and classes of time.

The engine counts bytes; here are the speeds, and what a Milvus server would need for the same rows.
"""

from milvus_store_lite import (
    CollectionSizes,
    Disk,
    FileSizes,
    Memory,
    Structure,
    TableSizes,
    Workload,
)

from .files import file_sizes
from .milvus import MilvusNeeds, Nodes, milvus_needs
from .plans import Plan, plan

__all__ = [
    "CollectionSizes",
    "Disk",
    "FileSizes",
    "Memory",
    "MilvusNeeds",
    "Nodes",
    "Plan",
    "Structure",
    "TableSizes",
    "Workload",
    "file_sizes",
    "milvus_needs",
    "plan",
]
