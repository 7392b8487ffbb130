"""Folders and dumps of other vector stores as records to import. A store knows nothing of the others."""
