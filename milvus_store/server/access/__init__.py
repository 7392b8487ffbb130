"""Who may do what on a server: who calls, what each call needs, and whether the caller was granted it."""
