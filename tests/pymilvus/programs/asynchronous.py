"""A program of pymilvus's asynchronous client, on the path that it is given. It knows nothing of milvus-store."""

import asyncio
import sys

from pymilvus import AsyncMilvusClient, DataType, MilvusClient


async def main(path: str) -> None:
    client = AsyncMilvusClient(path)
    schema = MilvusClient.create_schema(enable_dynamic_field=True)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=3)
    params = client.prepare_index_params()
    params.add_index("vector", index_type="AUTOINDEX", metric_type="L2")
    await client.create_collection("docs", schema=schema, index_params=params)
    await asyncio.gather(
        *(
            client.insert(
                "docs", [{"id": f"{batch}-{i}", "vector": [batch, i, 0], "n": i} for i in range(10)]
            )
            for batch in range(8)
        )
    )
    await client.load_collection("docs")
    answers = await asyncio.gather(
        *(client.search("docs", [[batch, 3, 0]], limit=1, output_fields=["n"]) for batch in range(8))
    )
    assert [answer[0][0]["id"] for answer in answers] == [f"{batch}-3" for batch in range(8)], answers
    assert (await client.query("docs", filter='id == "2-7"', output_fields=["n"]))[0]["n"] == 7
    assert len(await client.get("docs", ids=["1-1", "1-2"])) == 2
    await client.upsert("docs", [{"id": "1-1", "vector": [0, 0, 9], "n": -1}])
    await client.delete("docs", ids=["1-2"])
    rows = await client.query("docs", filter='id like "1-%"', output_fields=["n"])
    assert sorted(row["n"] for row in rows) == [-1, 0, 3, 4, 5, 6, 7, 8, 9], rows

    # The synchronous client on the same path is at the same server.
    beside = MilvusClient(path)
    assert beside.query("docs", filter="", output_fields=["count(*)"])[0]["count(*)"] == 79
    beside.close()
    await client.drop_collection("docs")
    await client.close()
    print("done")


asyncio.run(main(sys.argv[1]))
