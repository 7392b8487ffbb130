"""Each number of a stored index is checked before faiss sees it. Here one is changed at a time.

faiss takes no part: it would refuse some changes itself, and crash at others.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from milvus_store_lite.indexes import layout, transfer
from milvus_store_lite.indexes.ann import AnnIndex
from milvus_store_lite.indexes.byte_steps import ByteSteps, Steps
from milvus_store_lite.indexes.families import FAMILIES
from milvus_store_lite.indexes.layout import Layout
from milvus_store_lite.storage.index_parts import DamagedIndex

from .mutants import PARAMETERS

ROWS, DIM = 400, 16
FREE = {"nlist", "form", "sizes", "implem", "entry_point"}
"""What differs between sound indexes."""


class Recorded(ByteSteps):
    """Notes where everything is: the place of each setting and its form, of each array, its type and whether
    its numbers are checked, and of whatever is read as a whole and its size."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size
        self.settings: list[tuple[str, int, str]] = []
        self.arrays: list[tuple[str, int, str, bool]] = []
        self.wholes: list[tuple[str, int, int]] = []

    def fields(self, layout: str, /, **expected: Any) -> Steps[tuple[Any, ...]]:
        begin = self.size - self._left
        forms = re.findall(r"\d*[a-zA-Z]", layout)
        for number, (name, form) in enumerate(zip(expected, forms, strict=True)):
            place = begin + struct.calcsize("<" + "".join(forms[:number]))
            self.settings.append((name, place, form))
        return (yield from super().fields(layout, **expected))

    def content(
        self, name: str, dtype: Any, count: int, is_right: Callable[[np.ndarray], bool] | None = None
    ) -> Steps[None]:
        if count:
            self.arrays.append((name, self.size - self._left, np.dtype(dtype).char, is_right is not None))
        yield from super().content(name, dtype, count, is_right)

    def claim(self, name: str, size: int) -> int:
        self.wholes.append((name, self.size - self._left, size))
        return super().claim(name, size)


@cache
def stored(index_type: str) -> tuple[AnnIndex, bytes]:
    """A built index, and its bytes."""
    vectors = np.random.default_rng(1).standard_normal((ROWS, DIM)).astype(np.float32)
    made = FAMILIES[index_type].empty(DIM, "L2", PARAMETERS[index_type], ROWS)
    made.train(made.prepare(vectors))
    made.add(made.prepare(vectors))
    pieces: list[bytes] = []
    made.write(pieces.append)
    return made, b"".join(pieces)


