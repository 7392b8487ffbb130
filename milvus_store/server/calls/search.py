"""Searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pymilvus.grpc_gen import common_pb2, milvus_pb2

from milvus_store_lite import ByIds, DataType, FoundBuckets, Queries, TenantCollection

from ...client.milvus_client import MilvusClient
from ...client.ordering import ORDER_BY, split_outside_brackets
from ...client.query_groups import GROUP_BY
from ...errors import ParamError
from ...highlighters import (
    LexicalHighlighter,
    SemanticHighlighter,
    highlighter_of,
    semantic_highlighter_of,
)
from ...iterators import UNLIMITED, check_iteration
from ...rankers import AnnSearchRequest, RRFRanker, WeightedRanker
from ..databases import collection_of
from ..iterators import SearchIterators
from ..messages.buckets import aggregation_of, buckets_message
from ..messages.pairs import object_of, texts_of, value_of
from ..messages.queries import queries_of
from ..messages.rankers import chains_of, functions_of, ranker_of
from ..messages.results import hits_message
from ..messages.templates import template_values
from ..protocol import Message
from .handshake import timestamp

_LIMIT: Final = "topk"
_IS_ITERATOR: Final = "search_iter_v2"
_PAGE: Final = "search_iter_batch_size"
_TOKEN: Final = "search_iter_id"
_KEYWORDS: Final = ("offset", "round_decimal", "group_size", "strict_group_size", "strict_cast")
_TEXT_KEYWORDS: Final = ("group_by_field", "json_path", "timezone", "time_fields", ORDER_BY)
_CAST_TYPES: Final = {
    **{f"Int{bits}": DataType[f"INT{bits}"] for bits in (8, 16, 32, 64)},
    "Bool": DataType.BOOL,
    "VarChar": DataType.VARCHAR,
}
"""The names that pymilvus gives to the types of ``json_type``."""

_NOT_IN_HYBRID: Final = {
    "highlighter": "a hybrid search marks no words",
    "search_aggregation": "a hybrid search has no search_aggregation, as in Milvus",
}


def search(iterators: SearchIterators, client: MilvusClient, request: Any) -> Message:
    """The hits of a search, or a page of an iterator."""
    given = texts_of(request.search_params)
    names = list(request.output_fields)
    if value_of(given.get(_IS_ITERATOR, "false")) is True:
        results = _page(iterators, client, request, given, names)
    else:
        *arguments, keywords = (request.dsl, _limit(given), names, *_further_arguments(request, given))
        keywords |= {"ranker": ranker_of(request), "function_chains": chains_of(request)}
        found = client._found_hits(request.collection_name, _queries(request), (*arguments, keywords))
        if isinstance(found, FoundBuckets):
            results = buckets_message(found)
        else:
            results = hits_message(found, names, _limit(given))
    return milvus_pb2.SearchResults(
        results=results, collection_name=request.collection_name, session_ts=timestamp()
    )


def _page(
    iterators: SearchIterators,
    client: MilvusClient,
    request: Any,
    given: Mapping[str, str],
    names: list[str],
) -> Message:
    """The first page of a new iterator, or the next one."""
    if functions_of(request) or chains_of(request):
        raise ParamError(message="an iterator takes no ranker: rank the hits of a search")
    count = value_of(given.get(_PAGE, "0"))
    check_iteration(count, UNLIMITED)
    collection = collection_of(client, request.collection_name)
    tenant = collection.tenant if isinstance(collection, TenantCollection) else None
    owner = request.db_name, request.collection_name, tenant
    token = _text(given, _TOKEN)
    if not token:
        arguments = (request.dsl, count, names, *_further_arguments(request, given))
        token = iterators.add(
            client._search_cursor(request.collection_name, _queries(request), arguments), owner
        )
    found = iterators.page(token, owner, count)
    results = hits_message(found, names, count)
    results.search_iterator_v2_results.token = token
    results.search_iterator_v2_results.last_bound = found.distances[-1] if found.distances else 0.0
    return results


def _further_arguments(
    request: Any, given: Mapping[str, str]
) -> tuple[dict[str, Any], list[str], str | None, dict[str, Any]]:
    """The arguments of a search after its output fields, in their order."""
    return (
        _index_params(given),
        list(request.partition_names),
        _text(given, "anns_field"),
        {
            **_keywords(given),
            "search_aggregation": aggregation_of(request),
            "filter_params": template_values(request.expr_template_values),
            "highlighter": _highlighter(request),
        },
    )


def _highlighter(request: Any) -> LexicalHighlighter | SemanticHighlighter | None:
    """What marks words in the texts of the hits."""
    if "highlighter" not in request.DESCRIPTOR.fields_by_name or not request.HasField("highlighter"):
        return None
    given = texts_of(request.highlighter.params)
    params = {name: value_of(text) for name, text in given.items()}
    if request.highlighter.type == common_pb2.HighlightType.Lexical:
        return highlighter_of(params)
    name = "model_deployment_id"  # a text, even if it is a number
    return semantic_highlighter_of(params | ({name: given[name]} if name in given else {}))


def _hybrid_search(client: MilvusClient, request: Any) -> Message:
    given = texts_of(request.rank_params)
    if chains_of(request):
        raise ParamError(message="function_chains belong to search(), as in Milvus")
    if given.get(ORDER_BY):
        raise ParamError(message=f"{ORDER_BY} of a hybrid search is not supported on a file: order its hits")
    names = list(request.output_fields)
    options = {**_keywords(given), "rank_group_scorer": _text(given, "rank_group_scorer") or "max"}
    limit = value_of(given.get("limit", "10"))
    found = client._found_hybrid(
        request.collection_name,
        [_part(part) for part in request.requests],
        _ranker(request, given),
        limit,
        names,
        list(request.partition_names),
        options,
    )
    return milvus_pb2.SearchResults(
        results=hits_message(found, names, limit),
        collection_name=request.collection_name,
        session_ts=timestamp(),
    )


def _part(request: Any) -> AnnSearchRequest:
    """One search of a hybrid search."""
    _refuse(request, _NOT_IN_HYBRID)
    if functions_of(request) or chains_of(request):
        raise ParamError(message="a part of a hybrid search takes no ranker of its own on a file")
    given = texts_of(request.search_params)
    return AnnSearchRequest(
        queries_of(request.placeholder_group),
        _text(given, "anns_field") or "",
        _index_params(given),
        _limit(given),
        expr=request.dsl,
        expr_params=template_values(request.expr_template_values),
    )


def _ranker(request: Any, given: Mapping[str, str]) -> Any:
    """The ranker: a function, or a strategy with its parameters; None for the usual one."""
    functions = functions_of(request)
    if len(functions) > 1:
        raise ParamError(message=f"a hybrid search takes one ranker on a file, got {len(functions)}")
    if functions:
        return functions[0]
    strategy = _text(given, "strategy")
    if not strategy:
        return None
    params = object_of(given.get("params", ""), "params of a ranker")
    if strategy == "rrf":
        return RRFRanker(params.get("k", 60))
    if strategy == "weighted":
        weights = params.get("weights", [])
        if not isinstance(weights, list):
            raise ParamError(message=f"weights of a ranker must be a list of numbers, got {weights!r:.80}")
        return WeightedRanker(*weights, norm_score=params.get("norm_score", True))
    raise ParamError(message=f"ranker {strategy!r} is not supported on a file, expected 'rrf' or 'weighted'")


def _refuse(request: Any, parts: Mapping[str, str]) -> None:
    for part, reason in parts.items():
        if part in request.DESCRIPTOR.fields_by_name and request.HasField(part):
            raise ParamError(message=reason)


def _queries(request: Any) -> Queries:
    if "ids" in request.DESCRIPTOR.fields_by_name:
        ids: list[Any] = [*request.ids.int_id.data, *request.ids.str_id.data]
        if ids:
            return ByIds(ids)
    queries: Queries = queries_of(request.placeholder_group)
    return queries


def _limit(given: Mapping[str, str]) -> Any:
    return value_of(given.get(_LIMIT, "10"))


def _text(given: Mapping[str, str], name: str) -> str | None:
    """A parameter that is a text; some clients write it as JSON."""
    text = given.get(name)
    if text is None:
        return None
    value = value_of(text)
    return value if isinstance(value, str) else text


def _index_params(given: Mapping[str, str]) -> dict[str, Any]:
    """What ``search`` takes as ``search_params``."""
    params = object_of(given.get("params", ""), "params of a search")
    if "analyzer_name" in given:
        params["analyzer_name"] = _text(given, "analyzer_name")
    metric = _text(given, "metric_type")
    return {"params": params, **({"metric_type": metric} if metric else {})}


def _keywords(given: Mapping[str, str]) -> dict[str, Any]:
    """The other keywords of ``search``."""
    found: dict[str, Any] = {name: value_of(given[name]) for name in _KEYWORDS if name in given}
    found |= {name: _text(given, name) for name in _TEXT_KEYWORDS if name in given}
    if "json_type" in given:
        found["json_type"] = _CAST_TYPES.get(given["json_type"], given["json_type"])
    if given.get(GROUP_BY):
        found[GROUP_BY] = split_outside_brackets(_text(given, GROUP_BY) or "", ",")
    return found


CALLS: Final = {"HybridSearch": _hybrid_search}
