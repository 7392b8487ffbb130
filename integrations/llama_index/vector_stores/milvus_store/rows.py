"""Nodes to rows and hits to nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from llama_index.core.schema import BaseNode, MetadataMode, TextNode
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict

from milvus_store import DataType

ID_FIELD: Final = "id"
_CONTENT: Final = "_node_content"


@dataclass(frozen=True, slots=True)
class Fields:
    """Names of a store's fields; ``dense`` and ``sparse`` are None for vectors that it does not keep.

    ``scalars``: the metadata keys that are fields, with their types. ``shown``: the metadata keys to return, empty
    for whole nodes.
    """

    text: str
    doc_id: str
    dense: str | None
    sparse: str | None
    scalars: dict[str, DataType]
    shown: tuple[str, ...]

    @property
    def own(self) -> dict[str, DataType]:
        """The fields that filters name directly, with their types; any other key is one of the metadata."""
        texts = dict.fromkeys((ID_FIELD, self.text, self.doc_id), DataType.VARCHAR)
        return {**self.scalars, **texts}

    @property
    def vectors(self) -> list[str]:
        return [field for field in (self.dense, self.sparse) if field is not None]

    def output(self, asked: Sequence[str] | None, *, with_embedding: bool = False) -> list[str]:
        """The fields to read: all that make a node, and vectors if they are needed."""
        limited = list(asked if asked is not None else self.shown)
        fields = limited or [*(name for name in self.own if name != ID_FIELD), "$meta"]
        more = [self.text, *([self.dense] if with_embedding and self.dense else [])]
        return list(dict.fromkeys([*fields, *more]))


def to_rows(
    fields: Fields, nodes: Sequence[BaseNode], sparse: Sequence[dict[int, float]] | None
) -> list[dict[str, Any]]:
    """A row for each node; ``sparse``: their sparse vectors, None if none are kept or the database makes them.

    Raises:
        ValueError: a node has no embedding.
    """
    rows = []
    for index, node in enumerate(nodes):
        row = _metadata(index, node)
        row[fields.text] = node.get_content(metadata_mode=MetadataMode.NONE)
        row[fields.doc_id] = node.ref_doc_id or "None"
        row[ID_FIELD] = node.node_id
        if fields.dense is not None:
            if node.embedding is None:
                raise ValueError(
                    f"node {node.node_id!r} has no embedding (node {index} of this call): embed it, or use "
                    f"enable_dense=False"
                )
            row[fields.dense] = node.embedding
        if sparse is not None:
            assert fields.sparse is not None
            row[fields.sparse] = sparse[index]
        rows.append(row)
    return rows


def _metadata(index: int, node: BaseNode) -> dict[str, Any]:
    """The metadata of a node, and the node itself, as LlamaIndex serializes them.

    Raises:
        ValueError: a value cannot be serialized; the message names its key.
    """
    try:
        return node_to_metadata_dict(node, remove_text=True, text_field="text")
    except (TypeError, ValueError):  # pydantic does not know numpy's values, and its error names no key
        plain = node.model_copy(update={"metadata": _without_numpy(node.metadata)})
    for key, value in plain.metadata.items():
        try:
            TextNode(metadata={key: value}).model_dump(mode="json")
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"metadata key {key!r} of node {node.node_id!r} (node {index} of this call): cannot be stored, "
                f"got {type(value).__name__}: {value!r:.80}"
            ) from error
    return node_to_metadata_dict(plain, remove_text=True, text_field="text")


def _without_numpy(value: Any) -> Any:
    """``value`` with Python's numbers and lists in place of numpy's."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _without_numpy(item) for key, item in value.items()}
    return [_without_numpy(item) for item in value] if isinstance(value, (list, tuple)) else value


def to_node(fields: Fields, entity: Mapping[str, Any], shown: Sequence[str]) -> BaseNode:
    """The node of a row; where only some fields were read, a text with the metadata ``shown``."""
    text = entity.get(fields.text)
    if _CONTENT in entity:
        node = metadata_dict_to_node(dict(entity), text=text)
    else:
        node = TextNode(text=text or "", metadata={key: entity.get(key) for key in shown})
    return node


def to_nodes(fields: Fields, rows: Sequence[Mapping[str, Any]]) -> list[BaseNode]:
    """The nodes of rows, with their embeddings."""
    nodes = []
    for row in rows:
        node = to_node(fields, row, fields.shown)
        node.embedding = row.get(fields.dense) if fields.dense else None
        nodes.append(node)
    return nodes
