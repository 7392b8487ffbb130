"""Data in, data out: between files, Milvus servers, data of Milvus Lite, and tables in other formats."""

from .copying import CopiedCollection, PlannedCollection, copy

__all__ = ["CopiedCollection", "PlannedCollection", "copy"]
