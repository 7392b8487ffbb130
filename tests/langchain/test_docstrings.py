"""The example in the class's documentation runs."""

import doctest

import langchain_milvus_store.vectorstores.milvus


def test_the_example_of_the_class_runs() -> None:
    result = doctest.testmod(langchain_milvus_store.vectorstores.milvus)
    assert (result.failed, result.attempted > 0) == (0, True)
