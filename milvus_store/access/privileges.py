"""Milvus's privileges and built-in privilege groups, by the names that its clients grant them by."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

EVERY: Final = "*"
"""Stands for every database, every name, or every privilege of a type of object."""

ALL: Final = "All"
"""The privilege that holds all others."""


class ObjectType(Enum):
    """What Milvus's first API says that a privilege is on."""

    COLLECTION = "Collection"
    GLOBAL = "Global"
    USER = "User"


class Level(Enum):
    """What a privilege reaches: one collection, one database, or all of the file."""

    COLLECTION = "collection"
    DATABASE = "database"
    CLUSTER = "cluster"


class Privilege(NamedTuple):
    object_type: ObjectType
    level: Level


_ON: Final = {
    Privilege(ObjectType.COLLECTION, Level.COLLECTION): (
        "Load Release Compaction Insert Delete Upsert GetStatistics CreateIndex IndexDetail DropIndex Search "
        "Flush Query LoadBalance Import GetImportProgress ListImport GetLoadingProgress GetLoadState "
        "CreatePartition DropPartition ShowPartitions HasPartition GetFlushState AddCollectionField "
        "AlterCollectionSchema RefreshExternalCollection CreateSnapshot DropSnapshot DescribeSnapshot "
        "ListSnapshots RestoreSnapshot"
    ),
    Privilege(ObjectType.GLOBAL, Level.COLLECTION): (
        "DescribeCollection CreateAlias DropAlias DescribeAlias ListAliases"
    ),
    Privilege(ObjectType.GLOBAL, Level.DATABASE): (
        "CreateCollection DropCollection ShowCollections DescribeDatabase AlterDatabase"
    ),
    Privilege(ObjectType.GLOBAL, Level.CLUSTER): (
        "All RenameCollection CreateOwnership DropOwnership SelectOwnership ManageOwnership BackupRBAC "
        "RestoreRBAC CreateResourceGroup UpdateResourceGroups DropResourceGroup DescribeResourceGroup "
        "ListResourceGroups TransferReplica TransferNode FlushAll CreateDatabase DropDatabase ListDatabases "
        "CreatePrivilegeGroup DropPrivilegeGroup ListPrivilegeGroups OperatePrivilegeGroup AddFileResource "
        "RemoveFileResource ListFileResources UpdateReplicateConfiguration GetReplicateConfiguration "
        "PinSnapshotData UnpinSnapshotData RestoreExternalSnapshot ExportSnapshot"
    ),
    Privilege(ObjectType.USER, Level.CLUSTER): "UpdateUser SelectUser",
}

PRIVILEGES: Final = {name: privilege for privilege, names in _ON.items() for name in names.split()}
"""Name → what it is on."""

_COLLECTION_READ: Final = (
    "Query Search IndexDetail GetFlushState GetLoadState GetLoadingProgress HasPartition ShowPartitions "
    "DescribeCollection DescribeAlias GetStatistics ListAliases"
)
_COLLECTION_WRITE: Final = (
    "Load Release Insert Delete Upsert Import Flush Compaction LoadBalance CreateIndex DropIndex "
    "CreatePartition DropPartition"
)
_DATABASE_READ: Final = "ShowCollections DescribeDatabase"
_CLUSTER_READ: Final = "ListDatabases SelectOwnership SelectUser DescribeResourceGroup ListResourceGroups"
_CLUSTER_WRITE: Final = "FlushAll TransferNode TransferReplica UpdateResourceGroups"
_CLUSTER_ADMIN: Final = (
    "RenameCollection CreateOwnership UpdateUser DropOwnership ManageOwnership BackupRBAC RestoreRBAC "
    "CreateResourceGroup DropResourceGroup CreateDatabase DropDatabase CreatePrivilegeGroup "
    "DropPrivilegeGroup ListPrivilegeGroups OperatePrivilegeGroup"
)

BUILT_IN_GROUPS: Final = {
    name: frozenset(" ".join(parts).split())
    for name, parts in {
        "CollectionReadOnly": [_COLLECTION_READ],
        "CollectionReadWrite": [_COLLECTION_READ, _COLLECTION_WRITE],
        "CollectionAdmin": [
            *(_COLLECTION_READ, _COLLECTION_WRITE, "CreateAlias DropAlias"),
            # Milvus 2.5, which the groups are taken from, knows no changes of a schema yet.
            "AddCollectionField AlterCollectionSchema",
        ],
        "DatabaseReadOnly": [_DATABASE_READ],
        "DatabaseReadWrite": [_DATABASE_READ, "AlterDatabase"],
        "DatabaseAdmin": [_DATABASE_READ, "AlterDatabase CreateCollection DropCollection"],
        "ClusterReadOnly": [_CLUSTER_READ],
        "ClusterReadWrite": [_CLUSTER_READ, _CLUSTER_WRITE],
        "ClusterAdmin": [_CLUSTER_READ, _CLUSTER_WRITE, _CLUSTER_ADMIN],
    }.items()
}
"""Name → its privileges, as Milvus 2.5 has them."""

_SHORT: Final = {
    "COLL_RO": "CollectionReadOnly",
    "COLL_RW": "CollectionReadWrite",
    "COLL_ADMIN": "CollectionAdmin",
    "DB_RO": "DatabaseReadOnly",
    "DB_RW": "DatabaseReadWrite",
    "DB_ADMIN": "DatabaseAdmin",
    "CLUSTER_RO": "ClusterReadOnly",
    "CLUSTER_RW": "ClusterReadWrite",
    "CLUSTER_ADMIN": "ClusterAdmin",
}
"""The other names by which Milvus's documentation calls the built-in groups."""


def full_name(privilege: str) -> str:
    """``privilege``, or the name of the built-in group that it is short for."""
    return _SHORT.get(privilege.upper(), privilege)
