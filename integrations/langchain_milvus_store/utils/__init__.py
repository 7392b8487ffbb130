"""Parts of the store under the paths that they have in langchain_milvus."""
