"""The rankers of a search or a hybrid search, ours or pymilvus's, as the engine takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from milvus_store_lite import (
    Boost,
    Boosts,
    DataTypeNotMatchException,
    Decay,
    DecayCurve,
    MergedScores,
    ModelRanking,
    ParamError,
    RandomScore,
    RankedPage,
    Ranker,
    ReciprocalRanks,
    Reranking,
    Rescoring,
    Scope,
    SearchRequest,
    WeightedScores,
)

from ..functions import FunctionType
from ..options import judge_options
from ..rerankers import model_of
from .function_chains import as_chain
from .rows import as_clock, as_scope
from .search_params import RERANKING_OPTIONS, is_given

_RERANKERS: Final = ("boost", "decay", "model", "rrf", "weighted")
_MODES: Final = ("boost_mode", "function_mode")


class HybridRanker(NamedTuple):
    """``ranker`` fuses the searches, and ``rescoring`` changes what it has fused."""

    ranker: Ranker
    rescoring: Rescoring | None = None


def as_reranking(request: SearchRequest, keywords: Mapping[str, Any]) -> tuple[SearchRequest, Reranking]:
    """The search for the candidates, and what makes the hits of ``request`` of them by the call's keywords."""
    ranker, chains = (keywords.get(name) for name in RERANKING_OPTIONS)
    page = RankedPage(request.limit, request.offset, request.group_by, request.round_decimal)
    if is_given(chains):
        if is_given(ranker):
            raise ParamError(message="search() takes a ranker or function_chains, got both")
        return request, Reranking(page, chain=as_chain(chains))
    boosts, others = _split(ranker, keywords)
    if boosts is not None and request.group_by is not None:
        raise ParamError(
            message=f"a boost ranker takes no groups, as in Milvus: got {', '.join(request.group_by.fields)!r}"
        )
    fused = _hybrid_ranker(others[0]) if others else None
    return replace(request, limit=request.window, offset=0, round_decimal=-1), Reranking(
        page,
        boosts=boosts,
        ranker=None if fused is None else fused.ranker,
        rescoring=None if fused is None else fused.rescoring,
    )


def as_hybrid_ranker(given: Any) -> HybridRanker:
    """The ranker of a hybrid search; reciprocal ranks for None."""
    if given is None:
        return HybridRanker(ReciprocalRanks(60))
    if hasattr(given, "input_field_names"):
        return _hybrid_ranker(_Function(given))
    described = given.dict() if callable(getattr(given, "dict", None)) else None
    params = described.get("params", {}) if isinstance(described, dict) else {}
    strategy = described.get("strategy") if isinstance(described, dict) else None
    if strategy == "rrf":
        return HybridRanker(ReciprocalRanks(params.get("k", 60)))
    if strategy == "weighted":
        return HybridRanker(WeightedScores(params.get("weights", []), params.get("norm_score", True)))
    raise DataTypeNotMatchException(
        message=f"ranker must be an RRFRanker, a WeightedRanker or a RERANK Function, got "
        f"{type(given).__name__}: {given!r:.80}"
    )


def _split(ranker: Any, keywords: Mapping[str, Any]) -> tuple[Boosts | None, list[_Function]]:
    """The boosts of a search's ranker, and the other ranker, if there is one."""
    given: Any = [ranker]
    modes: Any = {}
    if hasattr(ranker, "functions"):
        given, modes = ranker.functions, ranker.params or {}
    if not isinstance(given, (list, tuple)) or not given or not all(map(_is_function, given)):
        raise DataTypeNotMatchException(
            message=f"ranker of search() must be a RERANK Function or a FunctionScore of some, got "
            f"{type(ranker).__name__}: {ranker!r:.80}"
        )
    if not isinstance(modes, dict):
        raise DataTypeNotMatchException(
            message=f"params of a FunctionScore must be a dict, got {modes!r:.80}"
        )
    judge_options("FunctionScore", modes, _MODES, what="parameter")
    functions = [_Function(function) for function in given]
    boosts = [_boost(function, keywords) for function in functions if function.reranker == "boost"]
    others = [function for function in functions if function.reranker != "boost"]
    if len(others) > 1:
        raise ParamError(
            message=f"a FunctionScore takes boosts and one other ranker, got {len(others)} others: "
            f"{', '.join(other.described for other in others)}"
        )
    named: dict[str, Any] = {name: _lower(modes.get(name, "multiply")) for name in _MODES}
    return Boosts(tuple(boosts), **named) if boosts else None, others


