"""Writes ``indexes.md`` from the registry of index types: ``python docs/generate_indexes.py``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from milvus_store_lite.indexes.index_type import IndexType
from milvus_store_lite.indexes.parameters import Parameter
from milvus_store_lite.indexes.registry import (
    BINARY_INDEXES,
    BINARY_LIST_INDEXES,
    DENSE_INDEXES,
    LIST_INDEXES,
    SPARSE_INDEXES,
    TEXT_INDEXES,
)
from milvus_store_lite.indexes.scalar_types import JSON_INDEXES, SCALAR_INDEXES

PAGE = Path(__file__).with_name("indexes.md")

HEAD = """\
# Index types

A file knows every index type of Milvus by name. This page says what serves each of them.
`docs/generate_indexes.py` writes it from the registry that also checks parameters, so it cannot be out of
date.

A parameter reads: name, what it must be, and its default. The client checks values when it creates the index
or makes the search, and an error names the parameter, its range and the value. No index type ever changes
which rows match: a search returns `limit` rows whenever so many match, and never a deleted or filtered row.
An approximate index may miss a nearer row. Tests that draw data, filters and deletions hold each type to at
least 95 % of the nearest rows; on a million clustered vectors AUTOINDEX finds more than 99 %.

```python
from milvus_store import DataType, MilvusClient

client = MilvusClient("./milvus_demo.db")
schema = client.create_schema()
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=384)
schema.add_field("tenant", DataType.VARCHAR, max_length=64)
schema.add_field("meta", DataType.JSON)

index_params = client.prepare_index_params()
index_params.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
index_params.add_index("tenant", index_type="INVERTED")
path = {"json_path": 'meta["year"]', "json_cast_type": "DOUBLE"}
index_params.add_index("meta", index_type="INVERTED", params=path)
client.create_collection("docs", schema=schema, index_params=index_params)
client.close()
```
"""

VECTOR_HEAD = "| type | metrics | parameters of `create_index` | parameters of a search | served by |"
SCALAR_HEAD = "| type | field types | parameters of `create_index` | served by |"

DENSE_TEXT = """\
FLOAT_VECTOR, FLOAT16_VECTOR, BFLOAT16_VECTOR and INT8_VECTOR. The first metric is the default.

Scores are always those of the vectors themselves: a search scores anew what an index proposes. When the
vectors take more than 256 MB in all, it reads them from the file for that. So that it reads only some
fifteen, AUTOINDEX and ANNOY then hold codes of eight bits a dimension as well (or of four, where eight would
take more than 1 GiB; none where four would), and
IVF_RABITQ holds those that `refine` and `refine_type` ask for. DISKANN holds none: it takes the least memory
and reads the most.

Some parameters change nothing, and are checked all the same: `mmap.enabled` of any index; `refine` and
`refine_type` of HNSW_SQ and HNSW_PQ, `rbq_query_bits`, `with_raw_data`; and parameters of a structure that a
type does not have here: `max_degree` and `search_list_size` of DISKANN and AISAQ, `nrq` of HNSW_PRQ,
`n_trees` of ANNOY, `knng`, `candidate_pool_size` and the build's `search_length` of RNSG, all of GPU_CAGRA
but `graph_degree` and `ef`; and `nbits` beyond 8. More lists than `nlist` in `nprobe` are all
of them."""

BINARY_TEXT = """\
BINARY_VECTOR. Scanned exactly, so `nlist`, `nprobe` and all parameters of MINHASH_LSH but
`mh_element_bit_width` change nothing. MHJACCARD is the share of equal hashes in two
[signatures](near-duplicates.md), and a hash has `mh_element_bit_width` bits. On a field that a MINHASH function
fills these are 32."""

SECTIONS = (
    (
        "Dense vectors",
        DENSE_TEXT,
        DENSE_INDEXES,
    ),
    (
        "Lists of vectors",
        "Vector members of structs, by the name `structs[member]`: see [lists of embeddings]"
        "(lists-of-embeddings.md).",
        LIST_INDEXES,
    ),
    (
        "Lists of binary vectors",
        "The same for members that are BINARY_VECTOR.",
        BINARY_LIST_INDEXES,
    ),
    (
        "Binary vectors",
        BINARY_TEXT,
        BINARY_INDEXES,
    ),
    (
        "Sparse vectors",
        "SPARSE_FLOAT_VECTOR. Always exact, so `drop_ratio_build` and `inverted_index_algo` change nothing.",
        SPARSE_INDEXES,
    ),
    (
        "Full text",
        "A field that a BM25 function fills from a text. Always exact, as sparse vectors are.",
        TEXT_INDEXES,
    ),
    (
        "Scalar fields",
        "The primary key takes them too, save BITMAP, and so do scalar members of structs, by the name "
        "`structs[member]`, which are a column in memory in any case. The type may be left out: "
        "that is AUTOINDEX.",
        SCALAR_INDEXES,
    ),
    (
        "JSON paths",
        "On a JSON field, or on a key of the dynamic field. A field may have several, each on a path of its own.",
        JSON_INDEXES,
    ),
)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, text, kinds in SECTIONS:
        parts.append(f"## {title}\n\n{text}\n\n{_table(list(kinds.values()))}")
    return "\n".join(parts)


def _table(kinds: list[IndexType]) -> str:
    head = VECTOR_HEAD if kinds[0].metrics else SCALAR_HEAD
    rows = [head, "|" + "---|" * (head.count("|") - 1)]
    rows += [f"| {' | '.join(_cells(kind))} |" for kind in kinds]
    return "\n".join(rows) + "\n"


def _cells(kind: IndexType) -> list[str]:
    name, build = f"`{kind.name}`", _parameters(kind.build)
    if kind.metrics:
        return [name, ", ".join(kind.metrics), build, _parameters(kind.search), kind.served_by]
    return [name, ", ".join(one.name for one in sorted(kind.takes)), build, kind.served_by]


def _parameters(parameters: Iterable[Parameter]) -> str:
    return "; ".join(map(_parameter, parameters)) or "none"


def _parameter(one: Parameter) -> str:
    if one.required:
        rest = "required"
    else:
        rest = "no default" if one.default is None else f"default {one.default}"
    return f"`{one.name}`: {one.expectation()}, {rest}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
