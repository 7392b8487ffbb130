"""milvus-store: an embedded vector database in one SQLite file, with the API of Milvus."""

from typing import TYPE_CHECKING

from milvus_store_lite import DataType

from .aggregations import AggregationBucket, AggregationHit, SearchAggregation, TopHits
from .client import MilvusClient
from .embedding_lists import EmbeddingList
from .errors import MilvusException
from .field_ops import FieldOp, FieldOpType
from .fields import FieldSchema
from .functions import Function, FunctionScore, FunctionType
from .highlighters import LexicalHighlighter, SemanticHighlighter
from .index_params import IndexParams
from .index_types import IndexType
from .option_warnings import UnknownOptionWarning
from .rankers import AnnSearchRequest, RRFRanker, WeightedRanker
from .restoring import restore
from .results import LoadState
from .schema import CollectionSchema
from .structs import StructFieldSchema
from .version import __version__

if TYPE_CHECKING:
    from .client.async_milvus_client import AsyncMilvusClient

__all__ = [
    "AggregationBucket",
    "AggregationHit",
    "AnnSearchRequest",
    "AsyncMilvusClient",
    "CollectionSchema",
    "DataType",
    "EmbeddingList",
    "FieldOp",
    "FieldOpType",
    "FieldSchema",
    "Function",
    "FunctionScore",
    "FunctionType",
    "IndexParams",
    "IndexType",
    "LexicalHighlighter",
    "LoadState",
    "MilvusClient",
    "MilvusException",
    "RRFRanker",
    "SearchAggregation",
    "SemanticHighlighter",
    "StructFieldSchema",
    "TopHits",
    "UnknownOptionWarning",
    "WeightedRanker",
    "__version__",
    "restore",
]

if not TYPE_CHECKING:  # a type checker would take any name for one that this may give

    def __getattr__(name: str) -> object:
        """Import the asynchronous client at its first use: asyncio takes a sixth of the time of the import."""
        if name == "AsyncMilvusClient":
            from .client.async_milvus_client import AsyncMilvusClient

            return AsyncMilvusClient
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
