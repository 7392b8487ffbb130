"""Benchmarks: ``python -m benchmarks`` runs them all, each beside what bounds it, and prints ratios."""
