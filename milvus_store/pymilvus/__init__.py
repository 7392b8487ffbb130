"""Unmodified pymilvus on the files of milvus-store.

Importing this package is the switch: from then on every path that pymilvus opens in this process is served by the
engine of milvus-store, in process, instead of Milvus Lite's.

``uninstall`` gives the paths back to Milvus Lite, and ``install`` takes them again. ``python -m
milvus_store.pymilvus PROGRAM`` runs a program that one cannot edit (see ``__main__``).

Nothing here is imported but the switch: the server comes with the first path that is opened.
"""

from .switch import install, uninstall

__all__ = ["install", "uninstall"]

install()
