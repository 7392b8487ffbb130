"""Indexes: one registry of names, metrics, parameters and their ranges."""
