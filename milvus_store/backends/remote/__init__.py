"""A Milvus server, reached through pymilvus (extra ``server``)."""

from .backend import RemoteBackend

__all__ = ["RemoteBackend"]
