"""Calls that change a collection that exists: its properties, its fields, all its rows at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from milvus_store_lite import DataType, DataTypeNotMatchException, ParamError

from ..fields import FIELD_OPTIONS, FieldSchema
from ..functions import Function
from ..index_params import IndexParams, to_records
from ..options import COMMON, options
from ..schema import field_to_engine, function_to_engine, struct_to_engine
from ..structs import StructFieldSchema, named_struct
from .calls import Calls, call, call_taking

_FIELD_OPTIONS = FIELD_OPTIONS | {"is_primary"}
_STRUCT_OPTIONS = options("nullable")


class AlterationCalls(Calls):
    @call
    def alter_collection_properties(
        self, collection_name: str, properties: dict[str, Any], timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Set properties of a collection; the others stay as they are.

        ``partitionkey.isolation`` makes every search name one value of the partition key in its filter;
        ``dynamicfield.enabled`` gives the collection a dynamic field; ``timezone`` is where times without an
        offset are read and where times are shown: stored instants stay what they are.

        Raises:
            ParamError: a value is not what its key takes, or a file does not support the key.
        """
        self._database.collection(collection_name).alter_properties(properties)

    @call
    def drop_collection_properties(
        self, collection_name: str, property_keys: list[str], timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove properties of a collection."""
        self._database.collection(collection_name).alter_properties({}, drop=as_keys(property_keys))

    @call_taking(_FIELD_OPTIONS)
    def add_collection_field(
        self,
        collection_name: str,
        field_name: str,
        data_type: DataType,
        desc: str = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Add a field, which must be nullable; stored rows get ``default_value``, or null.

        Args:
            max_length, dim, nullable, default_value and the like: as ``FieldSchema`` takes them.

        Raises:
            SchemaNotReadyException: the field cannot be added to a collection that exists.
        """
        given = {key: value for key, value in kwargs.items() if key in _FIELD_OPTIONS - COMMON}
        field = FieldSchema(field_name, data_type, desc, **given)
        self._database.collection(collection_name).add_field(field_to_engine(field))

    @call_taking(_STRUCT_OPTIONS)
    def add_collection_struct_field(
        self,
        collection_name: str,
        field_name: str,
        struct_schema: StructFieldSchema,
        max_capacity: int,
        desc: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Add an array of structs, which is nullable; in stored rows it is null.

        Args:
            struct_schema: the members, made by ``create_struct_field_schema()``, ours or pymilvus's.
            max_capacity: structs in a row at most.

        Raises:
            SchemaNotReadyException: the field cannot be added to a collection that exists.
        """
        given = {
            "struct_schema": struct_schema,
            "max_capacity": max_capacity,
            "nullable": kwargs.get("nullable", True),
            "description": desc,
        }
        field = struct_to_engine(named_struct(field_name, given))
        self._database.collection(collection_name).add_field(field)

    @call
    def drop_collection_field(
        self,
        collection_name: str,
        field_name: str = "",
        field_id: int = 0,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Remove a field and its values, by its name or its number.

        Raises:
            ParamError: the field does not exist, or the collection needs it.
        """
        collection = self._database.collection(collection_name)
        if not field_name:
            fields = collection.describe().schema.fields
            field_name = next((field.name for field in fields if field.field_id == field_id), "")
            if not field_name:
                raise ParamError(
                    message=f"drop_collection_field() needs a field's name or number, got field_id={field_id!r}"
                )
        collection.drop_field(field_name)

    @call
    def add_function_field(
        self,
        collection_name: str,
        field_schema: FieldSchema,
        func: Function,
        index_params: IndexParams,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Add a field that a function fills, in the rows that are there as well, and the index on it.

        Args:
            field_schema: the field, SPARSE_FLOAT_VECTOR for a function of type BM25.
            func: the function, whose output this field is.
            index_params: one index on it, with an ``index_type``.

        Raises:
            SchemaNotReadyException: the function cannot fill this field from the fields there are.
            ParamError: the index is missing, or is not one that the field can have.
        """
        records = to_records(index_params, self.add_function_field)
        if len(records) != 1 or records[0].field not in ("", field_schema.name) or not records[0].type:
            raise ParamError(
                message=f"index_params of add_function_field() must have one index, on field "
                f"'{field_schema.name}' and with an index_type, got {index_params!r:.200}"
            )
        self._database.collection(collection_name).add_function_field(
            field_to_engine(field_schema),
            function_to_engine(func),
            replace(records[0], field=field_schema.name),
        )

    @call
    def drop_function_field(
        self, collection_name: str, function_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove a function, the field that it fills, and the index on this field.

        Raises:
            ParamError: there is no such function, or its field is the only vector.
        """
        self._database.collection(collection_name).drop_function_field(function_name)

    @call
    def alter_collection_function(
        self,
        collection_name: str,
        function_name: str,
        function: Function,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Let a function of type TEXTEMBEDDING embed by other params from now on.

        Vectors that are there stay as they are: upsert the rows to have them embedded anew.

        Args:
            function: the function with its name, type and fields, and with other params or another description.

        Raises:
            ParamError: there is no such function, it is of another type, or more of it would change.
            SchemaNotReadyException: the params say another dimension than the field has.
        """
        self._database.collection(collection_name).alter_function(function_name, function_to_engine(function))

    @call
    def alter_collection_field(
        self,
        collection_name: str,
        field_name: str,
        field_params: dict[str, Any],
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Change ``max_length`` of a VARCHAR field, as far as the stored values allow.

        Raises:
            ParamError: the parameter cannot be altered, or a stored value would not fit.
        """
        if not isinstance(field_params, dict):
            raise DataTypeNotMatchException(message=f"field_params must be a dict, got {field_params!r:.80}")
        self._database.collection(collection_name).alter_field(field_name, field_params)

    @call
    def truncate_collection(self, collection_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove every row of a collection; its definition stays."""
        self._database.collection(collection_name).truncate()


def as_keys(property_keys: object) -> list[str]:
    if not isinstance(property_keys, (list, tuple)) or not all(isinstance(key, str) for key in property_keys):
        raise DataTypeNotMatchException(
            message=f"property_keys must be a list of str, got {property_keys!r:.80}"
        )
    return list(property_keys)
