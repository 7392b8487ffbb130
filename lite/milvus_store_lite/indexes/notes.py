"""What happens to indexes in the background, for who listens to the logger ``milvus_store``."""

from __future__ import annotations


def note(message: str, *, exc_info: bool = False) -> None:
    """Log ``message``: as an error, with the exception that is being handled, or as information."""
    import logging  # a tenth of what importing the package takes, and mostly nobody has anything to say

    logger = logging.getLogger("milvus_store")
    if exc_info:
        logger.exception(message)
    else:
        logger.info(message)
