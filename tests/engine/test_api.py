"""The engine's API: every name that it lists is there, and the face's errors are all of the engine's."""

import subprocess
import sys

import milvus_store.errors
import milvus_store_lite


def test_every_name_of_the_api_is_there() -> None:
    for name in milvus_store_lite.__all__:
        assert getattr(milvus_store_lite, name) is not None


def test_a_name_that_is_not_listed_is_an_attribute_error() -> None:
    assert not hasattr(milvus_store_lite, "Databse")


def test_the_errors_that_users_catch_are_all_errors_of_the_engine() -> None:
    assert milvus_store.errors.__all__ == milvus_store_lite.errors.__all__


def test_what_few_programs_need_is_imported_when_it_is_asked_for() -> None:
    code = (
        "import sys, milvus_store_lite as engine;"
        "late = [name for name in ('checks', 'filters', 'salvage')];"
        "print([name for name in late if f'milvus_store_lite.{name}' in sys.modules]);"
        "engine.check_file, engine.parse, engine.recover_file;"
        "print([name for name in late if f'milvus_store_lite.{name}' in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.splitlines() == ["[]", "['checks', 'filters', 'salvage']"], answer.stderr
