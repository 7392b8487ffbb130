"""Changes of users, their keys and their roles: each makes another ``Access`` of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from milvus_store_lite import Access, ApiKey, RoleMember, User

from ..errors import MilvusException
from .hashes import digest_of_api_key, hashed, is_password_of
from .names import PUBLIC, ROOT, check_password, check_user_name, refused
from .roles import require_role

_NOT_AUTHENTICATED: Final = 1400


def find_user(access: Access, name: str) -> User | None:
    return next((user for user in access.users if user.name == name), None)


def require_user(access: Access, name: str) -> User:
    user = find_user(access, name)
    if user is None:
        raise refused(f"not found the user, maybe the user isn't existed: {name!r:.80}")
    return user


def new_user(name: str, password: str, description: str = "") -> User:
    """Hashes the password, which takes a while: not to be done while others wait to write."""
    check_user_name(name)
    check_password(password)
    return User(name, hashed(password), description)


def add_user(access: Access, user: User) -> Access:
    if find_user(access, user.name) is not None:
        raise refused(f"user already exists: {user.name}")
    return replace(access, users=access.users | {user})


def replace_user(access: Access, known: User, changed: User) -> Access:
    """Put ``changed`` in the place of ``known``, unless somebody else was faster."""
    if known not in access.users:
        raise refused(f"user {known.name} was changed meanwhile: try again")
    return replace(access, users=access.users - {known} | {changed})


def with_password(user: User, old: str, new: str) -> User:
    """``user`` with another password.

    Raises:
        MilvusException: ``old`` is not the present one.
    """
    check_password(new)
    if not is_password_of(old, user.password):
        raise MilvusException(_NOT_AUTHENTICATED, f"old password not correct for {user.name}")
    return user._replace(password=hashed(new))


def drop_user(access: Access, name: str) -> Access:
    """Remove a user with his keys; nothing happens if there is none, as in Milvus."""
    if name == ROOT:
        raise refused(f"user {ROOT} cannot be dropped")
    return replace(
        access,
        users=frozenset(user for user in access.users if user.name != name),
        api_keys=frozenset(key for key in access.api_keys if key.user != name),
        role_members=frozenset(member for member in access.role_members if member.user != name),
    )


def add_api_key(access: Access, name: str, user: str, key: str) -> Access:
    check_user_name(name)
    require_user(access, user)
    if any(known.name == name for known in access.api_keys):
        raise refused(f"API key already exists: {name}")
    return replace(access, api_keys=access.api_keys | {ApiKey(name, user, digest_of_api_key(key))})


def drop_api_key(access: Access, name: str) -> Access:
    if not any(key.name == name for key in access.api_keys):
        raise refused(f"there is no API key {name!r:.80}")
    return replace(access, api_keys=frozenset(key for key in access.api_keys if key.name != name))


def add_member(access: Access, role: str, user: str) -> Access:
    require_role(access, role)
    require_user(access, user)
    if role == PUBLIC:
        return access  # every user has it
    return replace(access, role_members=access.role_members | {RoleMember(role, user)})


def remove_member(access: Access, role: str, user: str) -> Access:
    require_role(access, role)
    require_user(access, user)
    return replace(access, role_members=access.role_members - {RoleMember(role, user)})
