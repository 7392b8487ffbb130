"""``Milvus``: LangChain's vector store as one class."""

from __future__ import annotations

from typing import Any

from langchain_core.embeddings import Embeddings
from typing_extensions import Self

from ..attributes import Attributes
from ..base import DROP_WITH_FIRST_ADD
from ..searching import SearchCalls
from ..writing import WriteCalls


class Milvus(WriteCalls, SearchCalls, Attributes):
    """Documents, their embeddings and metadata in a collection of a milvus-store database file.

    Arguments and methods are those of ``langchain_milvus.Milvus``. Differences:

    * Metadata of any shape comes back unchanged (``enable_dynamic_field=True``).
    * The primary key is ``Document.id``, not part of the metadata. Documents without an id get a new one;
      adding an id again replaces the older document.
    * ``partition_key_field`` becomes a field with a type. A document without that key belongs to no tenant.
    * ``store.for_tenant("ann")`` is a store of that tenant's documents: no filter reaches beyond them.
    * Arguments about a new collection do not change one that exists; one that does not fit is an error.
    * Every call has an asynchronous form, ``a...``, which runs in a thread.

    >>> import tempfile
    >>> from langchain_core.documents import Document
    >>> from langchain_core.embeddings import DeterministicFakeEmbedding
    >>> path = tempfile.mkdtemp() + "/demo.db"
    >>> store = Milvus(DeterministicFakeEmbedding(size=8), connection_args={"uri": path})
    >>> store.add_documents([Document("red", metadata={"n": 1}), Document("blue", metadata={"n": 2})],
    ...                     ids=["a", "b"])
    ['a', 'b']
    >>> store.similarity_search("red", k=1)
    [Document(id='a', metadata={'n': 1}, page_content='red')]
    >>> store.as_retriever(search_kwargs={"expr": "n > 1"}).invoke("red")
    [Document(id='b', metadata={'n': 2}, page_content='blue')]
    """

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | list[Embeddings],
        metadatas: list[dict[str, Any]] | None = None,
        collection_name: str = "LangChainCollection",
        connection_args: dict[str, Any] | None = None,
        consistency_level: str = "Session",
        index_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        search_params: dict[str, Any] | list[dict[str, Any]] | None = None,
        drop_old: bool = False,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Open a store and add ``texts`` to it; further arguments are those of the class.

        With ``drop_old`` the new collection replaces the old one once the texts are in it. If they cannot be
        embedded or stored, the old collection stays.
        """
        store = cls(
            embedding,
            collection_name=collection_name,
            connection_args=connection_args,
            consistency_level=consistency_level,
            index_params=index_params,
            search_params=search_params,
            drop_old=DROP_WITH_FIRST_ADD if drop_old else False,
            **kwargs,
        )
        try:
            if not texts and drop_old:
                store.drop()
            store.add_texts(texts, metadatas, ids=ids)
        except BaseException:
            store.client.close()
            raise
        return store
