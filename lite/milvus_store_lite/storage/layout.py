"""The names of one collection's tables and columns, from which every statement over them is made.

``rows_<id>`` holds scalars and their checksums, ``vectors_<id>_<field>`` one vector a row, ``removed_<id>`` the
feed by which other readers learn of deletions, ``times_<id>`` from which row on rows were inserted when. All speak
of rows by ``seq``, a number that only rises and is never used twice. ``terms_<id>_<field>`` is the vocabulary of a
full text field, ``tenants_<id>`` has the number of rows for each value of a partition key. Identifiers come from
checked names and numbers; values are always bound.
"""

from __future__ import annotations

from typing import Final

from ..errors import DatabaseCorruptError
from ..schema.data_types import DataType
from ..schema.fields import DYNAMIC_FIELD, Field
from ..schema.model import Schema
from .integrity.checksums import salt
from .integrity.row_checksums import PARTITION_COLUMN, RowChecksums

CHECKSUMS: Final = '"$checksums"'
"""The column of checksums, quoted for SQL; no field can have this name."""

_RESERVED: Final = frozenset({"seq", "pk", "partition", "dynamic"})
_INTEGER: Final = "INTEGER"
_SQL_TYPES: Final = {
    DataType.FLOAT: "REAL",
    DataType.DOUBLE: "REAL",
    DataType.VARCHAR: "TEXT",
    DataType.TEXT: "TEXT",
    DataType.JSON: "TEXT",
    DataType.ARRAY: "TEXT",
    DataType.GEOMETRY: "TEXT",
}


class TableLayout:
    """Names of a collection's tables and of columns of its rows, quoted for SQL, and the checksums in them.

    ``columns``: scalar field, ``PARTITION_COLUMN`` or ``DYNAMIC_FIELD`` → column of ``rows``. ``integers``: those
    of them that hold integers. ``vectors`` and ``vocabularies``: field → table. ``tenants``: the table that counts
    the rows of each, None without a partition key.
    """

    __slots__ = (
        "checksums",
        "collection_id",
        "columns",
        "integers",
        "removed",
        "rows",
        "salts",
        "schema",
        "tenants",
        "times",
        "vectors",
        "vocabularies",
    )

    def __init__(self, collection_id: int, schema: Schema) -> None:
        self.collection_id = collection_id
        self.schema = schema
        self.checksums = RowChecksums(schema, collection_id)
        self.salts = {field.name: salt(collection_id, field.field_id) for field in schema.vectors}
        names = _sql_names(schema)
        self.rows = f'"rows_{collection_id}"'
        self.removed = f'"removed_{collection_id}"'
        self.times = f'"times_{collection_id}"'
        self.vectors = {
            field.name: f'"vectors_{collection_id}_{names[field.name]}"' for field in schema.vectors
        }
        # A full text field's vectors are counts of numbered terms.
        self.vocabularies = {name: f'"terms_{collection_id}_{names[name]}"' for name in schema.full_text}
        self.tenants = None if schema.partition_key is None else f'"tenants_{collection_id}"'
        self.columns = {field.name: f'"{names[field.name]}"' for field in schema.scalars}
        self.columns[PARTITION_COLUMN] = "partition"
        if schema.enable_dynamic_field:
            self.columns[DYNAMIC_FIELD] = "dynamic"
        self.integers = {field.name for field in schema.scalars if sql_type(field) == _INTEGER}
        self.integers.add(PARTITION_COLUMN)

    @property
    def pk_index(self) -> str:
        """The SQL index on primary keys."""
        return f'"sqlite_autoindex_rows_{self.collection_id}_1"'

    def key_index(self, key: Field) -> str:
        """The SQL index on the partition key."""
        return f'"rows_{self.collection_id}_{key.name}"'

    def value_index(self, field: Field) -> str:
        """The SQL index on a scalar field that is neither primary nor partition key."""
        # By number: SQLite ignores case in names.
        return f'"rows_{self.collection_id}.{field.field_id}"'

    def corrupt(self, where: str, cause: Exception) -> DatabaseCorruptError:
        """The error for damage in these tables."""
        return DatabaseCorruptError(
            message=f"the tables of collection {self.collection_id} are damaged: {where}: "
            f"{type(cause).__name__}: {cause}; 'milvus-store check' lists all damage"
        )

    def rows_missing(self, where: str, expected: int, found: int) -> DatabaseCorruptError:
        """The error for fewer or more rows than there must be."""
        return self.corrupt(where, ValueError(f"expected {expected} rows, found {found}"))


def sql_type(field: Field) -> str:
    """The type that the column of a scalar field is declared with."""
    return _SQL_TYPES.get(field.dtype, _INTEGER)


def _sql_names(schema: Schema) -> dict[str, str]:
    """A column name for each field: its own, unless SQLite, which ignores case, would confuse it."""
    taken = set(_RESERVED)
    names = {schema.primary.name: "pk"}
    for field in (*schema.fields, *schema.lists.values()):
        if not field.is_primary:
            name = field.name
            while name.lower() in taken:
                name += "_"
            taken.add(name.lower())
            names[field.name] = name
    return names
