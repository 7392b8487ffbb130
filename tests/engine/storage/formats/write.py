"""Write the file of the newest format: run once, when a format is new, as ``python write.py`` in this folder."""

from __future__ import annotations

from pathlib import Path

from milvus_store import DataType, MilvusClient
from milvus_store_lite.storage.migrations import FORMAT_VERSION


def main() -> None:
    path = Path(__file__).parent / f"format-{FORMAT_VERSION}.db"
    if path.exists():
        raise SystemExit(f"{path} is there already, and is never written again")
    with MilvusClient(path) as client:
        schema = client.create_schema(
            description=f"as format {FORMAT_VERSION} wrote it", enable_dynamic_field=True
        )
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)
        schema.add_field("tenant", DataType.VARCHAR, max_length=20, is_partition_key=True)
        schema.add_field("price", DataType.DOUBLE, nullable=True)
        schema.add_field("doc", DataType.JSON, nullable=True)
        index = client.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        client.create_collection("shop", schema=schema, index_params=index)
        client.create_alias("shop", "store")
        client.insert(
            "shop",
            [
                {
                    "id": n,
                    "vector": [n, -n],
                    "tenant": f"t{n % 3}",
                    "price": n / 4 if n % 2 else None,
                    "doc": {"n": n},
                    "color": "red",
                }
                for n in range(12)
            ],
        )
        client.delete("shop", ids=[3, 4])
        client.upsert("shop", {"id": 5, "vector": [0.5, 0.5], "tenant": "t9"})
        client.create_collection("quick", dimension=2, id_type="string", max_length=20, auto_id=True)
        client.create_partition("quick", "extra")
        client.insert("quick", [{"vector": [1, 2]}, {"vector": [3, 4]}])
        client.insert("quick", {"vector": [5, 6]}, partition_name="extra")


if __name__ == "__main__":
    main()
