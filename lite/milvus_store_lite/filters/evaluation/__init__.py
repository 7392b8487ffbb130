"""Evaluates a bound filter over rows: one boolean for each row, computed a column at a time."""
