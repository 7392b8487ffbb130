"""Users, roles and grants of a file: what calls on it and its server do with them.

Who may do what by them is for the server to judge.
"""
