"""Milvus's messages as values that the client and the engine take, and their answers as messages."""
