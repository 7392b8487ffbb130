"""The file itself: its identity, its log and its locks, how it is opened and copied."""
