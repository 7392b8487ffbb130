"""Calls about users, roles and privileges, which only a server has."""

from __future__ import annotations

from typing import Any, Final

from .calls import Calls
from .server_only import server_only

_USERS: Final = (
    "a file has no users, roles and privileges: use the permissions of the file system, open the file with "
    "read_only=True, or use a Milvus server"
)


class AccessCalls(Calls):
    @server_only(_USERS)
    def create_user(
        self,
        user_name: str,
        password: str,
        timeout: float | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_USERS)
    def update_user(
        self, user_name: str, description: str, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def update_password(
        self,
        user_name: str,
        old_password: str,
        new_password: str,
        reset_connection: bool | None = False,
        timeout: float | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_USERS)
    def drop_user(self, user_name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def describe_user(self, user_name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def list_users(self, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def create_role(
        self, role_name: str, timeout: float | None = None, description: str = "", **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def alter_role(
        self, role_name: str, description: str, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def drop_role(
        self, role_name: str, force_drop: bool = False, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def describe_role(self, role_name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def list_roles(self, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def grant_role(
        self, user_name: str, role_name: str, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def revoke_role(
        self, user_name: str, role_name: str, timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def grant_privilege(
        self,
        role_name: str,
        object_type: str,
        privilege: str,
        object_name: str,
        db_name: str | None = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_USERS)
    def revoke_privilege(
        self,
        role_name: str,
        object_type: str,
        privilege: str,
        object_name: str,
        db_name: str | None = "",
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_USERS)
    def grant_privilege_v2(
        self,
        role_name: str,
        privilege: str,
        collection_name: str,
        db_name: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_USERS)
    def revoke_privilege_v2(
        self,
        role_name: str,
        privilege: str,
        collection_name: str,
        db_name: str | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> Any: ...

    @server_only(_USERS)
    def create_privilege_group(self, group_name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def drop_privilege_group(self, group_name: str, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def list_privilege_groups(self, timeout: float | None = None, **kwargs: Any) -> Any: ...

    @server_only(_USERS)
    def add_privileges_to_group(
        self, group_name: str, privileges: list[str], timeout: float | None = None, **kwargs: Any
    ) -> Any: ...

    @server_only(_USERS)
    def remove_privileges_from_group(
        self, group_name: str, privileges: list[str], timeout: float | None = None, **kwargs: Any
    ) -> Any: ...
