"""What pymilvus has, tried on a file: each entry by a program, and the table that its outcomes make."""
