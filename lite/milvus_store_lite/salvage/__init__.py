"""Salvage: every row of a damaged file that is what was written, in a new file.

Rows, vectors and their checksums are copied as they are stored, under the numbers they had, so that nothing is
interpreted that could be misread. What can be made from the rows again, is: indexes, counts, full text documents.
"""

from .file import recover_file
from .report import Lost, Recovered, Recovery

__all__ = ["Lost", "Recovered", "Recovery", "recover_file"]
