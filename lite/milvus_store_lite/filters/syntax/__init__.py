"""Parses the text of a filter into an expression tree. It knows no schema."""
