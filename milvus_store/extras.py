"""Packages that come with an extra, import_extra where they are first needed."""

from milvus_store_lite import EXTRAS, import_extra, require_extra

__all__ = ["EXTRAS", "import_extra", "require_extra"]
