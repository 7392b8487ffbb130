"""Checks an expression tree against a schema: names become fields and paths, templates become values."""
