"""Properties of an index that is there: they are kept, shown, and change no answer."""

from __future__ import annotations

from typing import Any

import pytest

from milvus_store import MilvusClient
from milvus_store.errors import DataTypeNotMatchException, IndexNotExistException, ParamError


@pytest.fixture
def released(client: MilvusClient) -> MilvusClient:
    """``docs`` has an HNSW index over 50 rows, and is released."""
    schema_free: dict[str, Any] = {"dimension": 2, "metric_type": "L2"}
    client.create_collection("docs", **schema_free)
    client.insert("docs", [{"id": number, "vector": [number, 0]} for number in range(50)])
    client.release_collection("docs")
    client.drop_index("docs", "vector")
    index = client.prepare_index_params("vector", index_type="HNSW", metric_type="L2", params={"M": 8})
    client.create_index("docs", index)
    return client


def shown(client: MilvusClient) -> dict[str, Any]:
    found: dict[str, Any] = client.describe_index("docs", "vector")
    return {key: found[key] for key in ("index_type", "M", "mmap.enabled", "state") if key in found}


def test_a_property_is_set_and_dropped(released: MilvusClient) -> None:
    before = shown(released)
    for given in (True, "true"):
        released.alter_index_properties("docs", "vector", {"mmap.enabled": given})
        assert shown(released) == {**before, "mmap.enabled": True}
    released.load_collection("docs")
    assert released.search("docs", [[3.2, 0]], limit=2)[0].ids == [3, 4]
    released.release_collection("docs")
    released.drop_index_properties("docs", "vector", ["mmap.enabled"])
    assert shown(released) == before


def test_what_cannot_be_altered_is_refused(released: MilvusClient) -> None:
    for properties, message in (
        ({"M": 16}, "the properties of an index takes parameters mmap.enabled, got 'M'"),
        ({"index_type": "FLAT"}, "got 'index_type'"),
        ({"mmap.enabled": "perhaps"}, "must be a bool, got 'perhaps'"),
    ):
        with pytest.raises(ParamError, match=message):
            released.alter_index_properties("docs", "vector", properties)
    with pytest.raises(ParamError, match="got 'M'"):
        released.drop_index_properties("docs", "vector", ["M"])
    with pytest.raises(IndexNotExistException, match="index 'none' does not exist .* it has: vector"):
        released.alter_index_properties("docs", "none", {"mmap.enabled": True})
    with pytest.raises(DataTypeNotMatchException, match="properties must be a dict"):
        released.alter_index_properties("docs", "vector", ["mmap.enabled"])  # type: ignore[arg-type]
    released.load_collection("docs")
    with pytest.raises(ParamError, match="while collection 'docs' is loaded: call release_collection"):
        released.alter_index_properties("docs", "vector", {"mmap.enabled": True})
