"""Data types, index types and metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pymilvus

from ..programs.setup import TYPES, ids

Program = Callable[[Any], object]

_VALUES: Final[Mapping[str, tuple[Any, dict[str, Any]]]] = {
    "BOOL": (True, {}),
    "INT8": (-8, {}),
    "INT16": (-16, {}),
    "INT32": (-32, {}),
    "INT64": (1 << 60, {}),
    "FLOAT": (0.5, {}),
    "DOUBLE": (0.1, {}),
    "VARCHAR": ("text", {"max_length": 9}),
    "TEXT": ("a long text " * 1000, {}),
    "ARRAY": ([1, 2], {"element_type": TYPES.INT64, "max_capacity": 3}),
    "JSON": ({"a": [1, None]}, {}),
    "GEOMETRY": ("POINT (1 2)", {}),
    "TIMESTAMPTZ": ("2026-01-01T00:00:00Z", {}),
    "BINARY_VECTOR": (bytes([3]), {"dim": 8}),
    "FLOAT_VECTOR": ([0.5, 1.0], {"dim": 2}),
    "FLOAT16_VECTOR": (np.array([0.5, 1.0], dtype=np.float16), {"dim": 2}),
    "BFLOAT16_VECTOR": (bytes([0, 63, 128, 63]), {"dim": 2}),
    "INT8_VECTOR": (np.array([1, 2], dtype=np.int8), {"dim": 2}),
    "SPARSE_FLOAT_VECTOR": ({1: 0.5}, {}),
}
"""Data type → a value, and what a field of it needs."""

NOT_TYPES: Final = {
    "NONE": "pymilvus: an invalid representation",
    "UNKNOWN": "what pymilvus calls a type that it does not know",
    "STRING": "Milvus refuses it for VARCHAR",
}


def _of_type(name: str) -> Program:
    def program(c: Any) -> None:
        if name == "STRUCT":
            _structs(c)
            return
        value, more = _VALUES[name]
        made = c.create_schema()
        made.add_field("id", TYPES.INT64, is_primary=True)
        made.add_field("value", TYPES[name], **more)
        indexes = c.prepare_index_params()
        if "VECTOR" in name:
            indexes.add_index("value", index_type="AUTOINDEX")
        else:
            made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
            indexes.add_index("vector", index_type="AUTOINDEX")
        c.create_collection("c", schema=made, index_params=indexes)
        c.insert("c", [{"id": 1, "value": value, **({} if "VECTOR" in name else {"vector": [1, 2]})}])
        found = c.get("c", [1], output_fields=["value"])[0]["value"]
        if "VECTOR" in name:
            assert ids(c.search("c", [value], anns_field="value")[0]) == [1]
        else:
            assert found == value

    return program


def _structs(c: Any) -> None:
    members = c.create_struct_field_schema()
    members.add_field("page", TYPES.INT64)
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
    made.add_field("value", TYPES.ARRAY, element_type=TYPES.STRUCT, struct_schema=members, max_capacity=3)
    c.create_collection("c", schema=made, index_params=c.prepare_index_params("vector", index_type="FLAT"))
    c.insert("c", [{"id": 1, "vector": [1, 2], "value": [{"page": 4}]}])
    assert c.get("c", [1], output_fields=["value"])[0]["value"] == [{"page": 4}]


DATA_TYPES: Final = {
    name: _of_type(name) for name in TYPES.__members__ if not name.startswith("_") and name not in NOT_TYPES
}

_BITS: Final = [bytes([number, 255 - number]) for number in range(1, 40)]


def _indexed(
    field: str, more: Mapping[str, Any], values: list[Any], kind: str, metric: str, **params: Any
) -> Program:
    """A search of the first of ``values`` finds it first."""

    def program(c: Any) -> None:
        made = c.create_schema()
        made.add_field("id", TYPES.INT64, is_primary=True)
        made.add_field("value", TYPES[field], **more)
        indexes = c.prepare_index_params()
        indexes.add_index("value", index_type=kind, metric_type=metric, params=params)
        c.create_collection("c", schema=made, index_params=indexes)
        c.insert("c", [{"id": number, "value": value} for number, value in enumerate(values)])
        assert c.describe_index("c", "value")["index_type"] == kind
        assert ids(c.search("c", [values[0]], limit=1)[0]) == [0]

    return program


_DENSE: Final = [[1.0 + number % 7, float(number), 2.0, 0.0] for number in range(40)]


def _dense(kind: str, metric: str = "L2", **params: Any) -> Program:
    return _indexed("FLOAT_VECTOR", {"dim": 4}, _DENSE, kind, metric, **params)


def _binary(kind: str, metric: str, **params: Any) -> Program:
    return _indexed("BINARY_VECTOR", {"dim": 16}, _BITS, kind, metric, **params)


def _sparse(kind: str, metric: str = "IP") -> Program:
    values = [{number: 1.0 + number} for number in range(1, 9)]
    return _indexed("SPARSE_FLOAT_VECTOR", {}, values, kind, metric)


def _signatures(kind: str, metric: str, **params: Any) -> Program:
    values = [np.arange(number, number + 8, dtype="<u4").tobytes() for number in range(0, 90, 9)]
    return _indexed("BINARY_VECTOR", {"dim": 256}, values, kind, metric, **params)


def _scalar(
    kind: str, field: str, value: Any, condition: str, more: Mapping[str, Any], **params: Any
) -> Program:
    def program(c: Any) -> None:
        made = c.create_schema()
        made.add_field("id", TYPES.INT64, is_primary=True)
        made.add_field("vector", TYPES.FLOAT_VECTOR, dim=2)
        made.add_field("value", TYPES[field], **more)
        indexes = c.prepare_index_params("vector", index_type="FLAT", metric_type="L2")
        indexes.add_index("value", index_type=kind, params=params)
        c.create_collection("c", schema=made, index_params=indexes)
        c.insert("c", [{"id": 1, "vector": [1, 2], "value": value}])
        assert c.describe_index("c", "value")["index_type"] == kind
        assert ids(c.query("c", filter=condition)) == [1]

    return program


_TEXT: Final = {"max_length": 99}

INDEX_TYPES: Final[Mapping[str, Program]] = {
    **{
        kind: _dense(kind)
        for kind in ("AUTOINDEX", "FLAT", "HNSW", "DISKANN", "SCANN", "ANNOY", "RNSG", "AISAQ")
    },
    **{kind: _dense(kind, nlist=4) for kind in ("IVF_FLAT", "IVF_SQ8", "IVF_SQ8H", "IVF_RABITQ")},
    "IVF_PQ": _dense("IVF_PQ", nlist=4, m=2),
    "HNSW_SQ": _dense("HNSW_SQ", sq_type="SQ8"),
    "HNSW_PQ": _dense("HNSW_PQ", m=2),
    "HNSW_PRQ": _dense("HNSW_PRQ", m=2, nrq=2),
    **{kind: _dense(kind) for kind in ("GPU_BRUTE_FORCE", "GPU_CAGRA")},
    "GPU_IVF_FLAT": _dense("GPU_IVF_FLAT", nlist=4),
    "GPU_IVF_PQ": _dense("GPU_IVF_PQ", nlist=4, m=2),
    "BIN_FLAT": _binary("BIN_FLAT", "HAMMING"),
    "BIN_IVF_FLAT": _binary("BIN_IVF_FLAT", "JACCARD", nlist=4),
    "MINHASH_LSH": _signatures("MINHASH_LSH", "MHJACCARD", mh_element_bit_width=32, mh_lsh_band=4),
    "SPARSE_INVERTED_INDEX": _sparse("SPARSE_INVERTED_INDEX"),
    "SPARSE_WAND": _sparse("SPARSE_WAND"),
    "INVERTED": _scalar("INVERTED", "VARCHAR", "words", 'value == "words"', _TEXT),
    "BITMAP": _scalar("BITMAP", "BOOL", True, "value == true", {}),
    "STL_SORT": _scalar("STL_SORT", "INT64", 5, "value < 9", {}),
    "Trie": _scalar("Trie", "VARCHAR", "words", 'value like "wo%"', _TEXT),
    "NGRAM": _scalar("NGRAM", "VARCHAR", "words", 'value like "%ord%"', _TEXT, min_gram=2, max_gram=3),
    "RTREE": _scalar(
        "RTREE", "GEOMETRY", "POINT (1 2)", "st_within(value, 'POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))')", {}
    ),
}
"""Index types of Milvus 3.0, which are those of Knowhere, and of pymilvus's ``IndexType``."""