class _Function:
    """A RERANK function. What takes one of its ``params`` removes it, and ``done`` judges those that are left."""

    def __init__(self, given: Any) -> None:
        self.described = f"function {given.name!r}"
        self.inputs = list(given.input_field_names)
        if given.type != FunctionType.RERANK:
            raise ParamError(message=f"{self.described} must be of type RERANK, got {given.type!r}")
        if given.output_field_names:
            raise ParamError(
                message=f"{self.described} ranks hits: expected no output field, got {given.output_field_names!r}"
            )
        self.params = {str(name).lower(): value for name, value in given.params.items()}
        self.reranker = _lower(self.params.pop("reranker", None))
        if self.reranker not in _RERANKERS:
            raise ParamError(
                message=f"{self.described}: the reranker must be one of {', '.join(_RERANKERS)}, got "
                f"{self.reranker!r:.80}"
            )

    def number(self, name: str, default: float | None = None) -> float:
        """The parameter called ``name``, which may be a text, as servers send all of them."""
        given = self.params.pop(name, default)
        if given is None:
            raise ParamError(
                message=f"{self.described}: the reranker {self.reranker!r} needs {name!r}, got none"
            )
        if isinstance(given, str):
            try:
                return float(given)
            except ValueError:
                pass
        elif isinstance(given, (int, float)) and not isinstance(given, bool):
            return given
        raise ParamError(message=f"{self.described}: {name} must be a number, got {given!r:.80}")

    def flag(self, name: str) -> bool:
        """The parameter called ``name``; False by default."""
        given = self.params.pop(name, False)
        named: Any = {"true": True, "false": False}
        flag: bool = named.get(given.lower(), given) if isinstance(given, str) else given
        return flag

    def one_input(self) -> str:
        """The only input field."""
        if len(self.inputs) != 1:
            raise ParamError(
                message=f"{self.described}: the reranker {self.reranker!r} takes one input field, got "
                f"{self.inputs!r}"
            )
        return str(self.inputs[0])

    def done(self, *taken: str) -> None:
        """Judge the parameters that are left; ``taken`` are those that the reranker takes."""
        for name in self.params.keys() & _OF_OTHERS:
            raise ParamError(message=f"{self.described}: the reranker {self.reranker!r} takes no {name!r}")
        judge_options("Function", self.params, taken, what=f"parameter of the reranker {self.reranker!r}")


_OF_RANKER: Final[Mapping[str, tuple[str, ...]]] = {
    "boost": ("weight", "filter", "random_score"),
    "decay": ("function", "origin", "scale", "offset", "decay", "score_mode", "norm_score"),
    "rrf": ("k",),
    "weighted": ("weights", "norm_score"),
}
_OF_OTHERS: Final = frozenset(name for names in _OF_RANKER.values() for name in names) | {
    "queries",
    "provider",
}


def _boost(function: _Function, keywords: Mapping[str, Any]) -> Boost:
    if function.inputs:
        raise ParamError(
            message=f"{function.described}: a boost reads fields by its filter, and takes no input field, got "
            f"{function.inputs!r}"
        )
    given = function.params.pop("filter", None)
    scope: Scope | None = None
    if given is not None and given != "":
        scope = as_scope(given, keywords.get("filter_params"), None, as_clock(keywords))
    random = function.params.pop("random_score", None)
    boost = Boost(
        function.number("weight"), scope, None if random is None else _random(function.described, random)
    )
    function.done(*_OF_RANKER["boost"])
    return boost


def _random(described: str, given: object) -> RandomScore:
    if not isinstance(given, dict):
        raise ParamError(
            message=f"{described}: random_score must be a dict with seed and field, got {given!r:.80}"
        )
    judge_options("Function", given, ("seed", "field"), what="key of random_score")
    return RandomScore(given.get("seed", 0), given.get("field"))


def _hybrid_ranker(function: _Function) -> HybridRanker:
    make = _MAKE.get(function.reranker)
    if make is None:
        raise ParamError(
            message=f"{function.described}: a hybrid search takes no boost, as in Milvus: give it to search()"
        )
    return make(function)


def _rrf(function: _Function) -> HybridRanker:
    ranker = ReciprocalRanks(function.number("k", 60))
    function.done(*_OF_RANKER["rrf"])
    return HybridRanker(ranker)


def _weighted(function: _Function) -> HybridRanker:
    """As a function, it norms scores only on request."""
    ranker = WeightedScores(function.params.pop("weights", []), function.flag("norm_score"))
    function.done(*_OF_RANKER["weighted"])
    return HybridRanker(ranker)


def _decay(function: _Function) -> HybridRanker:
    curve = DecayCurve(
        _lower(function.params.pop("function", None)),
        function.number("origin"),
        function.number("scale"),
        function.number("offset", 0),
        function.number("decay", 0.5),
    )
    merged = MergedScores(_lower(function.params.pop("score_mode", "max")), function.flag("norm_score"))
    field = function.one_input()
    function.done(*_OF_RANKER["decay"])
    return HybridRanker(merged, Decay(field, curve))


def _model(function: _Function) -> HybridRanker:
    field = function.one_input()
    return HybridRanker(
        MergedScores("max"), ModelRanking(field, model_of(function.described, function.params))
    )


_MAKE: Final[Mapping[str, Callable[[_Function], HybridRanker]]] = {
    "decay": _decay,
    "model": _model,
    "rrf": _rrf,
    "weighted": _weighted,
}


def _is_function(given: object) -> bool:
    return hasattr(given, "input_field_names") and hasattr(given, "params")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
