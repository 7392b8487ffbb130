"""What calls are given beside their arguments: types, indexes, metrics, functions, rankers and filters."""
