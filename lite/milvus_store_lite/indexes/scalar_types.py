"""Index types of scalar fields and of paths in JSON documents: the fields they take, and their parameters.

Names, fields and parameters are those of Milvus (https://milvus.io/docs/scalar_index.md,
https://milvus.io/docs/json-indexing.md).
"""

from __future__ import annotations

from typing import Final

from ..schema.data_types import INTEGER_RANGES, DataType
from ..schema.fields import Field
from .index_type import IndexType, by_name
from .parameters import Parameter

_INTEGERS: Final = frozenset(INTEGER_RANGES)
_NUMBERS: Final = _INTEGERS | {DataType.FLOAT, DataType.DOUBLE}
_ALL: Final = _NUMBERS | {
    DataType.BOOL,
    DataType.VARCHAR,
    DataType.ARRAY,
    DataType.GEOMETRY,
    DataType.TIMESTAMPTZ,
}
_LOOKED_UP: Final = _INTEGERS | {DataType.VARCHAR}

_LOOK_UP: Final = "SQL index for `==` and `in` on integers and VARCHAR, else column in memory"
_COLUMN: Final = "column in memory"

_MIN_GRAM: Final = Parameter("min_gram", int, 1, None, required=True)
_MAX_GRAM: Final = Parameter("max_gram", int, "min_gram", None, required=True)

SCALAR_INDEXES: Final = by_name(
    (
        IndexType("AUTOINDEX", (), _LOOK_UP, takes=_ALL),
        IndexType(
            "INVERTED", (), _LOOK_UP, takes=_NUMBERS | {DataType.BOOL, DataType.VARCHAR, DataType.ARRAY}
        ),
        IndexType("STL_SORT", (), _LOOK_UP, takes=_NUMBERS | {DataType.VARCHAR, DataType.TIMESTAMPTZ}),
        IndexType("Trie", (), _LOOK_UP, takes=frozenset({DataType.VARCHAR})),
        IndexType("BITMAP", (), _COLUMN, takes=_INTEGERS | {DataType.BOOL, DataType.VARCHAR, DataType.ARRAY}),
        IndexType("NGRAM", (), _COLUMN, (_MIN_GRAM, _MAX_GRAM), takes=frozenset({DataType.VARCHAR})),
        IndexType("RTREE", (), _COLUMN, takes=frozenset({DataType.GEOMETRY})),
    )
)

_SQL_LOOKUPS: Final = frozenset(kind.name for kind in SCALAR_INDEXES.values() if kind.served_by == _LOOK_UP)

_PATH: Final = Parameter("json_path", str)


def _cast(*choices: str) -> Parameter:
    return Parameter("json_cast_type", str, choices=choices, required=True)


_FUNCTION: Final = Parameter("json_cast_function", str, choices=("STRING_TO_DOUBLE",))
"""Only with the json_cast_type DOUBLE: filters that compare numbers take a text of a number for one."""

_ANY_CAST: Final = _cast("BOOL", "DOUBLE", "VARCHAR", "ARRAY_BOOL", "ARRAY_DOUBLE", "ARRAY_VARCHAR", "JSON")
_JSON: Final = frozenset({DataType.JSON})

JSON_INDEXES: Final = by_name(
    (
        IndexType("AUTOINDEX", (), _COLUMN, (_PATH, _ANY_CAST, _FUNCTION), takes=_JSON),
        IndexType("INVERTED", (), _COLUMN, (_PATH, _ANY_CAST, _FUNCTION), takes=_JSON),
        IndexType("STL_SORT", (), _COLUMN, (_PATH, _cast("DOUBLE", "VARCHAR"), _FUNCTION), takes=_JSON),
        IndexType("BITMAP", (), _COLUMN, (_PATH, _cast("BOOL", "VARCHAR")), takes=_JSON),
        IndexType("NGRAM", (), _COLUMN, (_PATH, _cast("VARCHAR"), _MIN_GRAM, _MAX_GRAM), takes=_JSON),
    )
)


def has_sql_index(field: Field, kind: str) -> bool:
    """Whether an index of type ``kind`` on the scalar ``field`` is an SQL index in the file.

    The primary key and the partition key have one whatever their indexes.
    """
    keyed = field.is_primary or field.is_partition_key
    return kind in _SQL_LOOKUPS and field.dtype in _LOOKED_UP and not keyed
