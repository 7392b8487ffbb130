"""Random rows and random expressions that fit a schema."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from milvus_store_lite import filters as tree
from milvus_store_lite.schema.data_types import INTEGER_RANGES, DataType
from milvus_store_lite.schema.model import Schema

from .element_draws import contents, on_arrays, on_structs
from .random_schemas import NUMBERS
from .value_draws import (
    Trees,
    as_list,
    bits,
    equality,
    flag_literals,
    listed,
    number_literals,
    on_flags,
    on_numbers,
    on_strings,
    orders,
    string_literals,
)
from .values import (
    INSTANTS,
    KEYS,
    SPANS,
    constants_number,
    documents,
    geometries,
    json_lists,
    sentences,
    values_of,
    words,
)

RELATIONS = ("contains", "within", "intersects", "equals", "touches", "overlaps", "crosses")

instants = st.builds(tree.Instant, st.sampled_from(INSTANTS))


def tables_of(schema: Schema) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows by field name; dynamic keys stand under ``$meta``."""
    columns = {field.name: values_of(field) for field in schema.scalars}
    if schema.enable_dynamic_field:
        columns["$meta"] = documents
    return st.lists(st.fixed_dictionaries(columns), max_size=6)


@lru_cache(maxsize=20)
def conditions_of(schema: Schema) -> st.SearchStrategy[tree.Expression]:
    """Filters that ``schema`` admits."""
    return st.recursive(
        _leaves(schema),
        lambda inner: st.one_of(
            st.builds(tree.Not, inner),
            st.builds(tree.And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(tree.Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=4,
    )


def _leaves(schema: Schema) -> Trees:
    """Conditions on every kind of value that the schema has."""
    paths = _paths(schema)
    elements = {
        field.name: st.builds(tree.Path, st.just(field.name), st.integers(0, 2).map(lambda place: (place,)))
        for field in schema.scalars
        if field.dtype is DataType.ARRAY and not field.members
    }
    members = [(field, member) for field in schema.scalars for member in field.members]

    def named(*dtypes: DataType) -> list[Trees]:
        """The fields of these types, and the elements of such type."""
        fields = [one for one in schema.scalars if one.dtype in dtypes or one.element_type in dtypes]
        plain = [elements.get(one.name, st.just(tree.Name(one.name))) for one in fields]
        return plain + [
            st.builds(tree.Member, st.just(field.name), st.just(member.name), st.integers(0, 2))
            for field, member in members
            if member.dtype in dtypes
        ]

    all_fields = st.sampled_from([tree.Name(one.name) for one in schema.scalars])
    nulls = st.builds(tree.IsNull, st.one_of(all_fields, *elements.values()), st.booleans())
    kinds = [[flag_literals, nulls]]
    if paths:
        kinds.append(_on_paths(paths[0]))
    if numbers := [*named(*NUMBERS), *paths, *_lengths(schema, paths)]:
        kinds.append(on_numbers(st.one_of(numbers)))
    if integers := [*named(*INTEGER_RANGES), *paths]:
        on_bits = bits(st.one_of(integers))
        kinds.append([st.builds(tree.Compare, orders, on_bits, number_literals | on_bits)])
    if strings := [*named(DataType.VARCHAR), *paths]:
        kinds.append(on_strings(st.one_of(strings)))
    if flags := [*named(DataType.BOOL), *paths]:
        kinds.append(on_flags(st.one_of(flags)))
    for field in schema.scalars:
        name = st.just(tree.Name(field.name))
        if field.dtype is DataType.TIMESTAMPTZ:
            kinds.append(_on_moments(name))
        elif field.dtype is DataType.GEOMETRY:
            kinds.append(_on_geometries(name))
        elif field.members:
            kinds.append(on_structs(field, name))
        elif field.dtype is DataType.ARRAY:
            kinds.append(on_arrays(field, name))
        elif field.enable_match:
            kinds.append(_on_texts(name))
    # Each kind counts once, however many forms it has; one_of alone would count every form.
    return st.one_of([st.one_of(kind).map(lambda node: node) for kind in kinds])


def _paths(schema: Schema) -> list[Trees]:
    """One strategy for JSON paths and dynamic keys, or none."""
    roots = [field.name for field in schema.scalars if field.dtype is DataType.JSON]
    steps = st.lists(st.sampled_from(KEYS) | st.integers(0, 1), min_size=1, max_size=2).map(tuple)
    found = [st.builds(tree.Path, st.sampled_from(roots), steps)] if roots else []
    if schema.enable_dynamic_field:
        found.append(st.builds(tree.Path, st.sampled_from(["$meta", "a", "b"]), steps))
        found.append(st.builds(tree.Name, st.sampled_from(["a", "b"])))
    return [st.one_of(found)] if found else []


def _lengths(schema: Schema, paths: list[Trees]) -> list[Trees]:
    arrays = [tree.Name(field.name) for field in schema.scalars if field.dtype is DataType.ARRAY]
    operands = [*map(st.just, arrays), *paths]
    call = st.just("array_length")
    return [st.builds(tree.Call, call, st.tuples(st.one_of(operands)))] if operands else []


def _on_paths(paths: Trees) -> list[Trees]:
    lists = json_lists.map(as_list)
    return [
        st.builds(tree.Exists, paths),
        st.builds(tree.IsNull, paths, st.booleans()),
        st.builds(tree.In, paths, listed(number_literals | string_literals | flag_literals), st.booleans()),
        st.builds(lambda path, values: tree.Call("json_contains", (path, values)), paths, lists),
        st.builds(tree.Compare, equality, paths, lists),
        *(contents(paths, items) for items in (constants_number, words, st.booleans())),
    ]


def _on_moments(moments: Trees) -> list[Trees]:
    spans = st.builds(tree.Interval, st.sampled_from(SPANS))
    moved = st.builds(tree.Arithmetic, st.sampled_from(["+", "-"]), moments | instants, spans)
    upwards = st.sampled_from(["<", "<="])
    several = st.lists(instants, max_size=3).map(lambda items: tree.ListOf(tuple(items)))
    return [
        st.builds(tree.Compare, orders, moments | moved, instants),
        st.builds(tree.Compare, orders, instants, moments | moved),
        st.builds(tree.Range, instants, upwards, moments, upwards, instants),
        st.builds(tree.In, moments, several, st.booleans()),
    ]


def _on_texts(texts: Trees) -> list[Trees]:
    phrases = st.builds(tree.Literal, sentences)
    options = st.just(()) | st.integers(1, 3).map(
        lambda least: (("minimum_should_match", tree.Literal(least)),)
    )
    slops = st.just(()) | st.integers(0, 5).map(lambda slop: (tree.Literal(slop),))
    return [
        st.builds(
            lambda text, query, chosen: tree.Call("text_match", (text, query), chosen),
            texts,
            phrases,
            options,
        ),
        st.builds(
            lambda text, query, slop: tree.Call("phrase_match", (text, query, *slop)), texts, phrases, slops
        ),
    ]


def _on_geometries(places: Trees) -> list[Trees]:
    texts = st.builds(tree.Literal, geometries)
    distances = st.builds(tree.Literal, st.sampled_from([0, 1, 1.5, 2, 5]))
    return [
        st.builds(
            lambda relation, place, text: tree.Call(f"st_{relation}", (place, text)),
            st.sampled_from(RELATIONS),
            places,
            texts,
        ),
        st.builds(
            lambda place, text, distance: tree.Call("st_dwithin", (place, text, distance)),
            places,
            texts,
            distances,
        ),
    ]
