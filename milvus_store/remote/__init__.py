"""A Milvus server behind ``MilvusClient``, reached through pymilvus (extra ``server``)."""

from .client import RemoteMilvusClient

__all__ = ["RemoteMilvusClient"]
