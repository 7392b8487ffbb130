"""A Jupyter kernel for the statements of Milvus, on a file or on a server.

``python -m milvus_store_kernel.install`` makes it known to Jupyter.
"""
