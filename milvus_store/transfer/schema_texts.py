"""Schemas as JSON texts: an exported file keeps that of its rows, and importing it makes the same collection."""

from __future__ import annotations

import json

from ..schema import CollectionSchema


def to_text(schema: CollectionSchema) -> str:
    return json.dumps(schema.to_dict() | {"num_partitions": schema.num_partitions})


def from_text(text: str) -> CollectionSchema:
    told = json.loads(text)
    schema = CollectionSchema.construct_from_dict(told)
    schema.num_partitions = told["num_partitions"]
    return schema
