"""The file itself: which one it is, its log and its locks, how it is opened and copied."""
