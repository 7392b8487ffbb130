"""What users mistype: a line that ends with codes of mypy and pyright is an error for both; no other line is."""

from __future__ import annotations

from milvus_store import AsyncMilvusClient, MilvusClient

MilvusClient("demo.db", durabilty="full")  # call-arg, reportCallIssue
MilvusClient("demo.db", durability="fast")  # arg-type, reportArgumentType
MilvusClient("demo.db", memory_limit="1 GB")  # arg-type, reportArgumentType
MilvusClient("http://localhost:19530", tokn="root:Milvus")  # call-arg, reportCallIssue
MilvusClient("http://localhost:19530", secure="yes")  # arg-type, reportArgumentType


def use(client: MilvusClient) -> None:
    client.serch("docs", [[1.0]])  # attr-defined, reportAttributeAccessIssue
    client.search("docs", [[1.0]], limit="ten")  # arg-type, reportArgumentType
    client.search()  # call-arg, reportCallIssue
    client.insert("docs")  # call-arg, reportCallIssue
    client.insert("docs", "id: 1")  # arg-type, reportArgumentType
    client.get("docs", [1], 5)  # arg-type, reportArgumentType
    client.has_collection("docs").upper()  # attr-defined, reportAttributeAccessIssue
    client.backup("copy.db", overwrite=True)  # call-arg, reportCallIssue
    client.create_user("ada")  # call-arg, reportCallIssue
    client.for_tenant("docs", 1.5)  # arg-type, reportArgumentType


async def use_awaited() -> None:
    AsyncMilvusClient("demo.db", durabilty="full")  # call-arg, reportCallIssue
    client = AsyncMilvusClient("demo.db", read_only=True)
    client.over("demo.db")  # arg-type, reportArgumentType
    await client.serch("docs", [[1.0]])  # attr-defined, reportAttributeAccessIssue
    await client.search("docs", [[1.0]], limit="ten")  # arg-type, reportArgumentType
    await client.insert("docs")  # call-arg, reportCallIssue
    await client.create_user("ada")  # call-arg, reportCallIssue
    count: int = await client.query("docs", limit=1)  # assignment, reportAssignmentType
    await (await client.query_iterator("docs")).close(count)  # call-arg, reportCallIssue
