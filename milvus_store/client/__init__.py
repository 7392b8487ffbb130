"""The clients: one module for each group of calls, joined in ``MilvusClient``, and awaited in another client."""

from .milvus_client import MilvusClient

__all__ = ["MilvusClient"]
