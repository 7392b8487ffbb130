"""What a user's values become in the file, checked against the schema on the way, and back."""

from .batch import Batch, encode_rows
from .changes import Changes, Stored, encode_changes, merged, missing_columns
from .scalars import check_defaults, decode_scalar, encode_default, encode_pks
from .vectors import Blob, decode_vector, encode_queries, encode_vectors, stored_queries, width

__all__ = [
    "Batch",
    "Blob",
    "Changes",
    "Stored",
    "check_defaults",
    "decode_scalar",
    "decode_vector",
    "encode_changes",
    "encode_default",
    "encode_pks",
    "encode_queries",
    "encode_rows",
    "encode_vectors",
    "merged",
    "missing_columns",
    "stored_queries",
    "width",
]
