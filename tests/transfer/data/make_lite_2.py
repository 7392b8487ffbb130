"""How ``milvus_lite_2.5.1.db`` was made: with pymilvus 2.5 and milvus-lite 2.5.1, which later Pythons do not run.

pip install milvus-lite==2.5.1 'pymilvus>=2.5,<2.6' 'setuptools<81'
python make_lite_2.py milvus_lite_2.5.1.db
"""

import sys
from typing import Any

import numpy as np
from pymilvus import DataType, Function, FunctionType, MilvusClient


def row(number: int) -> dict[str, Any]:
    vector = [number / 8, 1.0, -0.5, 0.1]
    return {
        "id": number,
        "vector": vector,
        "half": np.array(vector, np.float16),
        "brain": (np.array(vector, np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes(),
        "bits": bytes([number, 255 - number]),
        "sparse": {number: 0.5, 100: 1.5},
        "text": f"text {number} ü",
        "flag": number % 2 == 0,
        "tiny": number,
        "small": -number,
        "int": number * 1000,
        "float": number / 3,
        "double": number / 7,
        "json": {"k": [number, None, "x"]},
        "numbers": [number, number + 1],
        "color": "red",
        "größe": {"cm": number},
    }


client = MilvusClient(sys.argv[1])
schema = client.create_schema(enable_dynamic_field=True, description="all types")
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
schema.add_field("half", DataType.FLOAT16_VECTOR, dim=4)
schema.add_field("brain", DataType.BFLOAT16_VECTOR, dim=4)
schema.add_field("bits", DataType.BINARY_VECTOR, dim=16)
schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
schema.add_field("text", DataType.VARCHAR, max_length=100)
for name, kind in (
    ("flag", DataType.BOOL),
    ("tiny", DataType.INT8),
    ("small", DataType.INT16),
    ("int", DataType.INT32),
    ("float", DataType.FLOAT),
    ("double", DataType.DOUBLE),
    ("json", DataType.JSON),
):
    schema.add_field(name, kind)
schema.add_field("numbers", DataType.ARRAY, element_type=DataType.INT64, max_capacity=10)
indexes = client.prepare_index_params()
indexes.add_index("vector", index_type="IVF_FLAT", metric_type="L2", params={"nlist": 8})
indexes.add_index("half", index_type="FLAT", metric_type="COSINE")
indexes.add_index("brain", index_type="FLAT", metric_type="COSINE")
indexes.add_index("bits", index_type="BIN_FLAT", metric_type="HAMMING")
indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
client.create_collection("everything", schema=schema, index_params=indexes)
client.insert("everything", [row(number) for number in range(25)])
client.delete("everything", ids=[2])
client.upsert("everything", [{**row(3), "text": "changed"}])

client.create_collection("numbered", dimension=3, auto_id=True)
client.insert("numbered", [{"vector": [number, 2, 3], "n": number} for number in range(3)])
client.create_collection("named", dimension=3, id_type="string", max_length=20, metric_type="L2")
client.insert("named", [{"id": f"ü {number}", "vector": [number, 2, 3]} for number in range(3)])

schema = client.create_schema()
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("text", DataType.VARCHAR, max_length=100, enable_analyzer=True)
schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["terms"]))
indexes = client.prepare_index_params()
indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
client.create_collection("texts", schema=schema, index_params=indexes)
client.insert("texts", [{"id": 1, "text": "a red apple"}, {"id": 2, "text": "a blue car"}])
client.close()
