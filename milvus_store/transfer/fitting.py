"""A collection as a file of ours can hold it: a file that is made for the question alone answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .. import MilvusClient
from ..errors import MilvusException
from ..index_params import IndexParam, IndexParams
from .client_stores import ClientStore
from .definitions import CollectionDefinition
from .stores import Fitted


def fitted_to_a_file(definition: CollectionDefinition) -> Fitted:
    """The collection with the properties and indexes that a file takes."""
    with MilvusClient(":memory:") as scratch:
        store = ClientStore(scratch, "")
        bare = replace(definition, properties=(), indexes=IndexParams(), aliases=())
        reason = _refusal(store, bare)
        if reason is not None:
            return Fitted(definition, refusals=(reason,))
        changes, properties = [], []
        for name, value in definition.properties:
            scratch.drop_collection(definition.name)
            reason = _refusal(store, replace(bare, properties=((name, value),)))
            if reason is None:
                properties.append((name, value))
            else:
                changes.append(f"property {name!r} is left out: {reason}")
        scratch.drop_collection(definition.name)
        store.create(bare)
        indexes = IndexParams()
        for index in definition.indexes:
            fitting, reason = _fitting_index(scratch, definition.name, index)
            indexes += fitting
            changes += [] if reason is None else [reason]
        return Fitted(replace(definition, properties=tuple(properties), indexes=indexes), (), tuple(changes))


def automatic(index: IndexParam) -> IndexParam:
    """AUTOINDEX in place of ``index``, with its metric."""
    metric = {key: value for key, value in index.get_index_configs().items() if key == "metric_type"}
    return IndexParam(index.field_name, "AUTOINDEX", index.index_name, **metric)


def _refusal(store: ClientStore, definition: CollectionDefinition) -> str | None:
    try:
        store.create(definition)
    except MilvusException as error:
        return error.message
    return None


def _fitting_index(
    client: MilvusClient, name: str, index: IndexParam
) -> tuple[Iterable[IndexParam], str | None]:
    """The index, or another one or none in its place and why."""
    reason = ""
    for candidate, instead in ((index, ""), (automatic(index), "becomes AUTOINDEX")):
        try:
            client.create_index(name, IndexParams([candidate]))
        except MilvusException as error:
            reason = reason or error.message
            continue
        told = (
            f"index {index.index_name!r} of type {index.index_type} {instead}: {reason}" if instead else None
        )
        return [candidate], told
    return [], f"index {index.index_name!r} of type {index.index_type} is left out: {reason}"
