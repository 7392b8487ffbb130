"""Metadata filters find what LlamaIndex's own in-memory store finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn

from llama_index.vector_stores.milvus_store import MilvusVectorStore
from milvus_store import DataType

HOSTILE = '"] or id != "" or x in ["'
WORDS = ["red", "Red", "it's", 'a "b"', "50%", "a_b", "back\\slash", HOSTILE, "", "ünï"]
METADATA = [
    {"text_key": word, "number": place - 3, "ratio": place / 4, "list": WORDS[:place], "odd key!": word}
    for place, word in enumerate(WORDS)
] + [{}, {"text_key": "red", "number": 7, "list": ["red"]}]

TEXTS, NUMBERS = st.sampled_from([*WORDS, "re", "nope"]), st.integers(-4, 9)


def one(key: str, operator: FilterOperator, value: Any) -> MetadataFilter:
    return MetadataFilter(key=key, operator=operator, value=value)


def filters_of(key: str, values: st.SearchStrategy[Any], is_text: bool) -> st.SearchStrategy[MetadataFilter]:
    compare = [FilterOperator.EQ, FilterOperator.NE]
    order = [FilterOperator.GT, FilterOperator.GTE, FilterOperator.LT, FilterOperator.LTE]
    choices = [FilterOperator.IN, FilterOperator.NIN]
    drawn = [
        st.builds(one, st.just(key), st.sampled_from([*compare, *order]), values),
        st.builds(one, st.just(key), st.sampled_from(choices), st.lists(values, max_size=4)),
        st.builds(one, st.just(key), st.just(FilterOperator.IS_EMPTY), st.none()),
    ]
    if is_text:
        match = [FilterOperator.TEXT_MATCH, FilterOperator.TEXT_MATCH_INSENSITIVE]
        drawn.append(st.builds(one, st.just(key), st.sampled_from(match), values))
    return st.one_of(drawn)


LISTED = st.one_of(
    st.builds(one, st.just("list"), st.just(FilterOperator.CONTAINS), TEXTS),
    st.builds(
        one,
        st.just("list"),
        st.sampled_from([FilterOperator.ANY, FilterOperator.ALL]),
        st.lists(TEXTS, min_size=1, max_size=3),
    ),
    st.builds(one, st.just("list"), st.just(FilterOperator.IS_EMPTY), st.none()),
)
FILTERS = st.one_of(
    filters_of("text_key", TEXTS, is_text=True),
    filters_of("odd key!", TEXTS, is_text=True),
    filters_of("number", NUMBERS, is_text=False),
    filters_of("ratio", st.sampled_from([0.0, 0.5, 1.25]), is_text=False),
    LISTED,
)
CONDITIONS = st.sampled_from(list(FilterCondition))


@pytest.fixture(scope="module", params=["metadata", "fields"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MilvusVectorStore]:
    """A store of the nodes of ``METADATA``; its keys are metadata, or fields with types of their own."""
    options: dict[str, Any] = {}
    if request.param == "fields":
        options = {
            "scalar_field_names": ["text_key", "number", "ratio"],
            "scalar_field_types": [DataType.VARCHAR, DataType.INT64, DataType.DOUBLE],
        }
    path = tmp_path_factory.mktemp("filters") / "test.db"
    store = MilvusVectorStore(str(path), dim=2, **options)
    store.add(
        [
            TextNode(id_=str(place), text="text", embedding=[1.0, place], metadata=metadata)
            for place, metadata in enumerate(METADATA)
        ]
    )
    yield store
    store.client.close()


def expected(filters: MetadataFilters | MetadataFilter) -> set[str]:
    """Ids by LlamaIndex's own evaluation, which knows no nesting: that is added here."""
    everything = {str(place) for place in range(len(METADATA))}
    if isinstance(filters, MetadataFilter):
        matches = build_metadata_filter_fn(
            lambda name: METADATA[int(name)], MetadataFilters(filters=[filters])
        )
        return {name for name in everything if matches(name)}
    parts = [expected(part) for part in filters.filters]
    if not parts:
        return everything
    if filters.condition == FilterCondition.OR:
        return set().union(*parts)
    if filters.condition == FilterCondition.NOT:
        return everything - set().union(*parts)
    return everything.intersection(*parts)


def found(store: MilvusVectorStore, filters: MetadataFilters) -> set[str]:
    query = VectorStoreQuery(query_embedding=[1.0, 1.0], similarity_top_k=50, filters=filters)
    return set(store.query(query).ids or [])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.builds(MetadataFilters, filters=st.lists(FILTERS, max_size=3), condition=CONDITIONS),
        lambda inner: st.builds(
            MetadataFilters, filters=st.lists(FILTERS | inner, min_size=1, max_size=3), condition=CONDITIONS
        ),
        max_leaves=4,
    )
)
def test_filters_find_what_llama_index_finds(filled: MilvusVectorStore, filters: MetadataFilters) -> None:
    assert found(filled, filters) == expected(filters)


def test_null_is_asked_for_by_none(filled: MilvusVectorStore) -> None:
    absent = MetadataFilters(filters=[one("number", FilterOperator.EQ, None)])
    assert found(filled, absent) == {"10"}
    present = MetadataFilters(filters=[one("number", FilterOperator.NE, None)])
    assert found(filled, present) == {str(n) for n in range(len(METADATA))} - {"10"}


@pytest.mark.parametrize(
    ("operator", "value", "expectation"),
    [
        (FilterOperator.GT, None, "a single value"),
        (FilterOperator.EQ, ["a"], "a single value"),
        (FilterOperator.IN, "a", "a list"),
        (FilterOperator.ANY, "a", "a list"),
        (FilterOperator.CONTAINS, ["a"], "a single value"),
        (FilterOperator.TEXT_MATCH, 5, "a str"),
    ],
)
def test_values_that_an_operator_cannot_take(
    path: Path, operator: FilterOperator, value: Any, expectation: str
) -> None:
    store = MilvusVectorStore(str(path), dim=2)
    with pytest.raises(ValueError, match=rf"filter on 'k': operator {operator.name} takes {expectation}"):
        found(store, MetadataFilters(filters=[one("k", operator, value)]))
    store.client.close()
