"""What the protocol has no calls for: the first user, API keys, and roles that are bound to a tenant.

They work on a file, whether or not a server has it open, which obeys at its next call.
"""

from __future__ import annotations

from milvus_store_lite import AccessControl, DataType, TenantBinding

from ...access import roles, users
from ...access.changes import change
from ...access.hashes import new_api_key, new_password
from ...access.names import ROOT
from ...client.milvus_client import MilvusClient
from ...errors import ParamError


def switch_on(access: AccessControl, password: str | None = None) -> str | None:
    """Make the first user, ``root``, unless there is one.

    Args:
        password: his; None to make one up.

    Returns:
        A password that was made up, which nobody can learn later.

    Raises:
        ParamError: the password is too short, too long, or the default one of Milvus.
        DatabaseWriteError: there is no such user in a file that may not be written.
    """
    if users.find_user(access.read(), ROOT) is not None:
        return None
    made = new_password() if password is None else None
    root = users.new_user(ROOT, password or made or "")
    written = change(
        access,
        # Or else another process was faster.
        lambda now: users.add_user(now, root) if users.find_user(now, ROOT) is None else now,
    )
    return made if root in written.users else None


def set_password(client: MilvusClient, user: str, password: str) -> None:
    """Give a user a new password without the old one, for whoever has the file."""
    access = client._file.access
    known = users.require_user(access.read(), user)
    changed = users.new_user(user, password, known.description)
    access.change(lambda now: users.replace_user(now, known, changed))


def create_api_key(client: MilvusClient, name: str, user: str) -> str:
    """A new key, with which a client is ``user``; nobody can learn it later."""
    key = new_api_key()
    client._file.access.change(lambda now: users.add_api_key(now, name, user, key))
    return key


def drop_api_key(client: MilvusClient, name: str) -> None:
    client._file.access.change(lambda now: users.drop_api_key(now, name))


def bind_role(client: MilvusClient, role: str, collection: str, tenant: str | int) -> None:
    """Bind a role to the rows of a collection whose partition key is ``tenant``.

    Who has the role sees and writes these rows, as far as the role is granted, and nothing else of the file.

    Args:
        client: of the database that the collection is in.

    Raises:
        ParamError: the collection has no partition key, or ``tenant`` does not fit it.
    """
    found = client._collection(collection)
    binding = TenantBinding(role, client._database.name, found.describe().name, found.stored_tenant(tenant))
    client._file.access.change(lambda now: roles.bind_tenant(now, binding))


def tenant_of(client: MilvusClient, collection: str, text: str) -> str | int:
    """The value of a collection's partition key that ``text`` is."""
    key = client._collection(collection).describe().schema.partition_key
    if key is None or key.dtype is DataType.VARCHAR:
        return text
    try:
        return int(text)
    except ValueError:
        raise ParamError(message=f"the partition key {key.name!r} takes integers, got {text!r:.80}") from None


def unbind_role(client: MilvusClient, role: str, collection: str) -> None:
    """Undo ``bind_role``: the role may do again what it was granted."""
    access, database = client._file.access, client._database.name
    bound = access.read().tenant_bindings
    if not any(one[:3] == (role, database, collection) for one in bound):
        raise ParamError(
            message=f"role {role!r:.80} is not bound to a tenant of collection {collection!r:.80}"
        )
    access.change(lambda now: roles.unbind(now, role, database, collection))
