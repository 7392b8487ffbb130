"""Which methods of a class are ``whole``: they give back what they took when they raise."""

import pytest

from milvus_store_lite.process.calls import THIS_THREAD, takes_nothing, whole_calls


class Taken:
    def __init__(self) -> None:
        self.is_given_back = False

    def abandon(self) -> None:
        self.is_given_back = True


@whole_calls
class Owner:
    def take_and_fail(self, taken: Taken) -> None:
        THIS_THREAD.calls.taken.append(taken)
        raise KeyboardInterrupt

    @takes_nothing
    def name(self) -> str:
        return "owner"


def test_a_public_method_that_raises_gives_back_what_it_took() -> None:
    before, taken = list(THIS_THREAD.calls.taken), Taken()
    with pytest.raises(KeyboardInterrupt):
        Owner().take_and_fail(taken)
    assert taken.is_given_back
    assert before == THIS_THREAD.calls.taken


def test_a_method_that_takes_nothing_is_left_as_it_is() -> None:
    assert Owner().name() == "owner"
    assert not hasattr(Owner.name, "__wrapped__")
    assert hasattr(Owner.take_and_fail, "__wrapped__")
