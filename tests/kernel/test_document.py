"""The README of the original kernel, its cells from top to bottom.

The address is changed. Where the document drops something that it uses further down, the cell that made it is run
again.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .jupyter import Notebook, install, notebook

pytestmark = pytest.mark.filterwarnings("default")  # Jupyter's own warnings are not ours to answer for

CREATE = "create table test01 where dimension=128 and index_file_size=1024 and metric_type='L2'"
CREATE_PARTITION = "create partition test01 where partition_tag='tag01'"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with notebook(install(tmp_path_factory.mktemp("prefix")), tmp_path_factory.mktemp("notebook")) as book:
        yield book


def test_the_document(book: Notebook) -> None:
    def cell(code: str) -> list[str]:
        reply = book.run(code)
        assert reply.content["status"] == "ok", reply.content
        return reply.texts

    assert cell("milvus:///./demo.db") == []
    assert cell(CREATE) == ["Create collection successfully!"]
    assert cell("drop table test01") == ["Delete collection successfully!"]
    cell(CREATE)

    assert cell(CREATE_PARTITION) == ["OK"]
    assert "tag01" in cell("list partitions test01")[0]
    cell(">>> status = client.drop_partition(collection_name='test01', partition_tag='tag01')")
    assert cell(">>> status") == ["Status(code=0, message='OK')"]
    cell(CREATE_PARTITION)

    cell("# Prepare index param\n>>> ivf_param = {'nlist': 4096}")
    cell("# Create index\n>>> status = client.create_index('test01', IndexType.IVF_FLAT, ivf_param)")
    assert cell(">>> status") == ["Status(code=0, message='Build index successfully!')"]
    cell(">>> status = client.drop_index('test01')")

    cell(
        """>>> import random
>>> dim = 128
# Generate 20 vectors of 128 dimension
>>> vectors = [[random.random() for _ in range(dim)] for _ in range(20)]"""
    )
    (ids,) = cell(
        """# Insert vectors
>>> status, inserted_vector_ids = client.insert(collection_name='test01', records=vectors)
>>> inserted_vector_ids
[1592028661511657000, 1592028661511657001]"""
    )
    assert ids.count(",") == 19
    cell(
        """>>> vector_ids = [id for id in range(20)]
>>> status, inserted_vector_ids = client.insert(collection_name='test01', records=vectors, ids=vector_ids)"""
    )
    cell(""">>> status, inserted_vector_ids = client.insert('test01', vectors, partition_tag="tag01")""")
    cell(
        ">>> status, vector = client.get_entity_by_id(collection_name='test01', ids=inserted_vector_ids[:10])"
    )
    assert cell(">>> len(vector), len(vector[0])") == ["(10, 128)"]
    for call in (
        "delete_entity_by_id('test01', inserted_vector_ids[:10])",
        "flush(['test01'])",
        "compact(collection_name='test01')",
    ):
        assert cell(f">>> status = client.{call}\n>>> status") == ["Status(code=0, message='OK')"]

    cell(">>> search_param = {'nprobe': 16}")
    (results,) = cell(
        """# create 5 vectors of 32-dimension
>>> q_records = [[random.random() for _ in range(dim)] for _ in range(5)]
# search vectors
>>> status, results = client.search(collection_name='test01', query_records=q_records, top_k=2, params=search_param)
>>> results"""  # noqa: E501  # as the document has it
    )
    lines = results.splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("[", "]", 7)
    assert lines[1].startswith("[(id:")
    assert lines[1].count("distance:") == 2
    (results,) = cell(
        """# create 5 vectors of 32-dimension
>>> q_records = [[random.random() for _ in range(dim)] for _ in range(5)]
>>> client.search(collection_name='test01', query_records=q_records, top_k=1, partition_tags=['tag01'],
...     params=search_param)"""
    )
    assert results.startswith("(Status(code=0, message='Search vectors successfully!'), [\n[(id:")
