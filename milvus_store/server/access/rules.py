"""What each call of the protocol needs: a privilege, and on which collections or users the request says.

``guard`` enforces it before anything else is done for a call. A call that is not in the table is for
administrators alone, and a test fails for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ...access.privileges import ALL, EVERY, PRIVILEGES, ObjectType
from ..protocol import Message


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Args:
        privilege: what a caller must have been granted; empty for a call that whoever is known may make.
        fields: the fields of the request that name what it is about; without a name it is about everything.
        shown: the field of the response that lists names, of which a caller sees those that he may use.
        is_free_unnamed: whether whoever is known may make the call if the request names nothing.
    """

    privilege: str = ""
    fields: tuple[str, ...] = ()
    shown: str = ""
    is_free_unnamed: bool = False

    @property
    def is_on_users(self) -> bool:
        return bool(self.privilege) and PRIVILEGES[self.privilege].object_type is ObjectType.USER

    def names(self, request: Message) -> list[str]:
        """What the request is about, ``*`` where it names nothing."""
        given: list[str] = []
        for field in self.fields:
            value: Any = request
            for part in field.split("."):
                value = getattr(value, part, "")  # an older pymilvus may not send it yet
            given += [value] if isinstance(value, str) else list(value)
        return [name or EVERY for name in given] or [EVERY]

    def is_free(self, request: Message) -> bool:
        """Whether whoever is known may make this call."""
        return not self.privilege or (self.is_free_unnamed and self.names(request) == [EVERY])


KNOWN: Final = Rule()
"""For whoever is known."""

ADMINISTRATORS: Final = Rule(ALL)

_NAME: Final = "collection_name"


def _each(calls: str, fields: tuple[str, ...] = (_NAME,)) -> dict[str, Rule]:
    """A rule for each of ``calls``, which are written ``call:privilege``, or once for a name that is both."""
    rules = {}
    for text in calls.split():
        call, _, privilege = text.partition(":")
        rules[call] = Rule(privilege or call, fields)
    return rules


RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(
        (
            *("Connect", "GetVersion", "CheckHealth", "AllocTimestamp"),
            # They say of a number that a call gave what it has come to, or work with the request alone.
            *("GetFlushAllState", "GetCompactionState", "GetRestoreSnapshotState"),
            "ComputePhraseMatchSlop",
        ),
        KNOWN,
    ),
    "ShowCollections": Rule("ShowCollections", shown="collection_names"),
    "ListDatabases": Rule("ListDatabases", shown="db_names"),
    "RunAnalyzer": Rule("DescribeCollection", (_NAME,), is_free_unnamed=True),
    "GetCompactionStateWithPlans": Rule("Compaction", (_NAME,), is_free_unnamed=True),
    # Collections
    **_each(
        "CreateCollection DropCollection TruncateCollection:DropCollection DescribeCollection "
        "BatchDescribeCollection:DescribeCollection HasCollection:DescribeCollection "
        "AlterCollection:CreateCollection AlterCollectionField:CreateCollection "
        "AddCollectionFunction:CreateCollection AlterCollectionFunction:CreateCollection "
        "DropCollectionFunction:CreateCollection AddCollectionField AlterCollectionSchema "
        "AddCollectionStructField:AddCollectionField GetCollectionStatistics:GetStatistics "
        "LoadCollection:Load ReleaseCollection:Release LoadPartitions:Load ReleasePartitions:Release "
        "Prewarm:Load GetLoadState GetLoadingProgress:GetLoadState GetReplicas:GetLoadState "
        "CreatePartition DropPartition HasPartition ShowPartitions GetPartitionStatistics:GetStatistics "
        "CreateNamespace:CreatePartition DropNamespace:DropPartition HasNamespace:HasPartition "
        "DescribeNamespace:ShowPartitions ListNamespaces:ShowPartitions GetNamespaceStats:ShowPartitions "
        "CreateIndex AlterIndex:CreateIndex DropIndex DescribeIndex:IndexDetail GetIndexState:IndexDetail "
        "GetIndexStatistics:IndexDetail GetIndexBuildProgress:IndexDetail ListIndexedSegment:IndexDetail "
        "DescribeSegmentIndexData:IndexDetail Insert Delete Upsert Search HybridSearch:Search Query "
        "GetFlushState ManualCompaction:Compaction Import ListImportTasks:ListImport "
        "BatchUpdateManifest:Insert CreateAlias ListAliases CreateSnapshot DropSnapshot ListSnapshots "
        "DescribeSnapshot RestoreSnapshot ListRestoreSnapshotJobs:RestoreSnapshot RefreshExternalCollection "
        "ListRefreshExternalCollectionJobs:RefreshExternalCollection"
    ),
    **_each("Flush", ("collection_names",)),
    **_each(
        "LoadBalance GetPersistentSegmentInfo:GetStatistics GetQuerySegmentInfo:GetStatistics",
        ("collectionName",),
    ),
    **_each("DropAlias DescribeAlias", ("alias",)),
    "AlterAlias": Rule("CreateAlias", (_NAME, "alias")),  # the alias leaves another collection
    # Databases, and the file
    **_each(
        "DescribeDatabase AlterDatabase CreateDatabase DropDatabase RenameCollection FlushAll "
        "BackupRBAC RestoreRBAC CreateResourceGroup DropResourceGroup DescribeResourceGroup "
        "ListResourceGroups UpdateResourceGroups TransferNode TransferReplica AddFileResource "
        "RemoveFileResource ListFileResources UpdateReplicateConfiguration GetReplicateConfiguration "
        "PinSnapshotData UnpinSnapshotData RestoreExternalSnapshot ExportSnapshot "
        "GetExportSnapshotState:ExportSnapshot",
        (),
    ),
    # Users, roles and grants
    **_each(
        "CreateCredential:CreateOwnership DeleteCredential:DropOwnership ListCredUsers:SelectOwnership "
        "CreateRole:CreateOwnership AlterRole:CreateOwnership DropRole:DropOwnership "
        "OperateUserRole:ManageOwnership OperatePrivilege:ManageOwnership "
        "OperatePrivilegeV2:ManageOwnership SelectRole:SelectOwnership SelectGrant:SelectOwnership "
        "CreateRowPolicy:CreateOwnership DropRowPolicy:DropOwnership ListRowPolicies:SelectOwnership "
        "CreatePrivilegeGroup DropPrivilegeGroup ListPrivilegeGroups OperatePrivilegeGroup "
        "ListUsersWithTag:SelectUser",
        (),
    ),
    **_each("UpdateCredential:UpdateUser", ("username",)),
    **_each("SelectUser", ("user.name",)),
    **_each("AddUserTags:UpdateUser DeleteUserTags:UpdateUser GetUserTags:SelectUser", ("user_name",)),
    # What a file cannot do, and tells no one else
    **dict.fromkeys(
        (
            *("CalcDistance", "Dummy", "RegisterLink", "GetMetrics", "GetComponentStates", "GetImportState"),
            *("ReplicateMessage", "GetReplicateInfo", "DescribePrewarmTask"),
            "GetRefreshExternalCollectionProgress",
        ),
        ADMINISTRATORS,
    ),
}
"""Name of a call → what it needs."""
