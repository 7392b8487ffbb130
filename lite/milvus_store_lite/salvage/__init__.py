"""Salvage: copies every sound row of a damaged file to a new file.

Rows, vectors and their checksums are copied as they are stored, under the same numbers, so that nothing is
interpreted that could be misread. Indexes, counts and full text documents are made again from the rows.
"""

from .file import recover_file
from .report import Lost, Recovered, Recovery

__all__ = ["Lost", "Recovered", "Recovery", "recover_file"]
