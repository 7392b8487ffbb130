"""The errors users catch; they are the engine's own."""

from milvus_store_lite.errors import *  # noqa: F403  # one list of names, kept where the errors are
from milvus_store_lite.errors import __all__ as __all__
