"""Storage: one SQLite file. Connections, catalog, rows and vectors; nothing here knows of queries."""
