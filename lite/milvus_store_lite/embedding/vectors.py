"""The vectors of texts: asks what is registered, batch by batch, and checks what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import EmbeddingError, shown
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.functions import Function
from ..suggestions import did_you_mean
from .providers import SERVICES, hosted
from .registry import Embedder, embedder, registered

Matrix = npt.NDArray[np.float32]

_OWN_PARAMS: Final = ("provider", "dim")
"""What a registered callable does not get: the others are keywords of its calls."""
_INT8: Final = np.iinfo(np.int8)


def check_provider(function: Function) -> None:
    """Raise MilvusException unless this process has what ``function`` embeds by."""
    _embedder(function)


def vectors_of(function: Function, field: Field, texts: Sequence[str], *, as_queries: bool = False) -> Matrix:
    """(len(texts), dim) float32: the vector of each text, as ``field`` can hold it.

    Args:
        as_queries: whether they are the texts of a search.

    Raises:
        EmbeddingError: nothing of that name is registered, it raised an error, or it gave something else than a
            vector for each text; the message names the function and the field.
    """
    by = _embedder(function)
    embed = by.embed_query if as_queries else by.embed
    own = embedder(function.provider) is not None
    keywords = {key: value for key, value in function.params.items() if own and key not in _OWN_PARAMS}
    found = np.empty((len(texts), field.vector_dim), dtype=np.float32)
    for start in range(0, len(texts), by.batch_size):
        batch = list(texts[start : start + by.batch_size])
        try:
            given = embed(batch, **keywords)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise _error(function, field, f"embedding {len(batch)} texts failed: {reason}") from error
        found[start : start + len(batch)] = _checked(function, field, len(batch), given)
    return found


def _embedder(function: Function) -> Embedder:
    found = embedder(function.provider) or hosted(function.provider, function.params)
    if found is None:
        known = (*registered(), *SERVICES)
        raise EmbeddingError(
            message=f"function '{function.name}' (TEXTEMBEDDING): nothing is registered as {function.provider!r} "
            f"in this process: call milvus_store.embeddings.register({function.provider!r}, embed) first, in a "
            f"server by a module that is named as functions; there are {', '.join(known)}"
            f"{did_you_mean(function.provider, known)}"
        )
    return found


def _checked(function: Function, field: Field, count: int, given: Any) -> npt.NDArray[Any]:
    """``given`` as (count, dim) numbers that the field can hold."""
    try:
        found = np.asarray(given)
    except Exception:  # rows of several lengths, or an object of a library that does not become an array
        found = np.empty(0, dtype=object)
    if found.dtype.kind not in "fiu" or found.ndim != 2:
        lengths = _lengths(given)
        what = f"vectors of the lengths {lengths}" if lengths else shown(given)
        raise _error(function, field, f"expected {count} vectors of numbers, got {what}")
    if len(found) != count:
        raise _error(function, field, f"expected {count} vectors for {count} texts, got {len(found)}")
    if found.shape[1] != field.vector_dim:
        raise _error(
            function, field, f"expected vectors of dimension {field.vector_dim}, got {found.shape[1]}"
        )
    with np.errstate(over="ignore"):
        narrow = found.astype(np.float32)
    wrong = ~np.isfinite(narrow)
    if field.dtype is DataType.INT8_VECTOR:
        wrong |= (narrow < _INT8.min) | (narrow > _INT8.max) | (narrow != np.round(narrow))
    if wrong.any():
        row, column = map(int, np.argwhere(wrong)[0])
        expected = "integers from -128 to 127" if field.dtype is DataType.INT8_VECTOR else "finite numbers"
        value = found[row, column].item()
        raise _error(function, field, f"expected {expected}, got {value!r} in the vector of text {row}")
    return narrow


def _lengths(given: Any) -> str:
    """The different lengths of lists that are not equally long, empty for anything else."""
    if not isinstance(given, list | tuple) or not all(isinstance(one, list | tuple) for one in given):
        return ""
    lengths = sorted({len(one) for one in given})
    return ", ".join(map(str, lengths[:4])) if len(lengths) > 1 else ""


def _error(function: Function, field: Field, message: str) -> EmbeddingError:
    where = f"function '{function.name}' (TEXTEMBEDDING) for field '{field.name}' ({field.describe()})"
    return EmbeddingError(message=f"{where}: {message}")
