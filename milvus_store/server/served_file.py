"""A file, and what answers the calls of Milvus's protocol about it, however they come in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..client.milvus_client import MilvusClient
from ..errors import MilvusException
from .access.guard import AccessGuard
from .access.setup import switch_on
from .calls import calls_with
from .databases import Databases
from .iterators import SearchIterators
from .service import Guard, OpenDoor, answers


class ServedFile:
    """The file ``path``, open, and the ``answers`` to the calls about it, by their names.

    >>> import tempfile
    >>> file = ServedFile(tempfile.mkdtemp() + "/demo.db")
    >>> "CreateCollection" in file.answers
    True
    >>> file.close()

    Threads share it, and it goes through forks as its client does.

    Args:
        guard: decides who may make which call; everybody may make all by default.
        access: whether the users and roles in the file decide that. A file that has users needs it, or a guard.
        root_password: the one that the user ``root`` gets when access control is first switched on.
        settings: how the file is opened, as ``MilvusClient`` takes them.

    ``made_password`` is the password of ``root`` if it was made up now; nobody can learn it later.

    Raises:
        MilvusException: the file cannot be opened, or has users who would not be asked who they are.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        guard: Guard | None = None,
        access: bool = False,
        root_password: str | None = None,
        **settings: Any,
    ) -> None:
        self._client = MilvusClient(path, **settings)
        try:
            self._iterators = SearchIterators()
            databases = Databases(self._client)
            self.made_password: str | None = None
            if access:
                self.made_password = switch_on(self._client._file.access, root_password)
                guard = AccessGuard(self._client._file.access, databases)
            elif guard is None and self._client._file.access.read().users:
                raise MilvusException(
                    message=f"{path} has users, who would not be asked who they are: serve it with access control"
                )
            self.answers = answers(databases, calls_with(self._iterators), guard or OpenDoor())
        except BaseException:
            self._client.close()
            raise

    def problem(self) -> str:
        """What keeps the file from being used; nothing if it can be."""
        try:
            self._client.list_databases()
        except MilvusException as error:
            return error.message
        return ""

    def close(self) -> None:
        """Close the file. Calls that come later are refused, as those of a closed client are."""
        self._iterators.close()
        self._client.close()
