"""Every index type by name: the fields and metrics it takes, its parameters, and what serves it.

Errors and the table in the documentation read their lists from here. Names, parameters and ranges are those
of Milvus (https://milvus.io/docs/index-explained.md); RNSG, ANNOY and IVF_SQ8H are those of Milvus 1.x.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..errors import ParamError
from ..schema.data_types import DataType
from ..schema.fields import Field
from ..schema.vector_families import VectorFamily
from .binary_types import BINARY_TYPES, EXACT, NLIST, NPROBE, check_hashes
from .index_type import IndexType, by_name
from .parameters import Parameter, check_parameters
from .scalar_types import JSON_INDEXES, SCALAR_INDEXES

DENSE_METRICS: Final = ("COSINE", "L2", "IP")
SIMILARITIES: Final = {
    "MAX_SIM_COSINE": "COSINE",
    "MAX_SIM_IP": "IP",
    "MAX_SIM_L2": "L2",
    "MAX_SIM": "COSINE",
}
"""Metrics of lists of vectors, the default first → the metric between two vectors. MAX_SIM is MAX_SIM_COSINE."""

BINARY_LIST_METRICS: Final = ("MAX_SIM_HAMMING", "MAX_SIM_JACCARD")
_BITS_METRICS: Final = ("HAMMING", "JACCARD")

_PQ_M = Parameter("m", int, 1, 65_536, divides="dim")
_PQ_NBITS = Parameter("nbits", int, 1, 24, 8)
_M = Parameter("M", int, 2, 2048, 30)
_EF_CONSTRUCTION = Parameter("efConstruction", int, 1, 2**31 - 1, 360)
_EF = Parameter("ef", int, "limit", 2**31 - 1)
_SQ_TYPE = Parameter("sq_type", str, default="SQ8", choices=("SQ4U", "SQ6", "SQ8", "BF16", "FP16"))
_REFINE = Parameter("refine", bool, default=False)
_REFINE_TYPE = Parameter("refine_type", str, choices=("SQ6", "SQ8", "FP16", "BF16", "FP32"))
_REFINE_K = Parameter("refine_k", float, 1, None, 1.0)
_DROP_BUILD = Parameter("drop_ratio_build", float, 0, 1, 0.0, open_high=True)
_DROP_SEARCH = Parameter("drop_ratio_search", float, 0, 1, 0.0, open_high=True)

_ON_DISK: Final = (
    Parameter("max_degree", int, 1, 512, 56),
    Parameter("search_list_size", int, 1, 2**31 - 1, 100),
)
_SEARCH_LIST = Parameter("search_list", int, "limit", 2**31 - 1)

_MMAP: Final = Parameter("mmap.enabled", bool)
"""A parameter of every index: how a server holds it. It changes nothing here: vectors stay in the file anyway."""

_CODES: Final = "RaBitQ codes in inverted lists, exact re-rank"

_CODES_FROM: Final = 30_000
_OTHERS_FROM: Final = 5_000
"""Rows from which an index is built: where it begins to be faster than a scan (benchmarks/indexes.py)."""

_LISTS_FROM: Final = 1_000
"""Rows from which an index on lists is built, if they have enough vectors (``indexes/list_codes.py``)."""

_DENSE: Final = (
    IndexType("AUTOINDEX", DENSE_METRICS, "exact scan while small, then " + _CODES, least_rows=_CODES_FROM),
    IndexType("FLAT", DENSE_METRICS, EXACT),
    IndexType(
        "IVF_FLAT", DENSE_METRICS, "faiss inverted lists", (NLIST,), (NPROBE,), least_rows=_OTHERS_FROM
    ),
    IndexType(
        "IVF_SQ8",
        DENSE_METRICS,
        "faiss inverted lists of 8-bit codes, exact re-rank",
        (NLIST,),
        (NPROBE,),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "IVF_PQ",
        DENSE_METRICS,
        "faiss inverted lists of product codes, exact re-rank",
        (NLIST, _PQ_M, _PQ_NBITS),
        (NPROBE,),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "IVF_RABITQ",
        DENSE_METRICS,
        _CODES,
        (NLIST, _REFINE, _REFINE_TYPE),
        (NPROBE, Parameter("rbq_query_bits", int, 0, 8, 0), _REFINE_K),
        least_rows=_CODES_FROM,
    ),
    IndexType(
        "HNSW",
        DENSE_METRICS,
        "faiss graph over the vectors",
        (_M, _EF_CONSTRUCTION),
        (_EF,),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "HNSW_SQ",
        DENSE_METRICS,
        "faiss graph over scalar codes, exact re-rank",
        (_M, _EF_CONSTRUCTION, _SQ_TYPE, _REFINE, _REFINE_TYPE),
        (_EF, _REFINE_K),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "HNSW_PQ",
        DENSE_METRICS,
        "faiss graph over product codes, exact re-rank",
        (_M, _EF_CONSTRUCTION, _PQ_M, _PQ_NBITS, _REFINE, _REFINE_TYPE),
        (_EF, _REFINE_K),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "HNSW_PRQ",
        DENSE_METRICS,
        "HNSW_PQ",
        (_M, _EF_CONSTRUCTION, _PQ_M, Parameter("nrq", int, 1, 16, 2), _PQ_NBITS, _REFINE, _REFINE_TYPE),
        (_EF, _REFINE_K),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "SCANN",
        DENSE_METRICS,
        "faiss inverted lists of 4-bit product codes, exact re-rank",
        (NLIST, Parameter("with_raw_data", bool, default=True)),
        (NPROBE, Parameter("reorder_k", int, "limit", None)),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "DISKANN",
        DENSE_METRICS,
        _CODES + " of vectors left on disk",
        _ON_DISK,
        (_SEARCH_LIST,),
        least_rows=_CODES_FROM,
    ),
    IndexType("AISAQ", DENSE_METRICS, "DISKANN", _ON_DISK, (_SEARCH_LIST,), least_rows=_CODES_FROM),
    IndexType("GPU_BRUTE_FORCE", DENSE_METRICS, "FLAT, on the CPU"),
    IndexType(
        "GPU_IVF_FLAT", DENSE_METRICS, "IVF_FLAT, on the CPU", (NLIST,), (NPROBE,), least_rows=_OTHERS_FROM
    ),
    IndexType(
        "GPU_IVF_PQ",
        DENSE_METRICS,
        "IVF_PQ, on the CPU",
        (NLIST, _PQ_M, _PQ_NBITS),
        (NPROBE,),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "GPU_CAGRA",
        DENSE_METRICS,
        "HNSW, on the CPU",
        (
            Parameter("intermediate_graph_degree", int, 1, None, 128),
            Parameter("graph_degree", int, 1, None, 64),
            Parameter("build_algo", str, default="IVF_PQ", choices=("IVF_PQ", "NN_DESCENT")),
            Parameter("cache_dataset_on_device", bool, default=False),
            Parameter("adapt_for_cpu", bool, default=False),
        ),
        (
            Parameter("itopk_size", int, 1, None),
            Parameter("search_width", int, 1, None),
            Parameter("min_iterations", int, 0, None),
            Parameter("max_iterations", int, 0, None),
            Parameter("team_size", int, 0, 32),
            _EF,
        ),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "RNSG",
        DENSE_METRICS,
        "HNSW",
        (
            Parameter("search_length", int, 10, 300, 45),
            Parameter("out_degree", int, 5, 300, 50),
            Parameter("candidate_pool_size", int, 50, 1000, 300),
            Parameter("knng", int, 5, 300, 100),
        ),
        (Parameter("search_length", int, 10, 300, 45),),
        least_rows=_OTHERS_FROM,
    ),
    IndexType(
        "ANNOY",
        DENSE_METRICS,
        _CODES,
        (Parameter("n_trees", int, 1, 1024, 8),),
        (Parameter("search_k", int, "limit", None, -1, special=(-1,)),),
        least_rows=_CODES_FROM,
    ),
    IndexType("IVF_SQ8H", DENSE_METRICS, "IVF_SQ8", (NLIST,), (NPROBE,), least_rows=_OTHERS_FROM),
)


_BM25: Final = (Parameter("bm25_k1", float, 0, 10, 1.2), Parameter("bm25_b", float, 0, 1, 0.75))
_SPARSE_BUILD: Final = (
    _DROP_BUILD,
    Parameter(
        "inverted_index_algo",
        str,
        default="DAAT_MAXSCORE",
        choices=("DAAT_MAXSCORE", "DAAT_WAND", "TAAT_NAIVE"),
    ),
)


def _inverted(metric: str, build: Sequence[Parameter]) -> tuple[IndexType, ...]:
    return tuple(
        IndexType(name, (metric,), "inverted lists in memory, exact", tuple(build), (_DROP_SEARCH,))
        for name in ("SPARSE_INVERTED_INDEX", "SPARSE_WAND", "AUTOINDEX")
    )


_NEVER_IGNORED: Final = ("json_path", "json_cast_type")
"""These parameters say what is indexed, so no index ignores them."""

_OF_LISTS: Final = ("AUTOINDEX", "FLAT", "IVF_FLAT", "HNSW", "HNSW_SQ", "HNSW_PQ", "HNSW_PRQ", "DISKANN")
"""The index types of Milvus that compare lists of the vectors within structs, and FLAT; or single ones."""

_OF_ELEMENTS: Final = ("IVF_SQ8", "IVF_PQ", "IVF_RABITQ", "SCANN")
"""Those that compare single vectors within structs alone."""

DENSE_INDEXES: Final = by_name(_DENSE)
LIST_INDEXES: Final = {
    name: replace(
        DENSE_INDEXES[name],
        metrics=DENSE_METRICS if name in _OF_ELEMENTS else (*SIMILARITIES, *DENSE_METRICS),
        served_by=EXACT if name == "FLAT" else "exact scan while small, then " + _CODES,
        least_rows=None if name == "FLAT" else _LISTS_FROM,
    )
    for name in (*_OF_LISTS, *_OF_ELEMENTS)
}
BINARY_INDEXES: Final = by_name(BINARY_TYPES)
SPARSE_INDEXES: Final = by_name(_inverted("IP", _SPARSE_BUILD))
TEXT_INDEXES: Final = by_name(_inverted("BM25", (*_SPARSE_BUILD, *_BM25)))

BINARY_LIST_INDEXES: Final = by_name(
    (
        IndexType("AUTOINDEX", (*BINARY_LIST_METRICS, *_BITS_METRICS), EXACT),
        IndexType(
            "BIN_FLAT", (*BINARY_LIST_METRICS, *_BITS_METRICS, "SUBSTRUCTURE", "SUPERSTRUCTURE"), EXACT
        ),
        IndexType("BIN_IVF_FLAT", _BITS_METRICS, EXACT, (NLIST,), (NPROBE,)),
        IndexType("HNSW", (*BINARY_LIST_METRICS, *_BITS_METRICS), EXACT, (_M, _EF_CONSTRUCTION), (_EF,)),
    )
)

VECTOR_INDEXES: Final[dict[VectorFamily, dict[str, IndexType]]] = {
    VectorFamily.DENSE: DENSE_INDEXES,
    VectorFamily.BINARY: BINARY_INDEXES,
    VectorFamily.SPARSE: SPARSE_INDEXES,
    VectorFamily.TEXT: TEXT_INDEXES,
    VectorFamily.LIST: LIST_INDEXES,
    VectorFamily.BINARY_LIST: BINARY_LIST_INDEXES,
}
"""The index types that a field of each family may have, and their metrics, the default first."""

PARAMETER_NAMES: Final = frozenset(
    {
        _MMAP.name,
        *("level", "beamwidth", "search_cache_budget_gb_ratio", "pq_code_budget_gb_ratio", "num_threads"),
        *(
            parameter.name
            for kinds in (*VECTOR_INDEXES.values(), SCALAR_INDEXES, JSON_INDEXES)
            for kind in kinds.values()
            for parameter in (*kind.build, *kind.search)
        ),
    }
)
"""The parameters of all indexes, for build or search, here or on a server of any version. An index ignores
those that only others take, as Milvus does: one set of parameters may serve several indexes."""


def index_types(field: Field) -> dict[str, IndexType]:
    """The index types that ``field`` may have, by name."""
    if field.dtype.is_vector:
        return VECTOR_INDEXES[field.vector_family]
    if field.dtype is DataType.JSON:
        return JSON_INDEXES
    return {
        name: kind
        for name, kind in SCALAR_INDEXES.items()
        if field.dtype in kind.takes and (kind.name != "BITMAP" or _may_have_bitmap(field))
    }


def check_index(
    field: Field, type_name: str, metric: object, parameters: Mapping[str, Any]
) -> tuple[str, str | None, dict[str, Any]]:
    """(type, metric, parameters) of an index on ``field``, the metric's default filled in.

    Raises:
        ParamError: the field cannot have the type, or the type not the metric or a parameter.
    """
    known = index_types(field)
    kind = known.get((type_name or "AUTOINDEX").upper())
    if kind is None:
        raise ParamError(
            message=f"field '{field.name}' ({field.describe()}) cannot have index type {type_name!r}: expected "
            f"one of {', '.join(kind.name for kind in known.values())}"
        )
    own = {name: value for name, value in parameters.items() if name != _MMAP.name}
    if kind.name != "AUTOINDEX":  # which Milvus makes with no parameters at all
        own = _without_others(own, kind.build)
    checked = check_parameters(f"index type {kind.name}", kind.build, own, {"dim": field.dim})
    if "json_cast_function" in checked and checked["json_cast_type"] != "DOUBLE":
        raise ParamError(
            message=f"field '{field.name}': parameter 'json_cast_function' makes numbers of texts: expected "
            f"json_cast_type DOUBLE beside it, got {checked['json_cast_type']!r}"
        )
    if _MMAP.name in parameters:
        checked |= check_parameters("an index", (_MMAP,), {_MMAP.name: parameters[_MMAP.name]}, {})
    if not kind.metrics:
        if metric is not None:
            raise ParamError(
                message=f"field '{field.name}' ({field.describe()}) takes no metric_type, got {metric!r}"
            )
        return kind.name, None, checked
    metric = check_metric(field, kind, metric)
    if metric == "MHJACCARD" and field.is_function_output:
        check_hashes(field, checked)
    return kind.name, metric, checked


def check_index_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """``properties`` checked, which an index may be given once it is made: those that change no answer.

    Raises:
        ParamError: one is a parameter that the index was made with, or unknown.
    """
    return check_parameters("the properties of an index", (_MMAP,), properties, {})


def check_metric(field: Field, kind: IndexType, metric: object) -> str:
    """``metric`` in Milvus's spelling, the default for None."""
    metrics = kind.metrics
    if metric is None or metric == "":
        return metrics[0]
    if not isinstance(metric, str) or metric.upper() not in metrics:
        raise ParamError(
            message=f"metric_type of field '{field.name}' ({field.describe()}) must be one of "
            f"{', '.join(metrics)}, got {metric!r}"
            + ("; BM25 is for a field that a BM25 function fills" if metric == "BM25" else "")
        )
    return metric.upper()


