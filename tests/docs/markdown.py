"""The blocks of code, headings and links of a Markdown page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MARK = re.compile(r"<!-- not run: (?P<reason>.+) -->")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<target>[^)\s]+)\)")
_PATH = re.compile(r"`(?P<path>[\w/-]+(?:\.py|/))`")
_HEADING = re.compile(r"^#{1,6} (?P<title>.+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line on which the text begins, and why it does not run."""

    language: str
    text: str
    line: int
    not_run: str | None = None


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of ``page``, from top to bottom.

    A comment ``<!-- not run: reason -->`` above a fence, which no reader sees, says why nothing can run it.
    """
    return list(_blocks(page.read_text(encoding="utf-8").split("\n")))


def _blocks(lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        if lines[number].startswith("```"):
            end = lines.index("```", number + 1)
            mark = _MARK.fullmatch(lines[number - 1]) if number else None
            text = "\n".join(lines[number + 1 : end]) + "\n"
            yield Block(lines[number][3:], text, number + 2, mark["reason"] if mark else None)
            number = end
        number += 1


def links_of(page: Path) -> list[str]:
    """The targets of all links of ``page``, those in code left out."""
    return [match["target"] for line in _prose(page) for match in _LINK.finditer(line)]


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of ``page``."""
    titles = [match["title"] for line in _prose(page) if (match := _HEADING.match(line))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def paths_of(page: Path) -> set[str]:
    """The files and folders of the source tree that ``page`` names in its text."""
    return {match["path"] for line in _prose(page) for match in _PATH.finditer(line)}


def _prose(page: Path) -> Iterator[str]:
    fenced = False
    for line in page.read_text(encoding="utf-8").split("\n"):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield line
