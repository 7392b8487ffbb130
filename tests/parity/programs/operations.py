"""What runs a database: users, snapshots, segments, compaction, nodes, clusters."""

from __future__ import annotations

from typing import Any

import pymilvus

from .setup import full, ids, quick, with_text


def _upkeep(c: Any) -> None:
    quick(c)
    c.flush("c")
    c.flush_all()
    assert c.get_flush_all_state()
    assert c.get_server_type()
    assert isinstance(c.get_server_version(), str)
    assert isinstance(c.get_server_version(detail=True), dict)
    job = c.compact("c", is_clustering=False, is_l0=False, target_size=64, target_size_unit="mb")
    assert c.get_compaction_state(job) == "Completed"
    c.close()


def _flushed_at(c: Any) -> None:
    c.flush_all()
    assert c.get_flush_all_state(flush_all_ts=1)


def _one_database_flushed(c: Any) -> None:
    c.flush_all(db="default")


def _one_database_is_flushed(c: Any) -> None:
    assert c.get_flush_all_state(db="default")


def _compaction_plans(c: Any) -> None:
    quick(c)
    assert c.get_compaction_plans(c.compact("c")).plans == []


def _compaction_tasks(c: Any) -> None:
    quick(c)
    c.compact("c")
    tasks = c.list_compaction_tasks("c")
    assert (tasks.collection_name, tasks.plans) == ("c", [])


def _optimize(c: Any) -> None:
    full(c)
    done = c.optimize("c", target_size="512MB")
    assert (done.status, done.collection_name) == ("success", "c")


def _optimize_meanwhile(c: Any) -> None:
    full(c)
    task = c.optimize("c", wait=False)
    assert c.run(task.result()).status == "success"
    assert task.done()


def _segments(c: Any) -> None:
    quick(c)
    states = [pymilvus.SegmentState.Flushed]
    assert sum(one.num_rows for one in c.list_persistent_segments("c", states=states)) == 3
    assert sum(one.num_rows for one in c.list_segments("c", states=states)) == 3
    assert c.list_segments("c", states=[pymilvus.SegmentState.Growing]) == []


def _loaded_segments(c: Any) -> None:
    quick(c)
    assert sum(one.num_rows for one in c.list_loaded_segments("c")) == 3
    c.release_collection("c")
    assert c.list_loaded_segments("c") == []


def _analyzer(c: Any) -> None:
    with_text(c)
    assert c.run_analyzer("The fox", {"type": "english"}).tokens == ["fox"]
    one = c.run_analyzer(["a fox"], collection_name="c", field_name="text", with_detail=True)[0]
    assert [token["token"] for token in one.tokens] == ["a", "fox"]


def _named_analyzers(c: Any) -> None:
    types = pymilvus.DataType
    made = c.create_schema()
    made.add_field("id", types.INT64, is_primary=True)
    made.add_field("language", types.VARCHAR, max_length=9)
    analyzers = {"analyzers": {"en": {"type": "english"}, "default": {}}, "by_field": "language"}
    made.add_field(
        "text", types.VARCHAR, max_length=99, enable_analyzer=True, multi_analyzer_params=analyzers
    )
    made.add_field("terms", types.SPARSE_FLOAT_VECTOR)
    made.add_function(pymilvus.Function("bm25", pymilvus.FunctionType.BM25, ["text"], ["terms"]))
    c.create_collection("c", schema=made)
    found = c.run_analyzer("the foxes", collection_name="c", field_name="text", analyzer_names="en")
    assert found.tokens == ["fox"]


def _hashed_tokens(c: Any) -> None:
    (token,) = c.run_analyzer("fox", with_detail=True, with_hash=True).tokens
    assert token["hash"] > 0


def _groups_of_resources(c: Any) -> None:
    c.create_resource_group("rg", config={"requests": {"node_num": 0}, "limits": {"node_num": 0}})
    assert sorted(c.list_resource_groups()) == ["__default_resource_group", "rg"]
    described = c.describe_resource_group("rg")
    assert (described.name, described.num_available_node) == ("rg", 0)
    limit = {"requests": {"node_num": 1}, "limits": {"node_num": 1}}
    c.update_resource_groups({"rg": pymilvus.client.types.ResourceGroupConfig(**limit)})
    assert c.describe_resource_group("rg").config.requests.node_num == 1
    nothing = {"requests": {"node_num": 0}, "limits": {"node_num": 0}}
    c.update_resource_groups({"rg": pymilvus.client.types.ResourceGroupConfig(**nothing)})
    c.drop_resource_group("rg")
    assert c.list_resource_groups() == ["__default_resource_group"]


def _listed_groups_of_resources(c: Any) -> None:
    assert c.list_resource_groups() == ["__default_resource_group"]
    assert c.describe_resource_group("__default_resource_group").num_available_node == 1


def _moved_replicas(c: Any) -> None:
    quick(c)
    c.create_resource_group("rg")
    c.transfer_replica("__default_resource_group", "rg", "c", 1)
    assert c.describe_replica("c")[0].resource_group == "rg"


def _replicas(c: Any) -> None:
    quick(c)
    (replica,) = c.describe_replica("c")
    assert replica.resource_group == "__default_resource_group"
    assert len(replica.group_nodes) == 1


