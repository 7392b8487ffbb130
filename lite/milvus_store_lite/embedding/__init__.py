"""Texts as vectors, by what this process has registered under the name that a schema gives."""

from .registry import register, register_credential, registered, unregister
from .vectors import check_provider, vectors_of

__all__ = [
    "check_provider",
    "register",
    "register_credential",
    "registered",
    "unregister",
    "vectors_of",
]
