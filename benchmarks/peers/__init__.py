"""milvus-store beside the embedded vector databases that people choose it over."""
