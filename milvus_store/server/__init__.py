"""The server: Milvus's gRPC protocol over a file. A request becomes a call of the client or of the engine."""
