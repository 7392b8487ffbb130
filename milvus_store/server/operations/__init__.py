"""Running a server: its settings from everywhere, TLS, limits, signals, workers, health, metrics and logs.

Nothing here knows what a call does: it is watched from outside, as bytes that come and go.
"""
