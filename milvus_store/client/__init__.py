"""The clients: one module for each group of calls, joined in ``MilvusClient``."""

from .milvus_client import MilvusClient

__all__ = ["MilvusClient"]
