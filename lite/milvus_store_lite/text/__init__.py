"""Text: from written words to the tokens that searches and matches compare."""

from .analyzer import Analyzer, Token, analyzer

__all__ = ["Analyzer", "Token", "analyzer"]
