"""Random rows and random expressions that fit a schema, and random schemas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from milvus_store_lite import filters as tree
from milvus_store_lite.data_types import ELEMENT_TYPES, INTEGER_RANGES, DataType
from milvus_store_lite.schema import Field, Schema

from .values import (
    INSTANTS,
    KEYS,
    REGEXES,
    SPANS,
    constants_int,
    constants_number,
    documents,
    geometries,
    json_lists,
    sentences,
    values_of,
    words,
)

Trees = st.SearchStrategy[Any]

NUMBERS = frozenset({*INTEGER_RANGES, DataType.FLOAT, DataType.DOUBLE})
RELATIONS = ("contains", "within", "intersects", "equals", "touches", "overlaps", "crosses")
NAMES = ("n", "N", "_1", "iso", "interval", "threshold", "is", "null", "text_match", "a_very_long_name_" * 9)
"""Fields of random schemas: also what would be a keyword or a function in another place."""

orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
equality = st.sampled_from(["==", "!="])
patterns = st.text(alphabet="ab%_é\n", max_size=5)
number_literals = st.builds(tree.Literal, constants_number)
string_literals = st.builds(tree.Literal, words)
flag_literals = st.builds(tree.Literal, st.booleans())
instants = st.builds(tree.Instant, st.sampled_from(INSTANTS))
element = st.just(tree.Element())


def _field(
    name: str,
    dtype: DataType,
    element_type: DataType,
    members: tuple[Field, ...],
    nullable: bool,
    matched: bool,
) -> Field:
    is_array = dtype is DataType.ARRAY
    has_text = dtype is DataType.VARCHAR or (is_array and element_type is DataType.VARCHAR)
    matched = matched and dtype is DataType.VARCHAR
    return Field(
        name,
        dtype,
        element_type=element_type if is_array else None,
        max_capacity=9 if is_array else None,
        members=members if is_array and element_type is DataType.STRUCT else (),
        max_length=100 if has_text else None,
        nullable=nullable,
        enable_analyzer=matched,
        enable_match=matched,
    )


_members = st.lists(
    st.builds(
        lambda name, dtype: Field(name, dtype, max_length=99 if dtype is DataType.VARCHAR else None),
        st.sampled_from(["id", "n", "null", "m"]),
        st.sampled_from(sorted(ELEMENT_TYPES)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda member: member.name,
).map(tuple)
_SCALARS = sorted(NUMBERS | {DataType.BOOL, DataType.VARCHAR, DataType.JSON, DataType.ARRAY})
schemas = st.builds(
    lambda key, fields, dynamic: Schema(
        (
            Field("id", key, is_primary=True, max_length=99 if key is DataType.VARCHAR else None),
            Field("vector", DataType.FLOAT_VECTOR, dim=2),
            *fields,
        ),
        enable_dynamic_field=dynamic,
    ),
    st.sampled_from([DataType.INT64, DataType.VARCHAR]),
    st.lists(
        st.builds(
            _field,
            st.sampled_from(NAMES),
            st.sampled_from([*_SCALARS, DataType.ARRAY, DataType.TIMESTAMPTZ, DataType.GEOMETRY]),
            st.sampled_from([*sorted(ELEMENT_TYPES), DataType.STRUCT, DataType.STRUCT]),
            _members,
            st.booleans(),
            st.booleans(),
        ),
        max_size=6,
        unique_by=lambda field: field.name,
    ),
    st.booleans(),
)


def tables_of(schema: Schema) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows by field name; dynamic keys stand under ``$meta``."""
    columns = {field.name: values_of(field) for field in schema.scalars}
    if schema.enable_dynamic_field:
        columns["$meta"] = documents
    return st.lists(st.fixed_dictionaries(columns), max_size=6)


