"""An expression tree, checked against a schema: names become fields and paths, templates become values."""
