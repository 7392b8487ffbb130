"""Checks the bytes of a stored index, one step ahead of faiss.

faiss trusts what it reads: it allocates the memory that a size asks for, opens the file that a part names, and
follows the links of a graph wherever they lead. So every byte is checked before faiss sees it. The kind, the
dimension, the metric and every setting must equal those of an empty index of the same definition. Every size must
fit the number of rows and the bytes that are left. The format is faiss's own
(``faiss/impl/index_write.cpp``); the kinds are those that ``families`` builds, and no others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import faiss
import numpy as np
import numpy.typing as npt

from ..storage.index_parts import DamagedIndex
from .byte_steps import LARGEST, ByteSteps, Steps, small
from .inverted_lists import InvertedLists

_MOST_LISTS: Final = 65_536
_PADDING: Final = 1 << 20


class Layout:
    """The steps that read an index of ``rows`` labels, made as the empty index ``like`` is.

    Args:
        size: the number of bytes."""

    def __init__(self, like: Any, rows: int, size: int) -> None:
        self._like = like
        self._rows = rows
        self._bytes = ByteSteps(size)

    def steps(self) -> Steps[None]:
        """All of it.

        Raises:
            DamagedIndex: the bytes are those of another index, or of none.
        """
        yield from self._index(self._like, self._rows)

    def _index(self, like: Any, rows: int) -> Steps[None]:
        like = faiss.downcast_index(like)
        code, read = _KINDS[type(like).__name__]
        if isinstance(like, faiss.IndexFlat):
            code = b"IxFI" if like.metric_type == faiss.METRIC_INNER_PRODUCT else b"IxF2"
        yield from self._bytes.fields("4s", kind=code)
        yield from self._bytes.fields(
            "iqqqBi",
            dim=like.d,
            rows=rows,
            padding=_PADDING,
            more_padding=_PADDING,
            is_trained=1,
            metric=like.metric_type,
        )
        yield from read(self, like, rows)

    def _flat(self, like: Any, rows: int) -> Steps[None]:
        yield from self._bytes.array("vectors", np.float32, rows * like.d, small)

    def _scalar(self, like: Any, rows: int) -> Steps[None]:
        yield from self._scalar_quantizer(like.sq)
        yield from self._scalar_codes(like.sq, rows)

    def _product(self, like: Any, rows: int) -> Steps[None]:
        yield from self._product_quantizer(like.pq)
        yield from self._bytes.array("codes", np.uint8, rows * like.pq.code_size)
        yield from self._bytes.fields(
            "iBi",
            search_type=like.search_type,
            encode_signs=like.encode_signs,
            polysemous_ht=like.polysemous_ht,
        )

    def _refined(self, like: Any, rows: int) -> Steps[None]:
        yield from self._index(like.base_index, rows)
        yield from self._index(like.refine_index, rows)
        yield from self._bytes.fields("f", k_factor=like.k_factor)

    def _flat_lists(self, like: Any, rows: int) -> Steps[None]:
        count = yield from self._centroids(like)
        yield from InvertedLists(self._bytes, count, rows).arrays(like)

    def _scalar_lists(self, like: Any, rows: int) -> Steps[None]:
        count = yield from self._centroids(like)
        yield from self._scalar_quantizer(like.sq)
        yield from self._bytes.fields("QB", code_size=like.code_size, by_residual=like.by_residual)
        yield from InvertedLists(self._bytes, count, rows).arrays(like)

    def _product_lists(self, like: Any, rows: int) -> Steps[None]:
        count = yield from self._centroids(like)
        yield from self._bytes.fields("BQ", by_residual=like.by_residual, code_size=like.code_size)
        yield from self._product_quantizer(like.pq)
        yield from InvertedLists(self._bytes, count, rows).arrays(like)

    def _fast_lists(self, like: Any, rows: int) -> Steps[None]:
        count = yield from self._centroids(like)
        yield from self._bytes.fields(
            "BQiQiq",
            by_residual=like.by_residual,
            code_size=like.code_size,
            bbs=like.bbs,
            M2=like.M2,
            implem=like.implem,
            qbs2=like.qbs2,
        )
        yield from self._product_quantizer(like.pq)
        yield from InvertedLists(self._bytes, count, rows).blocks(like)

    def _bit_lists(self, like: Any, rows: int) -> Steps[None]:
        count = yield from self._centroids(like)
        quantizer = like.rabitq
        yield from self._bytes.fields(
            "QQiQ",
            dim=quantizer.d,
            code_size=quantizer.code_size,
            metric=quantizer.metric_type,
            nb_bits=quantizer.nb_bits,
        )
        *_, implem, _, _ = yield from self._bytes.fields(
            "BQiqQiBB",
            by_residual=like.by_residual,
            code_size=like.code_size,
            bbs=like.bbs,
            qbs2=like.qbs2,
            M2=like.M2,
            implem=None,
            qb=like.qb,
            centered=like.centered,
        )
        if implem not in _IMPLEMENTATIONS:
            raise DamagedIndex(f"implem is {implem}")
        yield from InvertedLists(self._bytes, count, rows).blocks(like)

    def _graph(self, like: Any, rows: int) -> Steps[None]:
        graph = like.hnsw
        probabilities = faiss.vector_to_array(graph.assign_probas)
        link_counts = faiss.vector_to_array(graph.cum_nneighbor_per_level)
        found = yield from self._bytes.whole("assign_probas", np.float64, len(probabilities))
        if not np.allclose(found, probabilities):
            raise DamagedIndex("the probabilities of its levels differ")
        if not np.array_equal(
            (yield from self._bytes.whole("links of levels", np.int32, len(link_counts))), link_counts
        ):
            raise DamagedIndex("its numbers of links for each level differ")
        levels = yield from self._bytes.whole("levels", np.int32, rows)
        if levels.min() < 1 or levels.max() >= len(link_counts):
            raise DamagedIndex("a row is on a level that does not exist")
        offsets = np.zeros(rows + 1, dtype=np.uint64)
        np.cumsum(link_counts[levels], out=offsets[1:], dtype=np.uint64)
        if not np.array_equal((yield from self._bytes.whole("offsets", np.uint64, rows + 1)), offsets):
            raise DamagedIndex("the links of a row are not where its level says")
        yield from self._bytes.array("links", np.int32, int(offsets[-1]), self._within)
        entry, top, *_ = yield from self._bytes.fields(
            "iiiii",
            entry_point=None,
            max_level=int(levels.max()) - 1,
            efConstruction=graph.efConstruction,
            efSearch=graph.efSearch,
            upper_beam=1,
        )
        if not 0 <= entry < rows or levels[entry] - 1 != top:
            raise DamagedIndex(f"its entry point is {entry}")
        yield from self._index(like.storage, rows)

    def _within(self, links: npt.NDArray[Any]) -> bool:
        return bool(links.min() >= -1 and links.max() < self._rows)

    def _centroids(self, like: Any) -> Steps[int]:
        """The header of inverted lists; returns how many lists there are."""
        count, _ = yield from self._bytes.fields("QQ", nlist=None, nprobe=like.nprobe)
        if not 1 <= count <= _MOST_LISTS:
            raise DamagedIndex(f"it has {count} lists")
        yield from self._index(like.quantizer, count)
        yield from self._bytes.fields("BQ", direct_map=0, size_of_direct_map=0)
        return int(count)

    def _scalar_quantizer(self, like: Any) -> Steps[None]:
        yield from self._bytes.fields(
            "iifQQ",
            qtype=like.qtype,
            rangestat=like.rangestat,
            rangestat_arg=like.rangestat_arg,
            dim=like.d,
            code_size=like.code_size,
        )
        is_trained = like.qtype not in _SMALL_CODES
        yield from self._bytes.array("ranges", np.float32, 2 * like.d if is_trained else 0, small)

    def _scalar_codes(self, like: Any, rows: int) -> Steps[None]:
        (size,) = yield from self._bytes.fields("Q", size_of_codes=rows * like.code_size)
        largest = _SMALL_CODES.get(like.qtype)
        if largest is None:
            yield from self._bytes.content("codes", np.uint8, size)
        else:
            yield from self._bytes.content(
                "codes", np.uint16, size // 2, lambda codes: _below(codes, largest)
            )

    def _product_quantizer(self, like: Any) -> Steps[None]:
        yield from self._bytes.fields("QQQ", dim=like.d, M=like.M, nbits=like.nbits)
        yield from self._bytes.array("centroids", np.float32, like.d * like.ksub, small)


def _below(codes: npt.NDArray[Any], largest: int) -> bool:
    return bool((codes & 0x7FFF).max() <= largest)


_SMALL_CODES: Final = {
    faiss.ScalarQuantizer.QT_fp16: 0x7BFF,
    faiss.ScalarQuantizer.QT_bf16: int(np.float32(LARGEST).view(np.uint32)) >> 16,
}
"""Codes that are floats themselves, without any training: the largest value allowed, without its sign."""

_IMPLEMENTATIONS: Final = (0, 11, 15)
"""The values of ``implem`` that a search may have left in one-bit codes: see ``codes``."""

_KINDS: Final[dict[str, tuple[bytes, Callable[[Layout, Any, int], Steps[None]]]]] = {
    "IndexFlat": (b"", Layout._flat),
    "IndexFlatL2": (b"", Layout._flat),
    "IndexFlatIP": (b"", Layout._flat),
    "IndexScalarQuantizer": (b"IxSQ", Layout._scalar),
    "IndexPQ": (b"IxPq", Layout._product),
    "IndexRefine": (b"IxRF", Layout._refined),
    "IndexRefineFlat": (b"IxRF", Layout._refined),
    "IndexIVFFlat": (b"IwFl", Layout._flat_lists),
    "IndexIVFScalarQuantizer": (b"IwSq", Layout._scalar_lists),
    "IndexIVFPQ": (b"IwPQ", Layout._product_lists),
    "IndexIVFPQFastScan": (b"IwPf", Layout._fast_lists),
    "IndexIVFRaBitQFastScan": (b"Iwrn", Layout._bit_lists),
    "IndexHNSWFlat": (b"IHNf", Layout._graph),
    "IndexHNSWSQ": (b"IHNs", Layout._graph),
    "IndexHNSWPQ": (b"IHNp", Layout._graph),
}
"""faiss's name of each kind in a file, and the steps that read it."""
