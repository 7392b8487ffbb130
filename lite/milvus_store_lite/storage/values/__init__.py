"""What a user's values become in the file, checked against the schema on the way, and back."""

from .batch import Batch, encode_rows
from .scalars import check_defaults, decode_scalar, encode_default, encode_pks
from .vectors import Blob, decode_vector, encode_queries, encode_vectors, stored_queries, width

__all__ = [
    "Batch",
    "Blob",
    "check_defaults",
    "decode_scalar",
    "decode_vector",
    "encode_default",
    "encode_pks",
    "encode_queries",
    "encode_rows",
    "encode_vectors",
    "stored_queries",
    "width",
]
