"""The version of this distribution, also in ``pyproject.toml``."""

__version__ = "0.1.0"

NAME = "milvus-store"
BUILD = f"{NAME} {__version__}"
"""What our server calls itself."""