@cache
def places(index_type: str) -> Recorded:
    """Where everything is in the stored index."""
    _, data = stored(index_type)
    recorded = Recorded(len(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "ByteSteps", lambda size: recorded)
        check(index_type, data)
    return recorded


def check(index_type: str, data: bytes, rows: int = ROWS) -> None:
    """Raises DamagedIndex where ``data`` are not those of an index of the type."""
    made, _ = stored(index_type)
    like = type(made).empty(DIM, "L2", {**PARAMETERS[index_type], "nlist": 1}, ROWS)
    steps = Layout(like.handle, rows, len(data)).steps()
    for _ in transfer._accepted(steps, transfer._Source(iter([data]))):
        pass


def changed(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


BEYOND = {
    "f": [struct.pack("<f", value) for value in (float("nan"), float("inf"), -float("inf"), 2e16, -2e16)],
    "i": [struct.pack("<i", value) for value in (-2, ROWS, 2**31 - 1)],
    "H": [struct.pack("<H", value) for value in (0x7FFF, 0xFFFF, 0x7F80)],
}
"""Numbers out of range, by the type of their array: of vectors, of links, of codes that are floats."""


@pytest.mark.parametrize("index_type", PARAMETERS)
def test_every_setting_and_size_is_what_the_definition_says(index_type: str) -> None:
    _, data = stored(index_type)
    settings = [one for one in places(index_type).settings if one[0] not in FREE]
    assert len(settings) > 12
    for name, place, _ in settings:
        with pytest.raises(DamagedIndex, match=rf"{re.escape(name)} is "):
            check(index_type, changed(data, place, bytes([data[place] ^ 1])))


@pytest.mark.parametrize("index_type", PARAMETERS)
def test_every_number_is_within_its_range(index_type: str) -> None:
    _, data = stored(index_type)
    arrays = [one for one in places(index_type).arrays if one[2] != "B"]  # of codes any byte is right
    assert arrays
    assert index_type != "HNSW_SQ" or any(name == "codes" for name, *_ in arrays)  # these codes are floats
    for name, place, form, is_checked in arrays:
        assert is_checked
        for value in BEYOND[form]:
            with pytest.raises(DamagedIndex, match=f"its {name} are out of range"):
                check(index_type, changed(data, place, value))


def put(index_type: str, name: str, value: int) -> bytes:
    """The stored index with ``value`` as the first of what is called ``name``."""
    recorded = places(index_type)
    begin = next(place for known, place, _ in (*recorded.settings, *recorded.wholes) if known == name)
    size = 4 if name in ("form", "levels", "entry_point", "implem") else 8
    return changed(stored(index_type)[1], begin, value.to_bytes(size, "little", signed=value < 0))


@pytest.mark.parametrize(
    ("index_type", "name", "value", "said"),
    [
        ("IVF_FLAT", "nlist", 0, "it has 0 lists"),
        ("IVF_FLAT", "nlist", 65_537, "it has 65537 lists"),
        ("IVF_FLAT", "nlist", 9, "rows is 8, expected 9"),
        ("IVF_FLAT", "form", int.from_bytes(b"disk", "little"), "the format of its lists is b'disk'"),
        ("IVF_FLAT", "form", int.from_bytes(b"sprs", "little"), "lists"),
        ("IVF_FLAT", "sizes", 2**63, "do not have 400 rows in all"),
        ("IVF_FLAT", "sizes", 1, "do not have 400 rows in all"),
        ("IVF_FLAT", "labels", ROWS, "is not the label of a row"),
        ("IVF_FLAT", "labels", -1, "is not the label of a row"),
        ("SCANN", "labels", -1, "is not the label of a row"),
        ("SCANN", "sizes", 2**40, "have more than 400 rows in all"),
        ("AUTOINDEX", "sizes", 2**62, "have more than 400 rows in all"),
        ("AUTOINDEX", "labels", 2**62, "is not the label of a row"),
        ("AUTOINDEX", "implem", 12, "implem is 12"),
        ("HNSW", "assign_probas", 0, "the probabilities of its levels differ"),
        ("HNSW", "links of levels", 1, "its numbers of links for each level differ"),
        ("HNSW", "levels", 0, "a row is on a level that does not exist"),
        ("HNSW", "levels", -1, "a row is on a level that does not exist"),
        ("HNSW", "levels", 99, "a row is on a level that does not exist"),
        ("HNSW", "offsets", 1, "the links of a row are not where its level says"),
        ("HNSW", "entry_point", ROWS, f"its entry point is {ROWS}"),
        ("HNSW", "entry_point", -1, "its entry point is -1"),
    ],
)
def test_what_differs_between_sound_indexes_is_still_within_bounds(
    index_type: str, name: str, value: int, said: str
) -> None:
    with pytest.raises(DamagedIndex, match=re.escape(said)):
        check(index_type, put(index_type, name, value))


def test_an_entry_point_is_on_the_highest_level() -> None:
    made, _ = stored("HNSW")
    levels = made.handle.hnsw.levels
    low = next(row for row in range(ROWS) if levels.at(row) == 1)
    with pytest.raises(DamagedIndex, match="its entry point is"):
        check("HNSW", put("HNSW", "entry_point", low))


def test_a_link_leads_to_a_row_of_its_level() -> None:
    """Which shows once the graph is read; faiss would follow the link beyond the row's own."""
    made, data = stored("HNSW")
    graph = made.handle.hnsw
    row, low = (
        next(row for row in range(ROWS) if (graph.levels.at(row) > 1) is high) for high in (True, False)
    )
    links = next(place for name, place, *_ in places("HNSW").arrays if name == "links")
    place = links + 4 * (graph.offsets.at(row) + graph.cum_nb_neighbors(1))
    wrong = changed(data, place, struct.pack("<i", low))
    check("HNSW", wrong)
    with pytest.raises(DamagedIndex, match="a link on level 1 leads to a row that is not on it"):
        type(made).read(iter([wrong]), len(wrong), ROWS, DIM, "L2", PARAMETERS["HNSW"], {})


@pytest.mark.parametrize("index_type", ["IVF_FLAT", "SCANN", "AUTOINDEX"])
def test_no_label_is_there_twice(index_type: str) -> None:
    _, data = stored(index_type)
    begin = next(place for name, place, _ in places(index_type).wholes if name == "labels")
    with pytest.raises(DamagedIndex, match="a label occurs twice"):
        check(index_type, changed(data, begin + 8, data[begin : begin + 8]))


@pytest.mark.parametrize("index_type", ["SCANN", "AUTOINDEX"])
def test_a_list_has_as_many_codes_as_labels(index_type: str) -> None:
    _, data = stored(index_type)
    _, place, _ = [one for one in places(index_type).wholes if one[0] == "sizes"][1]
    (count,) = struct.unpack_from("<Q", data, place)
    with pytest.raises(DamagedIndex, match=f"have {count + 1} bytes of codes"):
        check(index_type, changed(data, place, struct.pack("<Q", count + 1)))


@pytest.mark.parametrize("index_type", ["SCANN", "AUTOINDEX"])
def test_a_row_that_is_in_no_list_is_missed(index_type: str) -> None:
    with pytest.raises(DamagedIndex, match="a label is missing"):
        check(index_type, put(index_type, "rows", ROWS + 1), rows=ROWS + 1)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0, 1, 1), "3 numbers for the sizes of 8 lists"),
        ((0, 1) * 9, "18 numbers for the sizes of 8 lists"),
        ((2**63, ROWS), "not in ascending order"),
        ((8, ROWS), "not in ascending order"),
        ((1, 200, 0, 200), "not in ascending order"),
        ((1, 200, 1, 200), "not in ascending order"),
        ((0, 200, 1, 199), "do not have 400 rows in all"),
        ((0, 2**64 - 1, 1, 401), "do not have 400 rows in all"),
    ],
)
def test_the_sizes_of_few_full_lists_are_within_bounds(numbers: tuple[int, ...], said: str) -> None:
    """faiss writes the sizes of the lists that are not empty where most are."""
    _, data = stored("IVF_FLAT")
    begin = next(place for name, place, _ in places("IVF_FLAT").settings if name == "form")
    sparse = b"sprs" + struct.pack(f"<{1 + len(numbers)}Q", len(numbers), *numbers)
    with pytest.raises(DamagedIndex, match=said):
        check("IVF_FLAT", data[:begin] + sparse + data[begin + 4 + 8 + 8 * 8 :])


