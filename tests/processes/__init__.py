"""What several processes, forks and threads may do with one file at the same time."""
