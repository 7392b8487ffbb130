"""Data in, data out: between files, Milvus servers, data of Milvus Lite, and tables in other formats."""

from .copying import CopiedCollection, PlannedCollection, copy
from .exporting import export_rows
from .import_runs import Embedding
from .importing import ImportedRows, PlannedImport, import_rows

__all__ = [
    "CopiedCollection",
    "Embedding",
    "ImportedRows",
    "PlannedCollection",
    "PlannedImport",
    "copy",
    "export_rows",
    "import_rows",
]
