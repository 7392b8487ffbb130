"""Text: from written words to the tokens that searches and matches compare."""
