"""The Python language reference, cut into passages ready for a vector store.

Every CPython carries the reference as plain text for its own `help()`, so nothing has to be downloaded.
A section printed under several topics is kept once, under the shortest of them: `with`, not `compound`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pydoc_data.topics import topics
from textwrap import dedent
from typing import NamedTuple

from langchain_core.documents import Document
from langchain_text_splitters import RecursiveCharacterTextSplitter

PASSAGE_LENGTH = 700  # characters: two or three paragraphs

_TITLE = re.compile(r"^(?P<title>\S.*)\n(?P<rule>[*=~\-])(?P=rule){2,}$", re.MULTILINE)
_DEPTH = {"*": 0, "=": 1, "-": 2, "~": 3}
_FOOTNOTES = ("-[ Footnotes ]-", "Footnotes\n~~~~~~~~~")
_FOOTNOTE_MARK = re.compile(r"\[\d+\]")
_TABLE_RULE = re.compile(r"^(\+[-=+|]+\+|\|[=|]+\|)\n?", re.MULTILINE)

_CUTS = [r"\n\n(?=\S)", r"\n\n", r"\n", " "]  # before an unindented paragraph, so a method keeps its text


class Section(NamedTuple):
    """One titled stretch of a topic; the heading names its parents too, outermost first."""

    topic: str
    heading: str
    body: str


def load_passages(length: int = PASSAGE_LENGTH) -> list[Document]:
    """The whole reference as passages, each with its topic, heading and number in the metadata."""
    splitter = RecursiveCharacterTextSplitter(
        _CUTS, is_separator_regex=True, chunk_size=length, chunk_overlap=0, strip_whitespace=False
    )
    count: Counter[str] = Counter()
    passages = []
    for topic, heading, body in unique_sections():
        for piece in splitter.split_text(body):
            count[topic] += 1
            metadata = {"topic": topic, "heading": heading, "chunk": count[topic]}
            text = f"{heading}\n\n{dedent(piece).strip()}"
            passages.append(Document(text, id=f"{topic}-{count[topic]:03}", metadata=metadata))
    return passages


def unique_sections() -> list[Section]:
    """Every section of every topic, without those that a shorter topic prints as well."""
    kept: dict[str, Section] = {}
    for topic in sorted(topics, key=lambda name: (len(topics[name]), len(name), name)):
        for section in sections_of(topic, topics[topic]):
            kept.setdefault(_fingerprint(section.body), section)
    return sorted(kept.values(), key=lambda section: section.topic)


def sections_of(topic: str, text: str) -> Iterator[Section]:
    """Cut one topic at its underlined titles."""
    text = text.replace(*_FOOTNOTES)
    titles = list(_TITLE.finditer(text))
    ends = [title.start() for title in titles[1:]] + [len(text)]
    path: list[tuple[int, str]] = []
    for title, end in zip(titles, ends, strict=True):
        depth = _DEPTH[title["rule"]]
        path = [(level, name) for level, name in path if level < depth]
        path.append((depth, title["title"].replace('"', "").replace("*__", "__").replace("__*", "__")))
        body = _TABLE_RULE.sub("", text[title.end() : end]).strip()
        if body:
            yield Section(topic, " > ".join(name for _, name in path), body)


def _fingerprint(body: str) -> str:
    """What two printings of one section share: all but line breaks and footnote numbers."""
    return " ".join(_FOOTNOTE_MARK.sub("", body).split())
