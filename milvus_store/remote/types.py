"""Our schemas, index parameters and data types as pymilvus's; anything else passes as it is."""

from __future__ import annotations

from typing import Any

from milvus_store_lite.data_types import DataType

from ..functions import Function
from ..index_params import IndexParams
from ..rankers import AnnSearchRequest, RRFRanker, WeightedRanker
from ..schema import CollectionSchema, FieldSchema


def to_pymilvus(value: Any) -> Any:
    """``value`` as pymilvus takes it."""
    if isinstance(value, DataType):
        return _data_type(value)
    if isinstance(value, CollectionSchema):
        return _schema(value)
    if isinstance(value, FieldSchema):
        return _field(value)
    if isinstance(value, IndexParams):
        return _index_params(value)
    if isinstance(value, (RRFRanker, WeightedRanker, AnnSearchRequest, Function)):
        return _part_of_search(value)
    if isinstance(value, list) and value and isinstance(value[0], AnnSearchRequest):
        return [to_pymilvus(one) for one in value]
    return value


def _part_of_search(ours: RRFRanker | WeightedRanker | AnnSearchRequest | Function) -> Any:
    import pymilvus

    if isinstance(ours, RRFRanker):
        return pymilvus.RRFRanker(ours.k)
    if isinstance(ours, WeightedRanker):
        return pymilvus.WeightedRanker(*ours.weights, norm_score=ours.norm_score)
    if isinstance(ours, AnnSearchRequest):
        return pymilvus.AnnSearchRequest(
            ours.data, ours.anns_field, ours.param, ours.limit, ours.expr, ours.expr_params
        )
    return pymilvus.Function(
        ours.name,
        pymilvus.FunctionType(int(ours.type)),
        ours.input_field_names,
        ours.output_field_names,
        ours.description,
        ours.params,
    )


def _data_type(ours: DataType) -> Any:
    import pymilvus

    return pymilvus.DataType(int(ours))


def _schema(ours: CollectionSchema) -> Any:
    import pymilvus

    options = {} if ours.num_partitions is None else {"num_partitions": ours.num_partitions}
    return pymilvus.CollectionSchema(
        [_field(one) for one in ours.fields],
        description=ours.description,
        enable_dynamic_field=ours.enable_dynamic_field,
        auto_id=ours.auto_id,
        **options,
    )


def _field(ours: FieldSchema) -> Any:
    import pymilvus

    # An option is given only where it is set: with some types pymilvus refuses even the default of another's.
    options = {
        name: getattr(ours, name)
        for name in ("is_primary", "auto_id", "is_partition_key", "nullable")
        if getattr(ours, name)
    }
    if ours.default_value is not None:
        options["default_value"] = ours.default_value
    return pymilvus.FieldSchema(
        ours.name, _data_type(ours.dtype), description=ours.description, **ours.params, **options
    )


def _index_params(ours: IndexParams) -> Any:
    from pymilvus.milvus_client.index import IndexParams as TheirIndexParams

    theirs = TheirIndexParams()
    for one in ours:
        configs = one.get_index_configs()
        named = {key: configs.pop(key) for key in ("index_type", "metric_type") if key in configs}
        theirs.add_index(one.field_name, index_name=one.index_name, params=configs, **named)
    return theirs