OLD_NAMES: Final = {"INVALID", "IVFLAT", "IVF_SQ8_H"}
"""Members of pymilvus's ``IndexType`` that are no types, or another name of one."""


def _text_scores(c: Any) -> None:
    made = c.create_schema()
    made.add_field("id", TYPES.INT64, is_primary=True)
    made.add_field("text", TYPES.VARCHAR, max_length=99, enable_analyzer=True)
    made.add_field("terms", TYPES.SPARSE_FLOAT_VECTOR)
    made.add_function(pymilvus.Function("f", pymilvus.FunctionType.BM25, ["text"], ["terms"]))
    indexes = c.prepare_index_params("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    c.create_collection("c", schema=made, index_params=indexes)
    c.insert("c", [{"id": 1, "text": "a fox"}, {"id": 2, "text": "a hen"}])
    assert ids(c.search("c", ["fox"])[0]) == [1]


def _max_sim(metric: str, kind: str = "FLOAT_VECTOR") -> Program:
    def program(c: Any) -> None:
        from pymilvus.client.embedding_list import EmbeddingList

        binary = kind == "BINARY_VECTOR"
        tokens = [bytes([15]), bytes([240])] if binary else [[1.0, 0.0], [0.0, 1.0]]
        members = c.create_struct_field_schema()
        members.add_field("token", TYPES[kind], dim=8 if binary else 2)
        made = c.create_schema()
        made.add_field("id", TYPES.INT64, is_primary=True)
        made.add_field(
            "tokens", TYPES.ARRAY, element_type=TYPES.STRUCT, struct_schema=members, max_capacity=9
        )
        indexes = c.prepare_index_params()
        indexes.add_index("tokens[token]", index_type="BIN_FLAT" if binary else "HNSW", metric_type=metric)
        c.create_collection("c", schema=made, index_params=indexes)
        c.insert("c", [{"id": number, "tokens": [{"token": token}]} for number, token in enumerate(tokens)])
        query = EmbeddingList([tokens[1]], dtype=TYPES[kind]) if binary else EmbeddingList([tokens[1]])
        assert ids(c.search("c", [query], anns_field="tokens[token]", limit=1)[0]) == [1]

    return program


METRICS: Final[Mapping[str, Program]] = {
    **{metric: _dense("FLAT", metric) for metric in ("L2", "COSINE")},
    "IP": _indexed("FLOAT_VECTOR", {"dim": 2}, [[9.0, 1.0], [1.0, 1.0]], "FLAT", "IP"),
    **{metric: _binary("BIN_FLAT", metric) for metric in ("HAMMING", "JACCARD", "TANIMOTO")},
    **{metric: _binary("BIN_FLAT", metric) for metric in ("SUBSTRUCTURE", "SUPERSTRUCTURE")},
    "MHJACCARD": _signatures("MINHASH_LSH", "MHJACCARD", mh_element_bit_width=32, mh_lsh_band=4),
    "BM25": _text_scores,
    **{metric: _max_sim(metric) for metric in ("MAX_SIM", "MAX_SIM_IP", "MAX_SIM_L2", "MAX_SIM_COSINE")},
    **{metric: _max_sim(metric, "BINARY_VECTOR") for metric in ("MAX_SIM_HAMMING", "MAX_SIM_JACCARD")},
}
"""Metrics of Milvus 3.0: pymilvus's ``MetricType``, and those that have no number there."""