@lru_cache(maxsize=500)
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
    leaves = [flag_literals, st.builds(tree.IsNull, all_fields, st.booleans())]
    if elements:
        leaves.append(st.builds(tree.IsNull, st.one_of(*elements.values()), st.booleans()))
    if paths:
        leaves += _on_paths(paths[0])
    if numbers := [*named(*NUMBERS), *paths, *_lengths(schema, paths)]:
        leaves += _on_numbers(st.one_of(numbers))
    if integers := [*named(*INTEGER_RANGES), *paths]:
        bits = _bits(st.one_of(integers))
        leaves.append(st.builds(tree.Compare, orders, bits, number_literals | bits))
    if strings := [*named(DataType.VARCHAR), *paths]:
        leaves += _on_strings(st.one_of(strings))
    if flags := [*named(DataType.BOOL), *paths]:
        leaves += _on_flags(st.one_of(flags))
    for field in schema.scalars:
        name = st.just(tree.Name(field.name))
        if field.dtype is DataType.TIMESTAMPTZ:
            leaves += _on_moments(name)
        elif field.dtype is DataType.GEOMETRY:
            leaves += _on_geometries(name)
        elif field.members:
            leaves += _on_structs(field, name)
        elif field.dtype is DataType.ARRAY:
            leaves += _on_arrays(field, name)
        elif field.enable_match:
            leaves += _on_texts(name)
    return st.one_of(leaves)


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


def _on_numbers(plain: Trees) -> list[Trees]:
    divisors = st.builds(tree.Literal, constants_number.filter(bool)) | plain
    numbers = st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds(tree.Unary, st.sampled_from(["+", "-"]), inner),
            st.builds(tree.Arithmetic, st.sampled_from(["+", "-", "*"]), inner | number_literals, inner),
            st.builds(tree.Arithmetic, st.sampled_from(["/", "%"]), inner, divisors),
        ),
        max_leaves=4,
    )
    upwards = st.sampled_from(["<", "<="])
    middles = plain.filter(lambda node: not isinstance(node, tree.Call))
    return [
        st.builds(tree.Compare, orders, numbers, number_literals | numbers),
        st.builds(tree.Compare, orders, number_literals, numbers),
        st.builds(tree.Range, number_literals, upwards, middles, upwards, number_literals),
        st.builds(tree.In, numbers, _listed(number_literals), st.booleans()),
    ]


def _bits(plain: Trees) -> Trees:
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.builds(tree.Unary, st.just("~"), inner),
            st.builds(
                tree.Arithmetic,
                st.sampled_from(["&", "|", "^"]),
                inner | st.builds(tree.Literal, constants_int),
                inner,
            ),
            st.builds(
                tree.Arithmetic,
                st.sampled_from(["<<", ">>"]),
                inner,
                plain | st.builds(tree.Literal, st.integers(0, 63)),
            ),
        ),
        max_leaves=3,
    )


def _on_strings(strings: Trees) -> list[Trees]:
    regexes = st.builds(tree.Literal, st.sampled_from(REGEXES))
    return [
        st.builds(tree.Compare, orders, strings, string_literals | strings),
        st.builds(tree.Compare, orders, string_literals, strings),
        st.builds(tree.In, strings, _listed(string_literals), st.booleans()),
        st.builds(tree.Like, strings, st.builds(tree.Literal, patterns)),
        st.builds(tree.Regex, strings, regexes, st.booleans()),
    ]


def _on_flags(flags: Trees) -> list[Trees]:
    return [
        flags,
        st.builds(tree.Compare, equality, flags, flag_literals | flags),
        st.builds(tree.In, flags, _listed(flag_literals), st.booleans()),
    ]


def _on_paths(paths: Trees) -> list[Trees]:
    lists = json_lists.map(as_list)
    return [
        st.builds(tree.Exists, paths),
        st.builds(tree.IsNull, paths, st.booleans()),
        st.builds(tree.In, paths, _listed(number_literals | string_literals | flag_literals), st.booleans()),
        st.builds(lambda path, values: tree.Call("json_contains", (path, values)), paths, lists),
        st.builds(tree.Compare, equality, paths, lists),
        *(_contents(paths, items) for items in (constants_number, words, st.booleans())),
    ]


def _on_moments(moments: Trees) -> list[Trees]:
    spans = st.builds(tree.Interval, st.sampled_from(SPANS))
    moved = st.builds(tree.Arithmetic, st.sampled_from(["+", "-"]), moments, spans)
    return [st.builds(tree.Compare, orders, moments | moved, instants)]


