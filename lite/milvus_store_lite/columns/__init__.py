"""Columns: an immutable in-memory snapshot of a collection that catches up by change number."""
