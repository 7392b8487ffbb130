"""``element_filter`` where a search finds single structs: what a filter says of the structs themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import FilterError
from ..schema.fields import Field
from .bound import AllOf, AnyOf, FieldValue, Inverse, OverElements, Predicate
from .evaluation.elements import StructRows
from .evaluation.evaluate import evaluate
from .evaluation.rows import Rows

_ALONE = (
    "in a search of single structs, element_filter stands by itself or is joined to the rest by 'and': expected "
    "match_any, which is about whole rows, under 'or' and 'not'"
)


@dataclass(frozen=True, slots=True)
class ElementFilter:
    """The structs in ``structs`` that all of ``conditions`` hold for."""

    structs: Field
    conditions: tuple[Predicate, ...]

    def flags(self, rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """(n + 1,) where the structs of each row begin among (t,) bool, which says what structs match."""
        arrays = rows.array(self.structs, self.structs.members[0])
        structs = StructRows.of(rows, self.structs, arrays)
        return arrays.offsets, evaluate(AllOf(self.conditions), structs).certain


def element_filter(predicate: Predicate, structs: Field) -> ElementFilter | None:
    """What the calls of ``element_filter`` in ``predicate`` say of the elements of ``structs``."""
    conditions = []
    for part in _joined(predicate):
        if not isinstance(part, OverElements) or not part.selects:
            _refuse_within(part)
            continue
        array = part.operand
        if not isinstance(array, FieldValue) or array.field != structs:
            named = array.field.name if isinstance(array, FieldValue) else str(array)
            raise FilterError(
                f"a search of the structs in '{structs.name}' takes element_filter({structs.name}, …), got one of "
                f"'{named}': use match_any, which is about whole rows"
            )
        conditions.append(part.condition)
    return ElementFilter(structs, tuple(conditions)) if conditions else None


def _joined(predicate: Predicate) -> Iterator[Predicate]:
    """The parts that 'and' joins."""
    if isinstance(predicate, AllOf):
        for part in predicate.parts:
            yield from _joined(part)
    else:
        yield predicate


def _refuse_within(predicate: Predicate) -> None:
    """Raise ``FilterError`` for a call of ``element_filter`` below the outermost 'and'."""
    match predicate:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                _refuse_within(part)
        case Inverse(part=part):
            _refuse_within(part)
        case OverElements(selects=True):
            raise FilterError(_ALONE)
