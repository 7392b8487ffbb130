"""The engine of milvus-store: an embedded vector database in one SQLite file.

It knows nothing of clients, frameworks or the network.
"""