def _users(c: Any) -> None:
    c.create_user("ann", "secret-1", description="first")
    assert "ann" in c.list_users()
    c.create_role("reader", description="reads")
    c.grant_role("ann", "reader")
    c.update_user("ann", "changed")
    assert c.describe_user("ann") == {
        "user_name": "ann",
        "roles": ("reader", "public"),
        "description": "changed",
    }
    c.update_password("ann", "secret-1", "secret-2", description="again")
    c.grant_privilege("reader", "Collection", "Search", "c", db_name="default")
    assert [one["privilege"] for one in c.describe_role("reader", db_name="default")["privileges"]] == [
        "Search"
    ]
    c.revoke_privilege("reader", "Collection", "Search", "c", db_name="default")
    c.grant_privilege_v2("reader", "Query", "c", db_name="default")
    assert [one["privilege"] for one in c.describe_role("reader")["privileges"]] == ["Query"]
    c.revoke_privilege_v2("reader", "Query", "c", db_name="default")
    c.alter_role("reader", "altered")
    assert c.describe_role("reader") == {"role": "reader", "description": "altered", "privileges": []}
    assert c.list_roles() == ["admin", "public", "reader"]
    c.create_privilege_group("group")
    c.add_privileges_to_group("group", ["Query", "Search"])
    own = next(one for one in c.list_privilege_groups() if one["privilege_group"] == "group")
    assert sorted(own["privileges"]) == ["Query", "Search"]
    c.remove_privileges_from_group("group", ["Search"])
    c.drop_privilege_group("group")
    c.revoke_role("ann", "reader")
    c.drop_role("reader", force_drop=True)
    c.drop_user("ann")
    assert "ann" not in c.list_users()


def _alone(name: str, *args: Any, **kwargs: Any) -> Any:
    """A program of the one call ``name``."""

    def program(c: Any) -> None:
        getattr(c, name)(*args, **kwargs)

    return program


def _snapshots(c: Any) -> None:
    quick(c)
    c.create_snapshot("s", "c", db_name="default", description="three", compaction_protection_seconds=0)
    c.insert("c", [{"id": 9, "vector": [9, 9]}])
    assert c.list_snapshots("c", db_name="default") == ["s"]
    assert c.describe_snapshot("s", "c", db_name="default").collection_name == "c"
    c.restore_snapshot("s", "c", "d", source_db_name="default", target_db_name="default")
    c.load_collection("d")
    assert len(ids(c.query("d", filter="id >= 0"))) == 3
    c.drop_snapshot("s", "c", db_name="default")
    assert c.list_snapshots("c") == []


def _restoring(c: Any) -> None:
    quick(c)
    c.create_snapshot("s", "c")
    job = c.restore_snapshot("s", "c", "d")
    assert c.get_restore_snapshot_state(job).collection_name == "d"
    assert len(c.list_restore_snapshot_jobs("d", db_name="default")) == 1


def _pinned(c: Any) -> None:
    quick(c)
    c.create_snapshot("s", "c")
    pin = c.pin_snapshot_data("s", "c", db_name="default", ttl_seconds=60)
    c.unpin_snapshot_data(pin)


def _jobs(c: Any) -> None:
    quick(c)
    assert c.list_refresh_external_collection_jobs("c", db_name="default") == []


PROGRAMS = {
    "upkeep": _upkeep,
    "a state of flushes": _flushed_at,
    "one database flushed": _one_database_flushed,
    "one database is flushed": _one_database_is_flushed,
    "plans of a compaction": _compaction_plans,
    "tasks of compactions": _compaction_tasks,
    "optimize": _optimize,
    "optimize meanwhile": _optimize_meanwhile,
    "segments": _segments,
    "loaded segments": _loaded_segments,
    "analyzers": _analyzer,
    "analyzers by name": _named_analyzers,
    "analyzers with hashes": _hashed_tokens,
    "groups of resources": _groups_of_resources,
    "groups of resources, listed": _listed_groups_of_resources,
    "replicas": _replicas,
    "replicas moved": _moved_replicas,
    "users, roles, privileges": _users,
    "snapshots": _snapshots,
    "jobs of snapshots": _restoring,
    "pinned snapshots": _pinned,
    "describe_resource_group": _alone("describe_resource_group", "rg"),
    "drop_resource_group": _alone("drop_resource_group", "rg"),
    "update_resource_groups": _alone("update_resource_groups", {}),
    "transfer_replica": _alone("transfer_replica", "__default_resource_group", "rg", "c", 1),
    "list_segments": _alone("list_segments", "c", states=[pymilvus.SegmentState.Flushed]),
    "session": _alone("session", "other"),
    "get_replicate_configuration": _alone("get_replicate_configuration"),
    "update_replicate_configuration": _alone("update_replicate_configuration", [], [], True),
    "get_replicate_info": _alone("get_replicate_info", "other", "channel"),
    "dump_messages": _alone("dump_messages", "channel", {}, 0, 0),
    "add_file_resource": _alone("add_file_resource", "words", "words.txt"),
    "remove_file_resource": _alone("remove_file_resource", "words"),
    "list_file_resources": _alone("list_file_resources"),
    "refresh_external_collection": _alone("refresh_external_collection", "c", "s3://b", "{}"),
    "get_refresh_external_collection_progress": _alone("get_refresh_external_collection_progress", 1),
    "list_refresh_external_collection_jobs": _jobs,
    "drop_snapshot": _alone("drop_snapshot", "s", "c", "default"),
    "describe_snapshot": _alone("describe_snapshot", "s", "c", "default"),
    "list_snapshots": _alone("list_snapshots", "c", "default"),
    "restore_snapshot": _alone("restore_snapshot", "s", "c", "d", "default", "default"),
    "get_restore_snapshot_state": _alone("get_restore_snapshot_state", 1),
    "list_restore_snapshot_jobs": _alone("list_restore_snapshot_jobs", "c", "default"),
    "pin_snapshot_data": _alone("pin_snapshot_data", "s", "c", "default", 60),
    "unpin_snapshot_data": _alone("unpin_snapshot_data", 1),
}
