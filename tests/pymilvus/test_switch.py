"""Which module pymilvus finds, before, with and after the drop-in."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def run(program: str) -> str:
    """What ``program`` prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_it_is_the_switch() -> None:
    assert run(
        """
        import milvus_store.pymilvus
        from milvus_lite.server_manager import server_manager_instance
        print(type(server_manager_instance).__module__)
        """
    ) == "milvus_store.pymilvus.manager"  # fmt: skip


def test_milvus_lite_itself_is_not_imported_for_it(tmp_path: object) -> None:
    assert run(
        f"""
        import sys
        import milvus_store.pymilvus
        from pymilvus import MilvusClient
        MilvusClient({str(tmp_path)!r} + "/a.db").list_collections()
        print([name for name in sys.modules if name.startswith("milvus_lite")])
        """
    ) == "['milvus_lite.server_manager']"  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there is no Milvus Lite for Windows")
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("", ""),
        ("", "import milvus_lite"),
        ("import milvus_lite", ""),
        ("import milvus_lite.server_manager", "import milvus_lite"),
    ],
)
def test_uninstalling_leaves_everything_as_it_was(first: str, then: str) -> None:
    assert run(
        f"""
        {first or "import sys"}
        import sys
        import milvus_store.pymilvus as drop_in
        (finder,) = (finder for finder in sys.meta_path if "milvus_store" in str(finder))
        {then or "import sys"}
        from milvus_lite.server_manager import server_manager_instance as ours
        if "milvus_lite" in sys.modules:
            assert sys.modules["milvus_lite"].server_manager_instance is ours
        drop_in.uninstall()
        assert finder not in sys.meta_path
        import milvus_lite
        import milvus_lite.server_manager
        from milvus_lite.server_manager import server_manager_instance as theirs
        assert theirs is not ours
        assert milvus_lite.server_manager_instance is theirs
        assert milvus_lite.server_manager is sys.modules["milvus_lite.server_manager"]
        assert milvus_lite.server_manager.server_manager_instance is theirs
        print(type(theirs).__module__, milvus_lite.MilvusLite.__name__)
        """
    ) == "milvus_lite.server_manager MilvusLite"  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there is no Milvus Lite for Windows")
def test_the_module_that_was_imported_before_is_the_one_that_comes_back() -> None:
    assert run(
        """
        import milvus_lite.server_manager as real
        import milvus_store.pymilvus as drop_in
        drop_in.uninstall(), drop_in.install(), drop_in.install(), drop_in.uninstall(), drop_in.uninstall()
        import milvus_lite.server_manager as again
        print(again is real)
        """
    ) == "True"  # fmt: skip


WITHOUT_MILVUS_LITE = """
import importlib.machinery
find = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = classmethod(
    lambda cls, name, *where: None if name.startswith("milvus_lite") else find(name, *where)
)
"""


def test_where_milvus_lite_is_not_installed_something_stands_in_for_it(tmp_path: object) -> None:
    assert run(
        WITHOUT_MILVUS_LITE
        + textwrap.dedent(
            f"""
            import sys
            from importlib.util import find_spec
            assert find_spec("milvus_lite") is None
            import milvus_store.pymilvus as drop_in
            assert find_spec("milvus_lite") is not None
            assert find_spec("milvus_lite.server_manager") is not None
            from pymilvus import MilvusClient
            print(MilvusClient({str(tmp_path)!r} + "/a.db").list_collections())
            import milvus_lite.server_manager
            milvus_lite.server_manager.server_manager_instance.start_and_get_uri
            try:
                import milvus_lite.db
            except ImportError:
                pass
            drop_in.uninstall()
            assert find_spec("milvus_lite") is None
            assert not [name for name in sys.modules if name.startswith("milvus_lite")]
            """
        )
    ) == "[]"  # fmt: skip
