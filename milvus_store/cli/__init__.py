"""The command line ``milvus-store``: one module for each group of commands, a thin skin over the client."""

from .program import main

__all__ = ["main"]
