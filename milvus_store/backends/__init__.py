"""What serves a client: a file of the engine (``file.py``), or a server through pymilvus (``remote/``).

Which one it is, an address says (``address.py``). Neither knows anything of the clients.
"""
