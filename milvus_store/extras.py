"""Packages that come with an extra, imported where they are first needed."""

from milvus_store_lite.extras import EXTRAS, imported, require

__all__ = ["EXTRAS", "imported", "require"]
