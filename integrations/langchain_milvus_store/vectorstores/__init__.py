"""The store under the path that it has in langchain_milvus: ``langchain_milvus_store.vectorstores.Milvus``."""

from ..unserved import unserved
from .milvus import Milvus

__all__ = ["Milvus"]

__getattr__ = unserved(__name__)
