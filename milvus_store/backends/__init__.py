"""Backends serve a client: a file of the engine (``file.py``), or a server through pymilvus (``remote/``).

The address decides which (``address.py``). Neither backend knows anything of the clients.
"""
