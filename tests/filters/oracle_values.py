"""What the operators and functions of filters make of single values, in plain Python, for the oracle."""

from __future__ import annotations

import calendar
import itertools
import math
import re
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from typing import Any

import numpy as np

from milvus_store_lite import filters as tree

UNKNOWN = object()
MISFIT = object()


def family(value: Any) -> type | None:
    """What kind of value it is: bool, float for every number, str, or None for a misfit."""
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str if isinstance(value, str) else None


def as_single(value: Any) -> Any:
    """A number as a FLOAT field stores it."""
    if family(value) is not float:
        return value
    with np.errstate(over="ignore"):
        return float(np.float32(as_float(value)))


def as_float(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def calculate(op: str, one: int | float, other: int | float) -> Any:
    if op in ("/", "%") and other == 0:
        return UNKNOWN
    if isinstance(one, int) and isinstance(other, int) and op != "**":
        truncated = math.trunc(Fraction(one, other)) if op in ("/", "%") else 0
        return {
            "+": one + other,
            "-": one - other,
            "*": one * other,
            "/": truncated,
            "%": one - truncated * other,
        }[op]
    left, right = np.float64(as_float(one)), np.float64(as_float(other))
    with np.errstate(all="ignore"):
        operations = {
            "+": np.add,
            "-": np.subtract,
            "*": np.multiply,
            "/": np.divide,
            "%": np.fmod,
            "**": np.power,
        }
        return float(operations[op](left, right))


def bits(op: str, one: int, other: int) -> Any:
    if op in ("<<", ">>"):
        if not 0 <= other <= 63:
            return UNKNOWN
        return one * 2**other if op == "<<" else one // 2**other
    return {"&": one & other, "|": one | other, "^": one ^ other}[op]


def same(one: Any, other: Any, is_single: bool = False) -> bool:
    """Whether two elements are equal: by value, but never across kinds; lists element by element."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int) and not isinstance(one, bool) and not -(2**63) <= one < 2**63:
        one = float(one)
    return (
        family(one) is not None
        and family(one) == family(other)
        and one == (as_single(other) if is_single else other)
    )


def micros_of(text: str, zone: tzinfo) -> int:
    """The microseconds of a time. Without an offset it is the first instant at which the zone's clocks show it; if
    they never do, those that the zone had the day before are asked."""
    fraction = re.search(r"\.(\d+)", text)
    micros = int(fraction[1].ljust(6, "0")) if fraction else 0
    moment = datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        wall, utc = moment, moment.replace(tzinfo=timezone.utc)
        around = [(utc + timedelta(days=days)).astimezone(zone).utcoffset() for days in (-1, 1)]
        candidates = [utc - ahead for ahead in around if ahead is not None]
        shown = [one for one in candidates if one.astimezone(zone).replace(tzinfo=None) == wall]
        moment = min(shown) if shown else candidates[0]
    return (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1) + micros


def moved(micros: int, op: str, text: str) -> int:
    """An instant moved by a duration, by the standard library's calendar."""
    found = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)S)?)?", text)
    assert found is not None, text
    years, months, days, hours, seconds = (int(one or 0) for one in found.groups())
    sign = 1 if op == "+" else -1
    moment = datetime(1970, 1, 1) + timedelta(microseconds=micros)
    month = moment.month - 1 + sign * (12 * years + months)
    year, month = moment.year + month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    moment = moment.replace(year=year, month=month, day=day)
    moment += sign * timedelta(days=days, hours=hours, seconds=seconds)
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def tokens(text: str) -> list[str]:
    """As the standard analyzer cuts a text."""
    return re.findall(r"[^\W_]+", text.lower())


def words(node: tree.Call, text: list[str]) -> bool:
    """Whether a text has the words, or the phrase, that a call looks for."""
    wanted = tokens(node.arguments[1].value)  # type: ignore[union-attr]
    if not wanted:
        return False
    if node.function == "text_match":
        least = dict(node.options).get("minimum_should_match", tree.Literal(1))
        return len(set(wanted) & set(text)) >= least.value  # type: ignore[union-attr]
    slop = node.arguments[2].value if len(node.arguments) == 3 else 0  # type: ignore[union-attr]
    places = [[at for at, word in enumerate(text) if word == one] for one in wanted]
    for chosen in itertools.product(*places):
        moves = [at - place for place, at in enumerate(chosen)]
        if max(moves) - min(moves) <= slop and len(set(chosen)) == len(chosen):
            return True
    return False


def spatial(node: tree.Call, place: str) -> bool:
    """Relations between points and boxes with sides along the axes, by comparing coordinates."""
    one, other = box(place), box(node.arguments[1].value)  # type: ignore[union-attr]
    relation = node.function.removeprefix("st_")
    if relation == "dwithin":
        distance = node.arguments[2].value  # type: ignore[union-attr]
        gaps = [max(other[k] - one[k + 2], one[k] - other[k + 2], 0) for k in (0, 1)]
        return gaps[0] ** 2 + gaps[1] ** 2 <= distance**2
    meet = all(one[k] <= other[k + 2] and other[k] <= one[k + 2] for k in (0, 1))
    if relation == "intersects":
        return meet
    if relation == "equals":
        return one == other
    # A point is its own inside. A point on the edge of a box lies in neither's inside.
    inside = one == other or all(one[k] < other[k + 2] and other[k] < one[k + 2] for k in (0, 1))
    covers = all(one[k] <= other[k] and other[k + 2] <= one[k + 2] for k in (0, 1))
    covered = all(other[k] <= one[k] and one[k + 2] <= other[k + 2] for k in (0, 1))
    return {
        "contains": covers and inside,
        "within": covered and inside,
        "touches": meet and not inside,
        "overlaps": inside and not covers and not covered,
        "crosses": False,
    }[relation]


def box(text: str) -> tuple[int, int, int, int]:
    """(left, bottom, right, top) of a WKT point or of a box."""
    pairs = [tuple(map(int, pair)) for pair in re.findall(r"(-?\d+) (-?\d+)", text)]
    across, up = zip(*pairs, strict=True)
    return min(across), min(up), max(across), max(up)


def like(value: str, pattern: str) -> bool:
    """Whether ``value`` matches, by a regular expression for the whole pattern."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wildcards = {"%": ".*", "_": "."}
    regex = "".join(wildcards.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(regex, value, re.DOTALL) is not None
