from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store.errors import ParamError
from milvus_store_lite import DecayCurve


def by_hand(function: str, value: float, origin: float, scale: float, offset: float, decay: float) -> float:
    """The formulas of Milvus's pages on the gauss, exponential and linear decay, with their own names."""
    distance = max(0.0, abs(value - origin) - offset)
    if function == "gauss":
        sigma_square = -(scale**2) / (2 * math.log(decay))
        return math.exp(-(distance**2) / (2 * sigma_square))
    if function == "exp":
        return math.exp(math.log(decay) / scale * distance)
    s = scale / (1 - decay)
    return max((s - distance) / s, 0)


NUMBERS = st.one_of(st.integers(-(2**40), 2**40), st.floats(-1e9, 1e9))


@given(
    st.sampled_from(["gauss", "exp", "linear"]),
    st.lists(NUMBERS, max_size=9),
    NUMBERS,
    st.floats(0.01, 1e9),
    st.floats(0, 1e9),
    st.floats(0.001, 0.999),
)
def test_factors_are_those_of_the_documentation(
    function: str, values: list[float], origin: float, scale: float, offset: float, decay: float
) -> None:
    factors = DecayCurve(function, origin, scale, offset, decay).factors(values)
    expected = [by_hand(function, value, origin, scale, offset, decay) for value in values]
    assert factors.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("function", ["gauss", "exp", "linear"])
def test_the_factor_is_one_up_to_the_offset_and_the_decay_a_scale_beyond(function: str) -> None:
    curve = DecayCurve(function, origin=100, scale=20, offset=5, decay=0.3)
    assert curve.factors([100, 95, 105, 125, 75]).tolist() == pytest.approx([1, 1, 1, 0.3, 0.3])


def test_null_has_no_factor() -> None:
    assert np.isnan(DecayCurve("exp", 0, 1).factors([None, 0])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"function": "sine"}, "function of a decay must be one of gauss, exp, linear, got 'sine'"),
        ({"origin": "now"}, "origin of a decay must be a finite number, got 'now'"),
        ({"origin": math.inf}, "origin of a decay must be a finite number, got inf"),
        ({"scale": 0}, "scale of a decay must be above 0, got 0"),
        ({"offset": -1}, "offset of a decay must be at least 0, got -1"),
        ({"decay": 1}, "decay of a decay must be from 0.001 to 0.999, got 1"),
        ({"decay": True}, "decay of a decay must be a finite number, got True"),
    ],
)
def test_parameters_have_bounds(changed: dict[str, object], message: str) -> None:
    with pytest.raises(ParamError, match=message):
        DecayCurve(**{"function": "gauss", "origin": 0, "scale": 1, **changed})  # type: ignore[arg-type]
