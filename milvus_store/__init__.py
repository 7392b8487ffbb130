"""milvus-store: an embedded vector database in one SQLite file, with the API of Milvus."""

from milvus_store_lite.data_types import DataType

from .client import MilvusClient
from .errors import MilvusException
from .index_params import IndexParams
from .results import LoadState
from .schema import CollectionSchema, FieldSchema
from .version import __version__

__all__ = [
    "CollectionSchema",
    "DataType",
    "FieldSchema",
    "IndexParams",
    "LoadState",
    "MilvusClient",
    "MilvusException",
    "__version__",
]
