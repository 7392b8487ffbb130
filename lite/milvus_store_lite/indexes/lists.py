"""IVF_FLAT, IVF_SQ8, IVF_PQ and SCANN: inverted lists of vectors, or of scalar or product codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from ..process.openmp import faiss
from .ann import ROUNDS, AnnIndex, SearchEffort, list_count

_SAMPLE_PER_LIST: Final = 64
_SAMPLE_FOR_CODES: Final = 20_000
"""Product codes learn 256 centroids for each part of a vector."""

DEFAULT_LISTS: Final = 128
DEFAULT_PROBES: Final = 8


class _Lists(AnnIndex):
    factor: ClassVar[int]
    """Candidates for each row asked for: more where the codes order rows less exactly."""

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        """faiss's name of the codes in the lists."""
        raise NotImplementedError

    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> _Lists:
        lists = list_count(parameters.get("nlist", DEFAULT_LISTS), rows)
        kind = faiss.METRIC_L2 if metric == "L2" else faiss.METRIC_INNER_PRODUCT
        handle = faiss.index_factory(dim, f"IVF{lists},{cls.codes(dim, parameters)}", kind)
        _limit_clustering(handle.cp)
        return cls(handle, metric, parameters, {"rows": rows})

    @property
    def needs_tuned(self) -> set[str]:
        return {"rows"}

    @property
    def sample_size(self) -> int:
        return max(_SAMPLE_FOR_CODES, _SAMPLE_PER_LIST * int(self.handle.nlist))

    @property
    def grows_until(self) -> float:
        lists = self.parameters.get("nlist", DEFAULT_LISTS)
        return 8.0 * float(self.tuned["rows"]) if self.most < lists else super().grows_until

    @property
    def most(self) -> int:
        return int(self.handle.nlist)

    def effort(self, limit: int, share: float, given: Mapping[str, Any]) -> SearchEffort:
        asked = self.parameters.get("nlist", DEFAULT_LISTS)
        # nprobe counts the lists that were asked for; where there are fewer lists, it takes the same share of
        # them.
        probes = given.get("nprobe", DEFAULT_PROBES) * self.most / asked / share**0.5
        candidates = given.get("reorder_k", max(self.factor * limit, 0 if self.factor == 1 else 100))
        return SearchEffort(max(1, min(self.most, round(probes))), candidates)

    def _search_params(self, effort: SearchEffort, selector: Any) -> Any:
        return faiss.SearchParametersIVF(nprobe=effort.width, sel=selector)


class FlatLists(_Lists):
    factor = 1

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        return "Flat"


class ScalarLists(_Lists):
    factor = 3

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        return "SQ8"


class ProductLists(_Lists):
    factor = 20

    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> _Lists:
        made = super().empty(dim, metric, parameters, rows)
        skip_polysemous_training(made.handle)
        return made

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        return product_codes(dim, parameters)

    def _search_params(self, effort: SearchEffort, selector: Any) -> Any:
        return faiss.IVFPQSearchParameters(nprobe=effort.width, sel=selector)


class FastLists(_Lists):
    factor = 20

    @classmethod
    def empty(cls, dim: int, metric: str, parameters: Mapping[str, Any], rows: int) -> _Lists:
        made = super().empty(dim, metric, parameters, rows)
        _limit_clustering(made.handle.pq.cp)
        return made

    @classmethod
    def codes(cls, dim: int, parameters: Mapping[str, Any]) -> str:
        return f"PQ{_divisor(dim, dim // 2)}x4fs"


def product_codes(dim: int, parameters: Mapping[str, Any]) -> str:
    """faiss's name of the product codes that ``m`` and ``nbits`` ask for; beyond 8 bits gains nothing here,
    since candidates are scored exactly."""
    parts = parameters.get("m", _divisor(dim, dim // 4))
    return f"PQ{parts}x{min(8, parameters.get('nbits', 8))}"


def skip_polysemous_training(handle: Any) -> None:
    """Skip the step that orders product codes for comparison by Hamming distance: it takes a minute, and no search
    here compares them that way."""
    handle.do_polysemous_training = False
    _limit_clustering(handle.pq.cp)


def _limit_clustering(clustering: Any) -> None:
    """Limit k-means to the rounds and vectors that pay, and let it accept few vectors without a warning."""
    clustering.niter = ROUNDS
    clustering.max_points_per_centroid = _SAMPLE_PER_LIST
    clustering.min_points_per_centroid = 1


def _divisor(number: int, most: int) -> int:
    """The largest divisor of ``number`` up to ``most``."""
    return next(divisor for divisor in range(max(1, most), 0, -1) if number % divisor == 0)
