"""Names that a program gives to callables, in this process."""

from __future__ import annotations

import pytest

from milvus_store.errors import ParamError
from milvus_store_lite import Registry, check_callable


def test_a_name_means_what_was_last_added_in_any_case() -> None:
    known: Registry[int] = Registry("a number")
    known.add("One", 1)
    known.add("two", 2)
    known.add("ONE", 11)
    assert known.names() == ["one", "two"]
    assert [known.get(name) for name in ("one", "oNe", "three", None, 5)] == [11, 11, None, None, None]
    known.remove("onE")
    known.remove("one")
    assert known.names() == ["two"]


@pytest.mark.parametrize("name", ["", None, 5])
def test_a_name_is_a_text(name: object) -> None:
    with pytest.raises(ParamError, match="the name of a number must be a str that is not empty, got"):
        Registry("a number").add(name, 1)  # type: ignore[arg-type]


def test_what_cannot_be_called_is_named() -> None:
    check_callable("len", len)
    with pytest.raises(ParamError, match="model 'm' must be callable, got int"):
        check_callable("model 'm'", 5)
