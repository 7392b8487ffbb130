"""Calls about users, roles and privileges: on a file, those that its server will know.

Whoever may write the file owns them, so nobody is asked who he is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from milvus_store_lite import ParamError

from ..options import options
from .calls import Calls, call, call_taking

if TYPE_CHECKING:
    from ..access.administration import Administration, MakeGrant

_ROLE_OPTIONS = options("db_name")


class AccessCalls(Calls):
    @property
    def _administration(self) -> Administration:
        from ..access.administration import (
            Administration,  # what hashes passwords is needed by these calls alone
        )

        return Administration(self._file.access)

    # Users --------------------------------------------------------------------------------------------

    @call
    def create_user(
        self,
        user_name: str,
        password: str,
        timeout: float | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Make a user, who can log in at the server of the file.

        A file that has a user is no longer served to whoever comes. ``root`` may be made here; otherwise the first
        start of a server with access control makes him, with a password that it is given or makes up.

        Raises:
            ParamError: the name or the password is none that a user can have.
            MilvusException: there is such a user.
        """
        description = "" if description is None else description
        _check_texts(user_name=user_name, password=password, description=description)
        self._administration.create_user(user_name, password, description)

    @call
    def update_user(
        self, user_name: str, description: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Give a user another description."""
        _check_texts(user_name=user_name, description=description)
        self._administration.update_user(user_name, description=description)

    @call
    def update_password(
        self,
        user_name: str,
        old_password: str,
        new_password: str,
        reset_connection: bool | None = False,
        timeout: float | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Give a user another password. ``milvus-store access password`` sets one that was forgotten.

        Args:
            reset_connection: changes nothing: a client has a file open without a password.

        Raises:
            ParamError: the new password is none that a user can have.
            MilvusException: there is no such user, or the old password is wrong.
        """
        _check_texts(user_name=user_name, old_password=old_password, new_password=new_password)
        if description is not None:
            _check_texts(description=description)
        self._administration.update_user(user_name, old_password, new_password, description)

    @call
    def drop_user(self, user_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove a user with his API keys; nothing happens if there is none. ``root`` stays."""
        _check_texts(user_name=user_name)
        self._administration.drop_user(user_name)

    @call
    def describe_user(self, user_name: str, timeout: float | None = None, **kwargs: Any) -> dict[str, Any]:
        """The roles and the description of a user; empty if there is none."""
        _check_texts(user_name=user_name)
        found = {user.name: user for user in self._administration.users()}.get(user_name)
        if found is None:
            return {}
        return {"user_name": found.name, "roles": found.roles, "description": found.description}

    @call
    def list_users(self, timeout: float | None = None, **kwargs: Any) -> list[str]:
        """The names of all users; ``root`` is one as soon as somebody made him."""
        return [user.name for user in self._administration.users()]

    # Roles --------------------------------------------------------------------------------------------

    @call
    def create_role(
        self, role_name: str, timeout: float | None = None, description: str = "", **kwargs: Any
    ) -> None:
        """Make a role, which has no privileges yet."""
        _check_texts(role_name=role_name, description=description)
        self._administration.create_role(role_name, description)

    @call
    def alter_role(
        self, role_name: str, description: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Give a role another description."""
        _check_texts(role_name=role_name, description=description)
        self._administration.alter_role(role_name, description)

    @call
    def drop_role(
        self, role_name: str, force_drop: bool = False, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Remove a role, which its members lose.

        Args:
            force_drop: with what it was granted; otherwise it must have been granted nothing.
        """
        _check_texts(role_name=role_name)
        self._administration.drop_role(role_name, with_grants=bool(force_drop))

    @call_taking(_ROLE_OPTIONS)
    def describe_role(self, role_name: str, timeout: float | None = None, **kwargs: Any) -> dict[str, Any]:
        """The description of a role, and the privileges that it was granted.

        Args:
            db_name: for the privileges in this database alone.
        """
        database = _database(kwargs.get("db_name"))
        _check_texts(role_name=role_name)
        grants = self._administration.grants(role_name, database=database)
        descriptions = {role.name: role.description for role in self._administration.roles()}
        return {
            "role": role_name,
            "description": descriptions.get(role_name, ""),  # another client may have dropped it meanwhile
            "privileges": [
                {
                    "object_type": grant.object_type,
                    "object_name": grant.object_name,
                    "db_name": grant.database,
                    "role_name": grant.role,
                    "privilege": grant.privilege,
                }
                for grant in grants
            ],
        }

    @call
    def list_roles(self, timeout: float | None = None, **kwargs: Any) -> list[str]:
        """The names of all roles, the built-in ones ``admin`` and ``public`` first."""
        return [role.name for role in self._administration.roles()]

    @call
    def grant_role(self, user_name: str, role_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Give a user a role; nothing happens if he has it."""
        _check_texts(user_name=user_name, role_name=role_name)
        self._administration.grant_role(role_name, user_name)

    @call
    def revoke_role(
        self, user_name: str, role_name: str, timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Take a role from a user; nothing happens if he has not got it."""
        _check_texts(user_name=user_name, role_name=role_name)
        self._administration.revoke_role(role_name, user_name)

    # Grants -------------------------------------------------------------------------------------------

    @call
    def grant_privilege(
        self,
        role_name: str,
        object_type: str,
        privilege: str,
        object_name: str,
        db_name: str | None = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Grant a role a privilege, as Milvus's first API describes it.

        Args:
            object_type: ``Collection``, ``Global`` or ``User``.
            object_name: the one that is meant; ``*`` is every one.
            db_name: ``default`` if it is left out; ``*`` is every database.
        """
        self._administration.grant(_first(role_name, object_type, object_name, privilege, db_name))

    @call
    def revoke_privilege(
        self,
        role_name: str,
        object_type: str,
        privilege: str,
        object_name: str,
        db_name: str | None = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Take back what ``grant_privilege`` granted with the same arguments."""
        self._administration.revoke(_first(role_name, object_type, object_name, privilege, db_name))

    @call
    def grant_privilege_v2(
        self,
        role_name: str,
        privilege: str,
        collection_name: str,
        db_name: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Grant a role a privilege or a privilege group.

        Args:
            collection_name: ``*`` is every collection.
            db_name: ``default`` if it is left out; ``*`` is every database.
        """
        self._administration.grant(_second(role_name, privilege, collection_name, db_name))

    @call
    def revoke_privilege_v2(
        self,
        role_name: str,
        privilege: str,
        collection_name: str,
        db_name: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Take back what ``grant_privilege_v2`` granted with the same arguments."""
        self._administration.revoke(_second(role_name, privilege, collection_name, db_name))

    # Privilege groups ---------------------------------------------------------------------------------

    @call
    def create_privilege_group(self, group_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Make a privilege group, which has no privileges yet."""
        _check_texts(group_name=group_name)
        self._administration.create_group(group_name)

    @call
    def drop_privilege_group(self, group_name: str, timeout: float | None = None, **kwargs: Any) -> None:
        """Remove a privilege group, which no role may have; nothing happens if there is none."""
        _check_texts(group_name=group_name)
        self._administration.drop_group(group_name)

    @call
    def list_privilege_groups(self, timeout: float | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """All privilege groups with their privileges, the built-in ones first."""
        return [
            {"privilege_group": name, "privileges": privileges}
            for name, privileges in self._administration.groups().items()
        ]

    @call
    def add_privileges_to_group(
        self, group_name: str, privileges: list[str], timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Put privileges into a group; all of a group reach as far: a collection, a database, or the file."""
        _check_texts(group_name=group_name)
        self._administration.add_privileges(group_name, _privileges(privileges))

    @call
    def remove_privileges_from_group(
        self, group_name: str, privileges: list[str], timeout: float | None = None, **kwargs: Any
    ) -> None:
        """Take privileges out of a group."""
        _check_texts(group_name=group_name)
        self._administration.remove_privileges(group_name, _privileges(privileges))


def _first(
    role_name: str, object_type: str, object_name: str, privilege: str, db_name: str | None
) -> MakeGrant:
    from ..access.administration import first_grant

    _check_texts(role_name=role_name, object_type=object_type, privilege=privilege)
    _check_names(object_name=object_name)
    return first_grant(role_name, object_type, object_name, privilege, _database(db_name))


def _second(role_name: str, privilege: str, collection_name: str, db_name: str | None) -> MakeGrant:
    from ..access.administration import second_grant

    _check_texts(role_name=role_name, privilege=privilege)
    _check_names(collection_name=collection_name)
    return second_grant(role_name, privilege, collection_name, _database(db_name))


def _database(db_name: str | None) -> str:
    """A name, empty where none is given."""
    name = "" if db_name is None else db_name
    _check_texts(db_name=name)
    return name


def _privileges(given: object) -> list[str]:
    if not isinstance(given, (list, tuple)) or not given:
        raise ParamError(message=f"privileges must be a list of names that is not empty, got {given!r:.80}")
    for name in given:
        _check_names(privileges=name)
    return list(given)


def _check_names(**given: object) -> None:
    """Refuse empty names: they would stand for everything."""
    _check_texts(**given)
    for argument, value in given.items():
        if not value:
            raise ParamError(message=f"{argument} must be a name or *, got ''")


def _check_texts(**given: object) -> None:
    """Does not repeat what was given, which may be a password."""
    for argument, value in given.items():
        if not isinstance(value, str):
            raise ParamError(message=f"{argument} must be a str, got {type(value).__name__}")
