"""The text of a filter, cut into tokens and parsed to an expression tree. It knows no schema."""
