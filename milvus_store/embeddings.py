"""What turns texts into vectors in this process, for functions of type TEXTEMBEDDING.

>>> from milvus_store import embeddings
>>> embeddings.register("letters", lambda texts: [[len(text), text.count("a")] for text in texts])
>>> embeddings.registered()
['letters']
>>> embeddings.unregister("letters")
"""

from __future__ import annotations

from milvus_store_lite import register_credential
from milvus_store_lite import register_embedding as register
from milvus_store_lite import registered_embeddings as registered
from milvus_store_lite import unregister_embedding as unregister

__all__ = ["register", "register_credential", "registered", "unregister"]
