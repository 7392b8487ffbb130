"""mem0's memory on the path that this is given, without a language model: facts are stored as they are told."""

import os
import sys
import tempfile

os.environ.setdefault("OPENAI_API_KEY", "none")
os.environ["MEM0_TELEMETRY"] = "False"
os.environ["MEM0_DIR"] = tempfile.mkdtemp()

from mem0 import Memory

store = {"url": sys.argv[1], "token": "", "collection_name": "memories", "embedding_model_dims": 1536}
memory = Memory.from_config(
    {"vector_store": {"provider": "milvus", "config": {**store, "metric_type": "COSINE"}}}
)
facts = ["Ada likes green tea", "Ada works on engines", "Bob plays the violin"]
told = [memory.add(fact, user_id=fact.split()[0].lower(), infer=False) for fact in facts]
ids = [one["results"][0]["id"] for one in told]
found = memory.search("Who likes tea?", filters={"user_id": "ada"})["results"]
assert found[0]["memory"] == "Ada likes green tea", found
assert {one["memory"] for one in found} <= set(facts[:2]), found
memory.update(ids[0], "Ada likes black coffee")
assert memory.get(ids[0])["memory"] == "Ada likes black coffee"
memory.delete(ids[1])
left = memory.get_all(filters={"user_id": "ada"})["results"]
assert [one["memory"] for one in left] == ["Ada likes black coffee"], left
print("done")
