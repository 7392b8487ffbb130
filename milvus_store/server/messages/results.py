"""What a search or a query found, as messages."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from pymilvus.grpc_gen import common_pb2, schema_pb2

from milvus_store_lite import DYNAMIC_FIELD, FoundHits, FoundRows

from ..protocol import Message
from .fields import dynamic_data, field_data, ids_of


def shown_fields(found: FoundRows | FoundHits) -> list[Message]:
    """The fields that are shown of what was found, and the dynamic keys."""
    rows = found if isinstance(found, FoundRows) else found.rows
    if rows is None:
        return []
    by_name = rows.projection.schema.by_name
    shown = [field_data(by_name[name], values) for name, values in found.columns().items()]
    dynamic = found.dynamic()
    return shown if dynamic is None else [*shown, dynamic_data(dynamic)]


def output_names(asked: Iterable[str], fields: Iterable[Message]) -> list[str]:
    """The names that the client asked for, ``*`` as all those that it stands for."""
    names = list(asked)
    if "*" not in names:
        return names
    return [*(field.field_name for field in fields if not field.is_dynamic), DYNAMIC_FIELD]


def hits_message(found: FoundHits, asked: Iterable[str], limit: int) -> Message:
    """The hits of every query, one after another."""
    fields = shown_fields(found)
    starts = found.starts
    return schema_pb2.SearchResultData(
        num_queries=len(starts) - 1,
        top_k=limit,
        fields_data=fields,
        scores=found.distances,
        ids=ids_of(found.pks),
        topks=[end - start for start, end in pairwise(starts)],
        output_fields=output_names(asked, fields),
        primary_field_name=found.primary,
        **_highlights(found),
        **_offsets(found),
    )


def _offsets(found: FoundHits) -> dict[str, Message]:
    """Where the structs that were found stand in their arrays; of rows, and for older clients, nothing."""
    if (
        found.offsets is None
        or "element_indices" not in schema_pb2.SearchResultData.DESCRIPTOR.fields_by_name
    ):
        return {}
    return {"element_indices": schema_pb2.LongArray(data=found.offsets)}


def _highlights(found: FoundHits) -> dict[str, list[Message]]:
    """The marked fragments of the hits; of no hit, if nothing was to be marked."""
    if found.highlights is None:
        return {}
    results = [
        common_pb2.HighlightResult(
            field_name=name,
            datas=[common_pb2.HighlightData(fragments=one.texts, scores=one.scores) for one in of_hits],
        )
        for name, of_hits in found.highlights.items()
    ]
    return {"highlight_results": results}