def similarity(metric: str) -> str:
    """The metric between two vectors, of which a metric of lists is made; any other metric as it is."""
    return SIMILARITIES.get(metric, metric)


def bm25_parameters(built: Mapping[str, Any]) -> dict[str, Any]:
    """``bm25_k1`` and ``bm25_b`` of an index that was built with ``built``."""
    return {parameter.name: built.get(parameter.name, parameter.default) for parameter in _BM25}


def check_search_parameters(
    field: Field, kind: str, built: Mapping[str, Any], given: Mapping[str, Any], limit: int
) -> dict[str, Any]:
    """The parameters of one search on an index of type ``kind`` built with ``built``.

    Args:
        limit: rows asked for, the least that some parameters may be.

    Raises:
        ParamError: a name that no index takes, or a value out of range.
    """
    described = index_types(field)[kind]
    defaults = {parameter.name: parameter.default for parameter in described.build}
    known = {**defaults, **built, "limit": limit, "dim": field.dim}
    own = _without_others(given, described.search)
    return check_parameters(f"a search on index type {kind}", described.search, own, known)


def _without_others(given: Mapping[str, Any], own: Sequence[Parameter]) -> dict[str, Any]:
    """``given`` without what other indexes take; ``m`` where ``M`` is taken stays, which is a mistake."""
    names = {parameter.name for parameter in own}
    meant = {name.lower() for name in names}
    return {
        name: value
        for name, value in given.items()
        if name in names or name not in PARAMETER_NAMES or name in _NEVER_IGNORED or name.lower() in meant
    }


def _may_have_bitmap(field: Field) -> bool:
    """Milvus builds none over a primary key, nor over floating-point numbers, which are almost all distinct."""
    return not field.is_primary and field.element_type not in (DataType.FLOAT, DataType.DOUBLE)
