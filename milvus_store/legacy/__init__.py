"""The client of Milvus 0.9 (pymilvus 0.2.x) over ``MilvusClient``: every call answers with a ``Status`` first.

>>> import tempfile
>>> from milvus_store.legacy import Milvus, MetricType
>>> client = Milvus(uri=tempfile.mkdtemp() + "/demo.db")
>>> client.create_collection({"collection_name": "test01", "dimension": 2, "metric_type": MetricType.L2})
Status(code=0, message='Create collection successfully!')
>>> status, ids = client.insert("test01", [[0.0, 1.0], [3.0, 4.0]], ids=[7, 8])
>>> status, results = client.search("test01", top_k=1, query_records=[[3.0, 3.0]])
>>> results
[
[(id:8, distance:1.0)]
]
>>> client.close()
"""

from .enums import IndexType, MetricType
from .errors import (
    ConnectError,
    ConnectionPoolError,
    DeprecatedError,
    FutureTimeoutError,
    NotConnectError,
    ParamError,
    RepeatingConnectError,
    VersionError,
)
from .milvus import CLIENT_VERSION, Milvus
from .results import CollectionSchema, IndexParam, PartitionParam, QueryResult, TopKQueryResult
from .status import Status

__all__ = [
    "CollectionSchema",
    "ConnectError",
    "ConnectionPoolError",
    "DeprecatedError",
    "FutureTimeoutError",
    "IndexParam",
    "IndexType",
    "MetricType",
    "Milvus",
    "NotConnectError",
    "ParamError",
    "PartitionParam",
    "QueryResult",
    "RepeatingConnectError",
    "Status",
    "TopKQueryResult",
    "VersionError",
]

__version__ = CLIENT_VERSION
