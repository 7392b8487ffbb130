"""Packages that come with an extra, imported at their first use."""

from milvus_store_lite import EXTRAS, import_extra, require_extra

__all__ = ["EXTRAS", "import_extra", "require_extra"]
