"""The consistency check of a database file: does it keep the invariants that this package relies on?

One module checks each kind of invariant; ``file.py`` runs them all and tells where each problem is.
"""

from .file import check_file
from .report import Problem, Report

__all__ = ["Problem", "Report", "check_file"]
