"""Our schemas, index parameters, types, requests, rankers and filter trees as pymilvus's; all else passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from milvus_store_lite import DataType

from ...aggregations import SearchAggregation, TopHits
from ...embedding_lists import EmbeddingList
from ...errors import ParamError
from ...fields import FieldSchema
from ...filters import Expression, Node
from ...function_chain import ColumnRef, FunctionChain, FunctionChainOp
from ...functions import Function, FunctionScore
from ...highlighters import LexicalHighlighter, SemanticHighlighter
from ...index_params import IndexParams
from ...one_node import SegmentState
from ...rankers import AnnSearchRequest, RRFRanker, WeightedRanker
from ...schema import CollectionSchema
from ...structs import StructFieldSchema
from .expression import text_of


def to_pymilvus(value: Any) -> Any:
    """``value`` as pymilvus takes it; a list is looked into if its first element is one of ours."""
    if isinstance(value, IndexParams):
        return _index_params(value)
    if isinstance(value, Node):
        return text_of(cast(Expression, value))
    if isinstance(value, list) and value and type(value[0]) in _TRANSLATED:
        return [to_pymilvus(element) for element in value]
    translate = _TRANSLATED.get(type(value))
    return value if translate is None else translate(value)


def _data_type(ours: DataType) -> Any:
    import pymilvus

    return pymilvus.DataType(int(ours))


def _segment_state(ours: SegmentState) -> Any:
    import pymilvus

    return pymilvus.SegmentState(int(ours))


def _schema(ours: CollectionSchema) -> Any:
    import pymilvus

    options = {} if ours.num_partitions is None else {"num_partitions": ours.num_partitions}
    functions = [_function(function) for function in getattr(ours, "functions", None) or []]
    structs = [_struct(field) for field in ours.struct_fields]
    return pymilvus.CollectionSchema(
        [_field(field) for field in ours.fields],
        description=ours.description,
        enable_dynamic_field=ours.enable_dynamic_field,
        auto_id=ours.auto_id,
        **({"functions": functions} if functions else {}),
        **({"struct_fields": structs} if structs else {}),
        **options,
    )


def _struct(ours: StructFieldSchema) -> Any:
    import pymilvus

    theirs = pymilvus.StructFieldSchema(nullable=ours.nullable, description=ours.description)
    theirs.name, theirs.max_capacity = ours.name, ours.max_capacity
    theirs.fields.extend(_field(field) for field in ours.fields)
    return theirs


def _field(ours: FieldSchema) -> Any:
    import pymilvus

    # An option is given only where it is set: with some types pymilvus refuses even the default of another's.
    options = {
        name: to_pymilvus(getattr(ours, name))
        for name in ("is_primary", "auto_id", "is_partition_key", "nullable", "element_type")
        if getattr(ours, name, None)
    }
    if ours.default_value is not None:
        options["default_value"] = ours.default_value
    return pymilvus.FieldSchema(
        ours.name, _data_type(ours.dtype), description=ours.description, **ours.params, **options
    )


def _index_params(ours: IndexParams) -> Any:
    from pymilvus.milvus_client.index import IndexParams as TheirIndexParams

    theirs = TheirIndexParams()
    for index in ours:
        configs = index.get_index_configs()
        named = {key: configs.pop(key) for key in ("index_type", "metric_type") if key in configs}
        theirs.add_index(index.field_name, index_name=index.index_name, params=configs, **named)
    return theirs


def _request(ours: AnnSearchRequest) -> Any:
    import pymilvus

    return pymilvus.AnnSearchRequest(
        to_pymilvus(ours.data),
        ours.anns_field,
        ours.param,
        ours.limit,
        expr=to_pymilvus(ours.expr),
        expr_params=dict(ours.expr_params or {}),
    )


def _embeddings(ours: EmbeddingList) -> Any:
    from pymilvus.client.embedding_list import EmbeddingList as TheirEmbeddingList

    return TheirEmbeddingList(list(ours), dim=ours.dim or None, dtype=ours.dtype)


def _rrf(ours: RRFRanker) -> Any:
    import pymilvus

    return pymilvus.RRFRanker(ours.k)


def _weighted(ours: WeightedRanker) -> Any:
    import pymilvus

    return pymilvus.WeightedRanker(*ours.weights, norm_score=ours.norm_score)


def _function(ours: Function) -> Any:
    import pymilvus

    return pymilvus.Function(
        ours.name,
        pymilvus.FunctionType(int(ours.type)),
        ours.input_field_names,
        ours.output_field_names,
        ours.description,
        ours.params,
    )


def _function_score(ours: FunctionScore) -> Any:
    import pymilvus

    return pymilvus.FunctionScore([to_pymilvus(function) for function in ours.functions], ours.params)


def _function_chain(ours: FunctionChain) -> Any:
    theirs = _chains().FunctionChain(int(ours.stage), ours.name)
    for op in ours.ops:
        if op.op == "map":
            theirs.map(op.outputs[0], _expression(op))
        elif op.op == "sort":
            theirs.sort(op.params["column"], op.params.get("desc", True), op.params.get("tie_break_col"))
        else:
            theirs.limit(**op.params)
    return theirs


def _expression(step: FunctionChainOp) -> Any:
    module, ours = _chains(), step.expr
    if ours is None:
        raise ParamError(message=f"map of a function chain needs an expression, got {step!r:.200}")
    arguments = [module.col(one.name) if isinstance(one, ColumnRef) else one for one in ours.args]
    return module.FunctionChainExpr(ours.name, tuple(arguments), ours.params)


def _chains() -> Any:
    try:
        from pymilvus import function_chain
    except ImportError:
        raise ParamError(message="this version of pymilvus has no function chains: upgrade it") from None
    return function_chain


def _highlighter(ours: LexicalHighlighter | SemanticHighlighter) -> Any:
    import pymilvus

    name = type(ours).__name__
    if not hasattr(pymilvus, name):
        raise ParamError(message=f"this version of pymilvus has no {name}: update pymilvus")
    return getattr(pymilvus, name)(**ours.params)


def _aggregation(ours: SearchAggregation) -> Any:
    import pymilvus

    below = ours.sub_aggregation
    return pymilvus.SearchAggregation(
        ours.fields,
        ours.size,
        ours.metrics,
        ours.order,
        _top_hits(ours.top_hits) if type(ours.top_hits) is TopHits else ours.top_hits,
        _aggregation(below) if type(below) is SearchAggregation else below,
    )


def _top_hits(ours: TopHits) -> Any:
    import pymilvus

    return pymilvus.TopHits(ours.size, ours.sort)


_TRANSLATED: Final[dict[type, Callable[[Any], Any]]] = {
    AnnSearchRequest: _request,
    CollectionSchema: _schema,
    DataType: _data_type,
    SegmentState: _segment_state,
    EmbeddingList: _embeddings,
    FieldSchema: _field,
    StructFieldSchema: _struct,
    Function: _function,
    FunctionChain: _function_chain,
    FunctionScore: _function_score,
    LexicalHighlighter: _highlighter,
    SemanticHighlighter: _highlighter,
    RRFRanker: _rrf,
    SearchAggregation: _aggregation,
    WeightedRanker: _weighted,
}
