"""Rerankers by name: callables of yours, and services on the network.

A callable that is registered serves every search of the process, and those of a server in it. It gets a query and
texts, and returns a score of each text, larger for a better answer::

    def words_in_common(query, texts):
        words = set(query.split())
        return [len(words & set(text.split())) for text in texts]

    rerankers.register("words", words_in_common)
    ranker = Function(
        "model", FunctionType.RERANK, ["text"],
        params={"reranker": "model", "provider": "words", "queries": ["a red apple"]},
    )
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from milvus_store_lite import ParamError, RankTexts, Registry, RerankModel, check_callable, did_you_mean

Reranker = Callable[..., Sequence[float]]
"""(query, texts, \\*\\*params) → a number for each text."""

_registered: Final[Registry[Reranker]] = Registry("a reranker")

_SERVICES: Final = ("ali", "cohere", "siliconflow", "tei", "vllm", "voyageai")


def register(name: str, reranker: Reranker) -> None:
    """Let ``params={"provider": name, ...}`` of a model reranker mean ``reranker``.

    Args:
        name: in lower case or not; a name that was registered before, or that a service has, now means this.
        reranker: called as ``reranker(query, texts, **params)``, with those ``params`` of the function that are
            not the client's own. Several threads may call it at the same time.
    """
    check_callable(f"reranker {name!r:.80}", reranker)
    _registered.add(name, reranker)


def unregister(name: str) -> None:
    """Forget the reranker called ``name``; nothing happens if there is none."""
    _registered.remove(name)


def registered() -> list[str]:
    """The names that are registered."""
    return _registered.names()


def model_of(described: str, params: Mapping[str, Any]) -> RerankModel:
    """The model that the parameters of a function ask for.

    Args:
        described: what asks for it, for errors.
        params: ``provider``, ``queries``, ``max_client_batch_size``, and what the provider takes.

    Raises:
        ParamError: there is no such provider, or it does not take the parameters.
    """
    given = dict(params)
    provider, queries, batch = (
        given.pop(name, None) for name in ("provider", "queries", "max_client_batch_size")
    )
    if not isinstance(queries, (list, tuple)):
        raise ParamError(
            message=f"{described} needs queries, a list with a text for each query vector, got {queries!r:.80}"
        )
    return RerankModel(tuple(queries), _batched(described, _ranking(described, provider, given), batch))


def _ranking(described: str, provider: object, params: Mapping[str, Any]) -> RankTexts:
    reranker = _registered.get(provider)
    if reranker is not None:
        return partial(reranker, **params)
    name = provider.lower() if isinstance(provider, str) else ""
    if name in _SERVICES:
        # Imported with the first service: few programs ask one.
        from .reranking_services import service

        return service(described, name, params)
    raise ParamError(
        message=f"{described} needs a provider that milvus_store.rerankers.register() has given a name, or one of "
        f"{', '.join(_SERVICES)}, got {provider!r:.80}{did_you_mean(name, [*_registered.names(), *_SERVICES])}"
    )


def _batched(described: str, rank: RankTexts, size: object) -> RankTexts:
    """``rank``, called for ``size`` texts at most."""
    if size is None:
        return rank
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ParamError(
            message=f"max_client_batch_size of {described} must be an int of at least 1, got {size!r:.80}"
        )

    def in_batches(query: str, texts: list[str]) -> Sequence[float]:
        return [
            score
            for start in range(0, len(texts), size)
            for score in rank(query, texts[start : start + size])
        ]

    return in_batches
