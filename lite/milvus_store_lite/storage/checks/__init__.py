"""The parts of the consistency check, one module for each kind of invariant; ``storage/check.py`` runs them."""