@pytest.mark.parametrize("index_type", PARAMETERS)
def test_nothing_is_missing_and_nothing_is_left(index_type: str) -> None:
    made, data = stored(index_type)
    like = type(made).empty(DIM, "L2", {**PARAMETERS[index_type], "nlist": 1}, ROWS).handle
    check(index_type, data)
    for wrong in (data[:-1], data[: len(data) // 2], data[:3], b"", data + b"\0"):
        with pytest.raises(DamagedIndex):
            check(index_type, wrong)
        with pytest.raises(DamagedIndex):
            transfer.read(iter([wrong]), len(wrong), like, ROWS)
        with pytest.raises(DamagedIndex):  # the size that the file tells need not be that of the parts
            transfer.read(iter([wrong]), len(data), like, ROWS)
    with pytest.raises(DamagedIndex, match="bytes are left over after the index"):
        transfer.read(iter([data, b"\0"]), len(data), like, ROWS)


@pytest.mark.parametrize(
    ("tuned", "said"),
    [
        ({"rows": 0}, "rows=0"),
        ({"rows": -5}, "rows=-5"),
        ({"rows": 2**40}, f"rows={2**40}"),
        ({"rows": True}, "rows=True"),
        ({"rows": 400.0}, "rows=400.0"),
        ({"rows": "400"}, "rows='400'"),
        ({"candidates": None}, "candidates=None"),
        ({}, "its build found out nothing"),
        ({"rows": ROWS, "nprobe": 4}, "its build found out rows, nprobe"),
    ],
)
def test_what_a_build_found_is_within_bounds(tuned: dict[str, Any], said: str) -> None:
    made, data = stored("AUTOINDEX")
    with pytest.raises(DamagedIndex, match=re.escape(said)):
        type(made).read(iter([data]), len(data), ROWS, DIM, "L2", {}, tuned)
