"""The bound on memory: what is held is counted right, and no call looks at what everybody holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.columns.memory import MemoryBudget


class Holder:
    def __init__(self) -> None:
        self.keys: set[Hashable] = set()

    def forget(self, key: Hashable, /) -> None:
        self.keys.discard(key)


steps = st.lists(
    st.tuples(
        st.sampled_from(["charge", "touch", "release"]),
        st.integers(0, 3),
        st.integers(0, 4),
        st.integers(0, 60),
    ),
    max_size=60,
)


@given(steps)
def test_what_is_used_is_the_sum_of_what_is_held_and_the_oldest_goes_first(
    steps: list[tuple[str, int, int, int]],
) -> None:
    budget = MemoryBudget(100)
    holders = [Holder() for _ in range(4)]
    model: OrderedDict[tuple[int, int], int] = OrderedDict()
    for call, owner, key, size in steps:
        holder = holders[owner]
        if call == "charge":
            holder.keys.add(key)
            budget.charge(holder, key, size)
            model.pop((owner, key), None)
            model[owner, key] = size
            while sum(model.values()) > 100:
                model.popitem(last=False)
        elif call == "touch":
            budget.touch(holder, key)
            if (owner, key) in model:
                model.move_to_end((owner, key))
        else:
            holder.keys.clear()
            budget.release(holder)
            for place in [place for place in model if place[0] == owner]:
                del model[place]
        assert budget.used == sum(model.values())
        assert {(place, key) for place, one in enumerate(holders) for key in one.keys} == set(model)


class Watched(OrderedDict[Any, Any]):
    """Counts how often somebody goes through it."""

    walks = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        return super().__iter__()

    def values(self) -> Any:
        self.walks += 1
        return super().values()


def test_no_call_goes_through_what_all_others_hold() -> None:
    budget = MemoryBudget(1_000_000)
    held = budget._held = Watched()
    for place in range(100):
        holder = Holder()
        budget.charge(holder, "column", 10)
        budget.touch(holder, "column")
        if place % 2:
            budget.release(holder)
    assert (budget.used, held.walks) == (500, 0)