def _on_texts(texts: Trees) -> list[Trees]:
    phrases = st.builds(tree.Literal, sentences)
    options = st.just(()) | st.integers(1, 3).map(
        lambda least: (("minimum_should_match", tree.Literal(least)),)
    )
    slops = st.just(()) | st.integers(0, 3).map(lambda slop: (tree.Literal(slop),))
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


def _on_structs(field: Field, name: Trees) -> list[Trees]:
    """Conditions on several members of one struct, and on the values of one member."""
    of_struct, of_member = [], []
    for member in field.members:
        one = st.just(tree.Element(member.name))
        array = st.just(tree.Member(field.name, member.name))
        if member.dtype is DataType.BOOL:
            of_struct += _on_flags(one)
            of_member.append(_contents(array, st.booleans()))
        elif member.dtype is DataType.VARCHAR:
            of_struct += _on_strings(one)
            of_member.append(_contents(array, words))
        else:
            of_struct += _on_numbers(one)
            of_member.append(_contents(array, constants_number))
        of_member.append(
            st.builds(
                tree.IsNull,
                st.builds(tree.Member, st.just(field.name), st.just(member.name), st.integers(0, 2)),
                st.booleans(),
            )
        )
    plain = st.one_of(of_struct)
    joined = st.builds(tree.And, st.tuples(plain, plain)) | st.builds(tree.Or, st.tuples(plain, plain))
    return [_counted(name, [plain, joined]), *of_member]


def _on_arrays(field: Field, name: Trees) -> list[Trees]:
    assert field.element_type is not None
    if field.element_type is DataType.BOOL:
        on_element = [st.builds(tree.Compare, equality, element, flag_literals)]
        return [_contents(name, st.booleans()), _counted(name, on_element)]
    if field.element_type is DataType.VARCHAR:
        on_element = [
            st.builds(tree.Compare, orders, element, string_literals),
            st.builds(tree.Like, element, st.builds(tree.Literal, patterns)),
        ]
        return [_contents(name, words), _counted(name, on_element)]
    on_element = [
        st.builds(tree.Compare, orders, element, number_literals),
        st.builds(tree.In, element, _listed(number_literals), st.booleans()),
    ]
    return [_contents(name, constants_number), _counted(name, on_element)]


def _contents(arrays: Trees, items: st.SearchStrategy[Any]) -> Trees:
    """Conditions on arrays whose elements could be among ``items``, plain values."""
    listed = st.builds(tree.ListOf.of, st.lists(items, max_size=3))
    kinds = st.sampled_from(["array", "json"])
    one = st.builds(
        lambda kind, array, value: tree.Call(f"{kind}_contains", (array, tree.Literal(value))),
        kinds,
        arrays,
        items,
    )
    several = st.builds(
        lambda kind, suffix, array, values: tree.Call(f"{kind}_contains_{suffix}", (array, values)),
        kinds,
        st.sampled_from(["all", "any"]),
        arrays,
        listed,
    )
    return one | several | st.builds(tree.Compare, equality, arrays, listed)


def _counted(arrays: Trees, conditions: Sequence[Trees]) -> Trees:
    """Conditions on how many elements satisfy one of ``conditions``."""
    condition = st.one_of(*conditions)
    condition |= st.builds(tree.Not, condition)
    simple = st.builds(
        lambda function, array, one: tree.Call(function, (array, one)),
        st.sampled_from(["element_filter", "match_any", "match_all"]),
        arrays,
        condition,
    )
    thresholds = st.integers(0, 3).map(lambda least: (("threshold", tree.Literal(least)),))
    bounded = st.builds(
        lambda function, array, one, options: tree.Call(function, (array, one), options),
        st.sampled_from(["match_least", "match_most", "match_exact"]),
        arrays,
        condition,
        thresholds,
    )
    return simple | bounded


def _listed(items: Trees) -> Trees:
    return st.builds(tree.ListOf.of, st.lists(items.map(lambda item: item.value), max_size=4))


def as_list(values: list[Any]) -> tree.ListOf:
    """As the parser reads it: plain values only if there are no others."""
    if not any(isinstance(one, list) for one in values):
        return tree.ListOf.of(values)
    return tree.ListOf(tuple(as_list(one) if isinstance(one, list) else tree.Literal(one) for one in values))
