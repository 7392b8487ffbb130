"""``milvus-store access``: what Milvus's protocol has no calls for: passwords anew, API keys, bound roles."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable

from milvus_store_lite import Access

from .. import MilvusClient
from ..errors import ParamError
from .arguments import Commands, add_db, add_file, existing
from .output import counted


def add_to(commands: Commands) -> None:
    access = commands.add_parser(
        "access",
        help="users, API keys and bound roles of a file that is served",
        description="Change who may do what with a file that a server serves. A server obeys at its next call.",
    )
    actions = access.add_subparsers(metavar="ACTION", required=True)

    def add(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        add_file(action)
        action.set_defaults(run=run)
        return action

    add("list", "list users with their roles, API keys and bound roles", run_list)
    password = add("password", "set a password without the old one", run_password)
    password.add_argument("user", metavar="USER", help="root is made if there is no such user yet")
    key = add("key", "make an API key, and print it once", run_key)
    key.add_argument("name", metavar="NAME", help="by which it can be dropped")
    key.add_argument("user", metavar="USER", help="whom it stands for")
    drop = add("drop-key", "drop an API key", run_drop_key)
    drop.add_argument("name", metavar="NAME")
    bind = add(
        "bind", "bind a role to one value of a partition key, and to nothing else of the file", run_bind
    )
    unbind = add("unbind", "let a bound role do again what it was granted", run_unbind)
    for action in (bind, unbind):
        action.add_argument("role", metavar="ROLE")
        action.add_argument("collection", metavar="COLLECTION")
        add_db(action)
    bind.add_argument("tenant", metavar="TENANT", help="the value of the partition key")


def run_list(arguments: argparse.Namespace) -> int:
    with MilvusClient(existing(arguments.file), read_only=True) as client:
        access = client._file.access.read()
    for line in _lines(access):
        print(line)
    return 0


def _lines(access: Access) -> list[str]:
    lines = []
    for user in sorted(access.users):
        own = sorted(member.role for member in access.role_members if member.user == user.name)
        keys = sorted(key.name for key in access.api_keys if key.user == user.name)
        parts = [f"roles {', '.join(own)}"] * bool(own) + [f"keys {', '.join(keys)}"] * bool(keys)
        lines.append(": ".join(["user " + user.name, *(["; ".join(parts)] if parts else [])]))
    lines += [
        f"role {one.role}: tenant {one.tenant!r} of {one.database}.{one.collection} alone"
        for one in sorted(access.tenant_bindings, key=str)
    ]
    return lines or ["no users"]


def run_password(arguments: argparse.Namespace) -> int:
    from ..access.names import ROOT
    from ..access.users import find_user
    from ..server.access import setup

    path = existing(arguments.file)
    password = _asked_password()
    with MilvusClient(path) as client:
        access = client._file.access
        if arguments.user == ROOT and find_user(access.read(), ROOT) is None:
            setup.switch_on(access, password)
        else:
            setup.set_password(client, arguments.user, password)
    print(f"set the password of {arguments.user}")
    return 0


def _asked_password() -> str:
    """Never an argument, which other users of the machine could see: asked for, or a line of the input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise ParamError(message="these are two different passwords")
    return password


def run_key(arguments: argparse.Namespace) -> int:
    from ..server.access import setup

    with MilvusClient(existing(arguments.file)) as client:
        print(setup.create_api_key(client, arguments.name, arguments.user))
    return 0


def run_drop_key(arguments: argparse.Namespace) -> int:
    from ..server.access import setup

    with MilvusClient(existing(arguments.file)) as client:
        setup.drop_api_key(client, arguments.name)
    print(f"dropped API key {arguments.name}")
    return 0


def run_bind(arguments: argparse.Namespace) -> int:
    from ..server.access import setup

    with MilvusClient(existing(arguments.file), db_name=arguments.db) as client:
        tenant = setup.tenant_of(client, arguments.collection, arguments.tenant)
        setup.bind_role(client, arguments.role, arguments.collection, tenant)
        access = client._file.access.read()
    members = sum(member.role == arguments.role for member in access.role_members)
    print(f"bound role {arguments.role}, of {counted(members, 'user')}, to tenant {tenant!r}")
    return 0


def run_unbind(arguments: argparse.Namespace) -> int:
    from ..server.access import setup

    with MilvusClient(existing(arguments.file), db_name=arguments.db) as client:
        setup.unbind_role(client, arguments.role, arguments.collection)
    print(f"unbound role {arguments.role}")
    return 0
