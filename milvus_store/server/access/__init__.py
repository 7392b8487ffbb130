"""Who may do what on a server: who calls, what each call needs, and what the caller was granted."""
