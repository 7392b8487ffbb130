"""Products by one thread: the same numbers as numpy's, whatever the shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milvus_store_lite.columns.products import dot, inner_products, inner_products_at

SIZES = st.sampled_from([0, 1, 2, 22, 23, 24, 25, 100, 1_000, 5_000])


@given(
    count=SIZES,
    queries=st.integers(1, 40),
    dim=st.sampled_from([1, 2, 8, 384, 10_001]),
    seed=st.integers(0, 99),
)
def test_products_are_those_of_numpy(count: int, queries: int, dim: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    count = min(count, 2_000_000 // dim)
    rows = random.standard_normal((count, dim)).astype(np.float32)
    asked = random.standard_normal((queries, dim)).astype(np.float32)
    found = inner_products(rows, asked)
    assert found.shape == (queries, count)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, asked.astype(np.float64) @ rows.T, atol=2e-3 * dim**0.5)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 100, 101])
def test_products_at_slots_are_those_of_the_rows(threads: int, count: int) -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((300, 24)).astype(np.float32)
    query = random.standard_normal(24).astype(np.float32)
    slots = np.sort(random.choice(300, count, replace=False))
    found = inner_products_at(rows, slots, query, threads)
    np.testing.assert_allclose(found, rows[slots] @ query, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dim", [1, 10_000, 10_001, 32_768])
def test_a_product_of_two_vectors(dim: int) -> None:
    values = np.random.default_rng(0).standard_normal(dim)
    assert dot(values, values) == pytest.approx(float((values * values).sum()))
