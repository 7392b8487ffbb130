"""Index parameters as ``prepare_index_params`` builds them and ``create_index`` takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from milvus_store_lite import PARAMETER_NAMES, IndexRecord, ParamError

from .index_types import IndexType, named, type_name
from .options import judge_options

_NAMES: Final = PARAMETER_NAMES.union(("field_name", "index_name", "index_type", "metric_type", "params"))


class IndexParam:
    """One index: its field, type and parameters. ``params={…}`` and keywords mean the same."""

    def __init__(
        self, field_name: str, index_type: str | IndexType = "", index_name: str = "", **kwargs: Any
    ) -> None:
        params = kwargs.pop("params", None) or {}
        if not isinstance(params, dict):
            raise ParamError(message=f"params must be a dict, got {type(params).__name__}: {params!r}")
        self.field_name = field_name
        self.index_type = type_name(index_type)
        self.index_name = index_name
        self._configs: dict[str, Any] = {**params, **kwargs}

    def get_index_configs(self) -> dict[str, Any]:
        """Type, metric and parameters in one dictionary."""
        return {**self._configs, **({"index_type": self.index_type} if self.index_type else {})}

    def to_dict(self) -> dict[str, Any]:
        return {
            "field_name": self.field_name,
            "index_type": self.index_type,
            "index_name": self.index_name,
            **self._configs,
        }

    def __repr__(self) -> str:
        return str(self.to_dict())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IndexParam) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # equal by content that may change


class IndexParams(list[IndexParam]):
    """The indexes of a collection.

    >>> params = IndexParams()
    >>> params.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
    >>> len(params)
    1
    """

    def add_index(
        self, field_name: str, index_type: str | IndexType = "", index_name: str = "", **kwargs: Any
    ) -> None:
        self.append(IndexParam(field_name, index_type, index_name, **kwargs))


def to_records(index_params: Any, call: Callable[..., Any]) -> tuple[IndexRecord, ...]:
    """The engine's records of index parameters, from this package's classes or pymilvus's.

    Args:
        call: the client's call that takes them.

    Raises:
        ParamError: the argument is neither, a value has the wrong type, or a parameter is misspelt.
    """
    if not isinstance(index_params, list) or not all(
        hasattr(entry, "get_index_configs") for entry in index_params
    ):
        raise ParamError(
            message="index_params must be what prepare_index_params() returns, "
            f"got {type(index_params).__name__}"
        )
    records = []
    for entry in index_params:
        configs = dict(entry.get_index_configs())
        index_type, metric = configs.pop("index_type", ""), configs.pop("metric_type", None)
        index_type = type_name(index_type)
        for name, value in (("field_name", entry.field_name), ("index_type", index_type)):
            if not isinstance(value, str):
                raise ParamError(message=f"{name} must be a str, got {type(value).__name__}: {value!r}")
        judge_options(
            call.__name__,
            configs,
            _NAMES,
            strict=getattr(getattr(call, "__self__", None), "strict", False),
            what="index parameter",
        )
        known = {name: value for name, value in configs.items() if name in PARAMETER_NAMES}
        records.append(
            IndexRecord(entry.index_name, entry.field_name, index_type.upper(), named(metric) or None, known)
        )
    return tuple(records)
