"""Making a collection together with its first rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from milvus_store_lite import FirstRows, ParamError

from ..data import as_given
from ..index_params import to_records
from ..options import consistency_level, options
from ..results import WriteResult
from ..schema import to_engine
from .calls import Calls, call_taking
from .rows import as_partition

if TYPE_CHECKING:
    from ..tables import Table

CREATE_OPTIONS: Final = options("num_partitions", "num_shards", "properties")


class CreationCalls(Calls):
    @call_taking(CREATE_OPTIONS)
    def create_and_insert(
        self,
        collection_name: str,
        data: dict[str, Any] | Iterable[dict[str, Any]] | Table,
        schema: Any = None,
        index_params: Any = None,
        partition_name: str | None = "",
        replace: bool = False,
        batch_size: int | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> WriteResult:
        """Make a collection that has rows from the start, all of it or nothing.

        If a row, the schema or an index is refused, no collection is made; with ``replace`` the old one stays
        as it was. The other arguments are those of ``create_collection`` with a schema, and of ``insert``.

        Args:
            data: the rows; may be empty.
            replace: whether to replace a collection of this name.
            batch_size: how many rows to send to a server at a time; a file takes them in one transaction.

        Returns:
            ``{"insert_count": n, "ids": [...], "cost": 0}``

        Raises:
            ParamError, SchemaNotReadyException: naming the parameter or field at fault.
            DataNotMatchException: a row does not fit the schema.
            MilvusException: the name is taken.
        """
        if schema is None:
            raise ParamError(message="create_and_insert() needs a schema")
        rows = as_given(data)
        ids = self._database.create_collection(
            collection_name,
            to_engine(schema, kwargs.get("num_partitions")),
            properties=kwargs.get("properties"),
            consistency_level=consistency_level(kwargs.get("consistency_level")).value,
            indexes=() if index_params is None else to_records(index_params, self.create_and_insert),
            first=FirstRows(rows, as_partition(partition_name)) if rows else None,
            replace=replace,
        )
        return WriteResult({"insert_count": len(ids), "ids": ids, "cost": 0})
