"""One collection: the calls on its rows, its definition and its indexes, and the transactions that they run in."""
