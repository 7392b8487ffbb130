"""The parts of a text around some of its words, which stand between tags.

The rules are Milvus's (https://milvus.io/docs/text-highlighter.md): words that touch or overlap are marked as one,
and a fragment takes in every marked word that begins before its end, and grows if such a word ends later.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .analyzer import Token

_Span = tuple[int, int]


@dataclass(slots=True)
class _Fragment:
    start: int
    end: int
    marked: list[_Span] = field(default_factory=list)


def fragments(
    text: str,
    tokens: Iterable[Token],
    words: Container[str],
    *,
    tags: Sequence[Sequence[str]],
    offset: int,
    size: int,
    most: int,
) -> list[str]:
    """At most ``most`` parts of ``text``, in which those of its ``tokens`` that are among ``words`` are marked.

    Args:
        tags: what stands before marked words, and what after them, both taken in turn.
        offset: how many characters a fragment begins before its first marked word.
        size: characters of a fragment.
    """
    found: list[_Fragment] = []
    for start, end in _merged(sorted((token.start, token.end) for token in tokens if token.text in words)):
        if found and start <= found[-1].end:
            found[-1].end = max(found[-1].end, end)
        elif len(found) < most:
            begin = max(0, start - offset)
            found.append(_Fragment(begin, min(max(end, begin + size), len(text))))
        else:
            break
        found[-1].marked.append((start, end))
    return [_marked(text, fragment, tags) for fragment in found]


def _merged(spans: Iterable[_Span]) -> Iterator[_Span]:
    """``spans``, ascending, with those that touch or overlap as one."""
    last: _Span | None = None
    for start, end in spans:
        if last is not None and start <= last[1]:
            last = last[0], max(last[1], end)
            continue
        if last is not None:
            yield last
        last = start, end
    if last is not None:
        yield last


def _marked(text: str, fragment: _Fragment, tags: Sequence[Sequence[str]]) -> str:
    before, after = tags
    parts, at = [], fragment.start
    for number, (start, end) in enumerate(fragment.marked):
        parts += [text[at:start], before[number % len(before)], text[start:end], after[number % len(after)]]
        at = end
    return "".join([*parts, text[at : fragment.end]])
