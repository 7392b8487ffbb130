"""The engine of milvus-store: an embedded vector database in one SQLite file.

It knows nothing of clients, frameworks or the network. Its API is what is listed here; other packages import it
from here and from nowhere below.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from . import errors
from .access_control import AccessControl
from .caching import BoundedCache, IncomparableError, size_of, value_key
from .codec import (
    ArrayOp,
    Column,
    Columns,
    GivenRows,
    NullableArray,
    PackedList,
    PackedVectors,
    Values,
    as_list,
    as_numbers,
    encode_vectors,
    of_rows,
    stored_queries,
)
from .collection.collection import Collection, Written
from .collection.first_rows import FirstRows
from .collection.tenancy import TenantCollection
from .database import Database
from .database_file import IN_MEMORY, DatabaseFile
from .embedding import register as register_embedding
from .embedding import register_credential
from .embedding import registered as registered_embeddings
from .embedding import unregister as unregister_embedding
from .errors import *  # noqa: F403  # one list of names, kept where the errors are
from .extras import EXTRAS, import_extra, require_extra
from .indexes.registry import PARAMETER_NAMES
from .process.children import PerProcess
from .process.lazy import lazy
from .process.progress import OnProgress, Progress
from .process.threads import started
from .registry import Registry, check_callable
from .schema.access import (
    Access,
    ApiKey,
    Grant,
    GroupedPrivilege,
    PrivilegeGroup,
    Role,
    RoleMember,
    TenantBinding,
    User,
)
from .schema.clock import COLLECTION_CLOCK, Clock
from .schema.data_types import MEMBER_TYPES, DataType
from .schema.fields import DYNAMIC_FIELD, NO_DEFAULT, Field
from .schema.functions import Function, FunctionType
from .schema.model import Schema
from .schema.times import to_text as instant_text
from .search.aggregates import Aggregate, GroupRequest
from .search.arrangement import Aggregation, BucketMetric, GroupBy, OrderBy, PathCast, TopHits
from .search.buckets import Bucket, BucketHit, FoundBuckets
from .search.cursors import QueryCursor, SearchCursor
from .search.found import FoundElements, FoundHits, FoundRows
from .search.fusion import MergedScores, Ranker, ReciprocalRanks, WeightedScores
from .search.groups import FoundGroups
from .search.highlights import Fragments, Highlight, MarkTexts, SemanticHighlight, WordsInField
from .search.range_bounds import RangeBounds
from .search.request import (
    MAX_WINDOW,
    ByIds,
    ElementPlace,
    HybridRequest,
    Queries,
    SearchRequest,
)
from .search.scope import Scope
from .snapshots import Restored, Snapshot
from .storage.catalog import CollectionRecord, IndexRecord
from .storage.catalog_tables import DEFAULT_DATABASE
from .storage.file.identity import identity_of
from .storage.file.opening import SQLITE_VERSION, require_database
from .storage.migrations import FORMAT_VERSION
from .storage.restoring import restore_file
from .suggestions import did_you_mean, near_miss

if TYPE_CHECKING:
    from .checks import Report, check_file
    from .filters import (
        And,
        Arithmetic,
        Call,
        Compare,
        Condition,
        Element,
        Exists,
        Expression,
        In,
        Instant,
        Interval,
        IsNull,
        Like,
        ListOf,
        Literal,
        Member,
        Name,
        Node,
        Not,
        Or,
        Path,
        Range,
        Regex,
        Template,
        Unary,
        about_rows,
        parse,
        plain_value,
        with_values,
    )
    from .salvage import Lost, Recovery, recover_file
    from .search.reranking.boosts import Boost, Boosts, RandomScore
    from .search.reranking.chain import Chain, ColumnName, ConstantColumn, LimitStep, MapStep, SortStep
    from .search.reranking.chain_expressions import (
        ChainExpression,
        DecayFactors,
        ModelScores,
        NumCombine,
        RoundDecimal,
    )
    from .search.reranking.decay import Decay, DecayCurve
    from .search.reranking.model import ModelRanking, RankTexts, RerankModel
    from .search.reranking.reranking import RankedPage, Reranking, Rescoring
    from .sizing import (
        CollectionSizes,
        Disk,
        Estimate,
        FileSizes,
        Memory,
        Structure,
        TableSizes,
        Workload,
        estimate,
        file_sizes,
    )
    from .storage.file.readers import reading_processes
    from .storage.stored_tables import StoredTables, stored_tables
    from .text.analyzer import Analyzer, Token, analyzer

__all__ = [
    "COLLECTION_CLOCK",
    "DEFAULT_DATABASE",
    "DYNAMIC_FIELD",
    "EXTRAS",
    "FORMAT_VERSION",
    "IN_MEMORY",
    "MAX_WINDOW",
    "MEMBER_TYPES",
    "NO_DEFAULT",
    "PARAMETER_NAMES",
    "SQLITE_VERSION",
    "Access",
    "AccessControl",
    "Aggregate",
    "Aggregation",
    "Analyzer",
    "And",
    "ApiKey",
    "Arithmetic",
    "ArrayOp",
    "Boost",
    "Boosts",
    "BoundedCache",
    "Bucket",
    "BucketHit",
    "BucketMetric",
    "ByIds",
    "Call",
    "Chain",
    "ChainExpression",
    "Clock",
    "Collection",
    "CollectionRecord",
    "CollectionSizes",
    "Column",
    "ColumnName",
    "Columns",
    "Compare",
    "Condition",
    "ConstantColumn",
    "DataType",
    "Database",
    "DatabaseFile",
    "Decay",
    "DecayCurve",
    "DecayFactors",
    "Disk",
    "Element",
    "ElementPlace",
    "Estimate",
    "Exists",
    "Expression",
    "Field",
    "FileSizes",
    "FirstRows",
    "FoundBuckets",
    "FoundElements",
    "FoundGroups",
    "FoundHits",
    "FoundRows",
    "Fragments",
    "Function",
    "FunctionType",
    "GivenRows",
    "Grant",
    "GroupBy",
    "GroupRequest",
    "GroupedPrivilege",
    "Highlight",
    "HybridRequest",
    "In",
    "IncomparableError",
    "IndexRecord",
    "Instant",
    "Interval",
    "IsNull",
    "Like",
    "LimitStep",
    "ListOf",
    "Literal",
    "Lost",
    "MapStep",
    "MarkTexts",
    "Member",
    "Memory",
    "MergedScores",
    "ModelRanking",
    "ModelScores",
    "Name",
    "Node",
    "Not",
    "NullableArray",
    "NumCombine",
    "OnProgress",
    "Or",
    "OrderBy",
    "PackedList",
    "PackedVectors",
    "Path",
    "PathCast",
    "PerProcess",
    "PrivilegeGroup",
    "Progress",
    "Queries",
    "QueryCursor",
    "RandomScore",
    "Range",
    "RangeBounds",
    "RankTexts",
    "RankedPage",
    "Ranker",
    "ReciprocalRanks",
    "Recovery",
    "Regex",
    "Registry",
    "Report",
    "RerankModel",
    "Reranking",
    "Rescoring",
    "Restored",
    "Role",
    "RoleMember",
    "RoundDecimal",
    "Schema",
    "Scope",
    "SearchCursor",
    "SearchRequest",
    "SemanticHighlight",
    "Snapshot",
    "SortStep",
    "StoredTables",
    "Structure",
    "TableSizes",
    "Template",
    "TenantBinding",
    "TenantCollection",
    "Token",
    "TopHits",
    "Unary",
    "User",
    "Values",
    "WeightedScores",
    "WordsInField",
    "Workload",
    "Written",
    "about_rows",
    "analyzer",
    "as_list",
    "as_numbers",
    "check_callable",
    "check_file",
    "did_you_mean",
    "encode_vectors",
    "estimate",
    "file_sizes",
    "identity_of",
    "import_extra",
    "instant_text",
    "lazy",
    "near_miss",
    "of_rows",
    "parse",
    "plain_value",
    "reading_processes",
    "recover_file",
    "register_credential",
    "register_embedding",
    "registered_embeddings",
    "require_database",
    "require_extra",
    "restore_file",
    "size_of",
    "started",
    "stored_queries",
    "stored_tables",
    "unregister_embedding",
    "value_key",
    "with_values",
]
__all__ += errors.__all__

_LATE: Final = {
    "checks": "Report check_file",
    "filters": (
        "And Arithmetic Call Compare Condition Element Exists Expression In Instant Interval IsNull Like "
        "ListOf Literal Member Name Node Not Or Path Range Regex Template Unary about_rows parse plain_value "
        "with_values"
    ),
    "salvage": "Lost Recovery recover_file",
    "sizing": "CollectionSizes Disk Estimate FileSizes Memory Structure TableSizes Workload estimate file_sizes",
    "search.reranking.boosts": "Boost Boosts RandomScore",
    "search.reranking.chain": "Chain ColumnName ConstantColumn LimitStep MapStep SortStep",
    "search.reranking.chain_expressions": "ChainExpression DecayFactors ModelScores NumCombine RoundDecimal",
    "search.reranking.decay": "Decay DecayCurve",
    "search.reranking.model": "ModelRanking RankTexts RerankModel",
    "search.reranking.reranking": "RankedPage Reranking Rescoring",
    "storage.file.readers": "reading_processes",
    "storage.stored_tables": "StoredTables stored_tables",
    "text.analyzer": "Analyzer Token analyzer",
}
"""What is imported when it is first asked for, by module: few programs need it, and importing it takes a while."""

_MODULES: Final = {name: module for module, names in _LATE.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker would take any name for one that this may give

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        return found
