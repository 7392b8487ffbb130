"""The file in SQL: functions and views by which programs that read SQLite files read ours.

``prepare`` makes a connection to one of our files readable, and keeps it from writing. The plugins for
sqlite-utils and Datasette call it for each connection that these open; ``connect`` makes such a connection for a
program. Whatever it adds is the connection's alone: temporary views, and functions. The file stays as it is.
"""

from .connections import connect, drop_views, prepare

__all__ = ["connect", "drop_views", "prepare"]
