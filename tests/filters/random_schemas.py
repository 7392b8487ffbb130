"""Random schemas: every type, names that look like keywords, structs, with and without a dynamic field."""

from __future__ import annotations

from hypothesis import strategies as st

from milvus_store_lite.schema.data_types import ELEMENT_TYPES, INTEGER_RANGES, DataType
from milvus_store_lite.schema.fields import Field
from milvus_store_lite.schema.model import Schema

NUMBERS = frozenset({*INTEGER_RANGES, DataType.FLOAT, DataType.DOUBLE})
NAMES = ("n", "N", "_1", "iso", "interval", "threshold", "is", "null", "text_match", "a_very_long_name_" * 9)
"""Fields of random schemas: also what would be a keyword or a function in another place."""


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
_OFTEN = [DataType.ARRAY, DataType.VARCHAR, DataType.TIMESTAMPTZ] * 2
"""What there is most to ask about."""

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
            st.sampled_from([*_SCALARS, *_OFTEN, DataType.GEOMETRY]),
            st.sampled_from([*sorted(ELEMENT_TYPES), *[DataType.STRUCT] * 6]),
            _members,
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda field: field.name,
    ),
    st.booleans(),
)
