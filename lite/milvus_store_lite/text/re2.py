"""Regular expressions of users, by RE2, which takes linear time in the text for any pattern.

Some patterns make Python's ``re`` run for years. The library is imported at the first pattern.
"""

from __future__ import annotations

from typing import Any, Final

from ..extras import import_extra

MAX_LENGTH: Final = 65_536
"""The most characters of a pattern."""

MAX_STEPS: Final = 10_000
"""The most steps of a compiled pattern. At worst each character of the text takes each step, some nanoseconds."""


def compiled(feature: str, pattern: str) -> Any:
    """The compiled ``pattern``.

    Args:
        feature: what needs the library, as the subject of a sentence.

    Raises:
        ValueError: RE2 does not take the pattern, or it is too large.
        MissingExtraError: the library is not installed.
    """
    re2 = import_extra("re2", feature)
    if len(pattern) > MAX_LENGTH:
        raise ValueError(
            f"the regular expression has {len(pattern)} characters, at most {MAX_LENGTH} are allowed"
        )
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True  # with thousands of groups to capture, a search takes minutes
    try:
        found = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it is invalid"
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
        raise ValueError(f"RE2 does not take the regular expression {pattern!r:.60}: {reason:.200}") from None
    if found.programsize > MAX_STEPS:
        raise ValueError(
            f"the regular expression {pattern!r:.60} compiles to {found.programsize} steps, at most {MAX_STEPS} "
            "are allowed: repeat less, or split it"
        )
    return found
