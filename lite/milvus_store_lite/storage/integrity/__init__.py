"""Integrity: how the file proves that no damage or other program has changed, lost or hidden anything in it."""
