"""Encoders and decoders: a user's values, checked against the schema, to stored values and back."""

from .array_ops import ArrayOp
from .batch import Batch, encode_columns, encode_inserted
from .changes import Changes, Stored, encode_changes, merged, missing_columns
from .columns import Column, Columns, GivenRows, NullableArray, Values, as_list, of_rows
from .packed_vectors import PackedVectors
from .scalars import check_defaults, decode_scalar, encode_default, encode_pks
from .text_vectors import stored_text_vectors, text_vectors
from .vector_codec import QueryVectors
from .vector_lists import PackedList
from .vectors import (
    Blob,
    as_numbers,
    codec_of,
    decode_vector,
    encode_queries,
    encode_vectors,
    float_matrix,
    stored_queries,
)

__all__ = [
    "ArrayOp",
    "Batch",
    "Blob",
    "Changes",
    "Column",
    "Columns",
    "GivenRows",
    "NullableArray",
    "PackedList",
    "PackedVectors",
    "QueryVectors",
    "Stored",
    "Values",
    "as_list",
    "as_numbers",
    "check_defaults",
    "codec_of",
    "decode_scalar",
    "decode_vector",
    "encode_changes",
    "encode_columns",
    "encode_default",
    "encode_inserted",
    "encode_pks",
    "encode_queries",
    "encode_vectors",
    "float_matrix",
    "merged",
    "missing_columns",
    "of_rows",
    "stored_queries",
    "stored_text_vectors",
    "text_vectors",
]
