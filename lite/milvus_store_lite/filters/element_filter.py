"""``element_filter`` where a call finds single elements: what a filter says of the elements themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import FilterError
from ..schema.fields import Field
from .bound import AllOf, AnyOf, FieldValue, Inverse, OverElements, PathValue, Predicate
from .evaluation.evaluate import element_hits
from .evaluation.rows import Rows

_ALONE = (
    "element_filter, which says what elements are found, stands by itself or is joined to the rest by 'and': "
    "expected match_any, which is about whole rows, under 'or' and 'not'"
)


@dataclass(frozen=True, slots=True)
class ElementFilter:
    """The elements of the array ``operand`` that all of ``conditions`` hold for."""

    operand: FieldValue | PathValue
    conditions: tuple[Predicate, ...]

    def flags(self, rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """(n + 1,) where the elements of each row begin among (t,) bool, which says what elements match."""
        arrays, hits = element_hits(self.operand, AllOf(self.conditions), rows)
        return arrays.offsets, hits


def selected_structs(predicate: Predicate, structs: Field) -> ElementFilter | None:
    """What the calls of ``element_filter`` in ``predicate`` say of the structs in ``structs``."""
    calls = list(_calls(predicate))
    for call in calls:
        if not isinstance(call.operand, FieldValue) or call.operand.field != structs:
            raise FilterError(
                f"a search of the structs in '{structs.name}' takes element_filter({structs.name}, …), got one of "
                f"'{_name(call)}': use match_any, which is about whole rows"
            )
    return _joined_calls(calls)


def selected_elements(predicate: Predicate) -> ElementFilter | None:
    """The same for the elements of the one array that the calls name."""
    calls = list(_calls(predicate))
    for call in calls[1:]:
        if call.operand != calls[0].operand:
            raise FilterError(
                f"element_filter finds the elements of one array, got '{_name(calls[0])}' and '{_name(call)}': "
                "use match_any, which is about whole rows, for one of them"
            )
    return _joined_calls(calls)


def _joined_calls(calls: list[OverElements]) -> ElementFilter | None:
    return ElementFilter(calls[0].operand, tuple(call.condition for call in calls)) if calls else None


def _name(call: OverElements) -> str:
    return call.operand.field.name if isinstance(call.operand, FieldValue) else str(call.operand)


def _calls(predicate: Predicate) -> Iterator[OverElements]:
    """The calls of ``element_filter``; raises ``FilterError`` for one below the outermost 'and'."""
    for part in _joined(predicate):
        if isinstance(part, OverElements) and part.selects:
            yield part
        else:
            _refuse_within(part)


def _joined(predicate: Predicate) -> Iterator[Predicate]:
    """The parts that 'and' joins."""
    if isinstance(predicate, AllOf):
        for part in predicate.parts:
            yield from _joined(part)
    else:
        yield predicate


def _refuse_within(predicate: Predicate) -> None:
    """Raise ``FilterError`` for a call of ``element_filter`` in ``predicate``."""
    match predicate:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                _refuse_within(part)
        case Inverse(part=part):
            _refuse_within(part)
        case OverElements(selects=True):
            raise FilterError(_ALONE)
