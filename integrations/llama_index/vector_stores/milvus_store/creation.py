"""The schema, the indexes and the ranker for a store's settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from milvus_store import CollectionSchema, DataType, IndexParams, MilvusClient, RRFRanker, WeightedRanker

from .rows import ID_FIELD, Fields
from .sparse import is_built_in

_TEXT: Final[dict[str, Any]] = {"datatype": DataType.VARCHAR, "max_length": 65_535}


def new_schema(fields: Fields, dim: int | None, sparse_function: Any) -> CollectionSchema:
    """The schema of a new collection.

    Raises:
        ValueError: the dimension of the dense vectors is not known.
    """
    analyzed: dict[str, Any] = {}
    if is_built_in(sparse_function):
        inputs = sparse_function.input_field_names
        analyzed = dict.fromkeys(
            [inputs] if isinstance(inputs, str) else inputs, sparse_function.get_field_kwargs()
        )
    schema = MilvusClient.create_schema(enable_dynamic_field=True)
    schema.add_field(ID_FIELD, is_primary=True, **_TEXT)
    schema.add_field(fields.doc_id, **_TEXT)
    schema.add_field(fields.text, **_TEXT, **analyzed.get(fields.text, {}))
    for name, dtype in fields.scalars.items():
        options = _TEXT if dtype is DataType.VARCHAR else {"datatype": dtype}
        schema.add_field(name, nullable=name not in analyzed, **options, **analyzed.get(name, {}))
    if fields.dense is not None:
        if dim is None:
            raise ValueError("dim, the dimension of the embeddings, must be given for a new collection")
        schema.add_field(fields.dense, DataType.FLOAT_VECTOR, dim=dim)
    if fields.sparse is not None:
        schema.add_field(fields.sparse, DataType.SPARSE_FLOAT_VECTOR)
        if analyzed:
            schema.add_function(sparse_function)
    return schema


def typed(names: Sequence[str], types: Sequence[Any]) -> dict[str, DataType]:
    """The types of the metadata keys that become fields, by name."""
    if len(names) != len(types):
        raise ValueError(
            f"scalar_field_names and scalar_field_types must be equally long, got {len(names)} and {len(types)}"
        )
    return {name: DataType(given) for name, given in zip(names, types, strict=True)}


def new_indexes(
    fields: Fields,
    metric: str,
    dense_config: Mapping[str, Any],
    sparse_config: Mapping[str, Any],
    sparse_function: Any,
    wanted: Collection[str | None],
) -> IndexParams:
    """An index on each vector field of those ``wanted``: AUTOINDEX, unless the configurations say otherwise."""
    indexes = MilvusClient.prepare_index_params()
    if fields.dense in wanted and fields.dense is not None:
        _add(indexes, fields.dense, {"index_type": "AUTOINDEX", "metric_type": metric, **dense_config})
    if fields.sparse in wanted and fields.sparse is not None:
        sparse_metric = "BM25" if is_built_in(sparse_function) else "IP"
        defaults = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": sparse_metric}
        _add(indexes, fields.sparse, {**defaults, **sparse_config})
    return indexes


def new_ranker(name: str, params: Mapping[str, Any]) -> RRFRanker | WeightedRanker:
    """The ranker of hybrid queries.

    Raises:
        ValueError: no ranker has this name.
    """
    if name == "RRFRanker":
        return RRFRanker(params.get("k", 60))
    if name == "WeightedRanker":
        return WeightedRanker(*params.get("weights", (1.0, 1.0)))
    raise ValueError(f"hybrid_ranker must be 'RRFRanker' or 'WeightedRanker', got {name!r}")


def _add(indexes: IndexParams, field: str, config: dict[str, Any]) -> None:
    named = {key: config.pop(key) for key in ("index_type", "metric_type")}
    name = config.pop("index_name", field)
    params = {
        **config.pop("params", {}),
        **{key: value for key, value in config.items() if key != "field_name"},
    }
    indexes.add_index(config.get("field_name", field), index_name=name, params=params, **named)
