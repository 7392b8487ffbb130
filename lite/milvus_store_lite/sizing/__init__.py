"""What a collection takes, before it is made or in a file: bytes on disk and in memory.

Formulas follow from the format of the file and from the structures in memory; ``benchmarks/sizing.py`` holds
them against real files and processes.
"""

from .estimates import Disk, Estimate, Workload, estimate
from .files import CollectionSizes, FileSizes, TableSizes, file_sizes
from .memory import Memory, Structure

__all__ = [
    "CollectionSizes",
    "Disk",
    "Estimate",
    "FileSizes",
    "Memory",
    "Structure",
    "TableSizes",
    "Workload",
    "estimate",
    "file_sizes",
]
