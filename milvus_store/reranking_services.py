"""Reranking services by the names that Milvus gives them, asked over HTTP.

Their keys come from the environment, by Milvus's name for it or by the service's own, and never from a search,
which may be one that a server logs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from milvus_store_lite import MilvusException, ParamError, RankTexts

from .options import judge_options

TIMEOUT: Final = 30.0
"""Seconds that a service may take, as in Milvus."""

_BATCH: Final = 128
"""Texts of one request, as in Milvus."""


def _flat(query: str, texts: list[str], params: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": query, "documents": texts, **params}


def _of_tei(query: str, texts: list[str], params: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": query, "texts": texts, **params}


def _of_ali(query: str, texts: list[str], params: Mapping[str, Any]) -> dict[str, Any]:
    further = dict(params)
    return {
        "model": further.pop("model"),
        "input": {"query": query, "documents": texts},
        "parameters": further,
    }


@dataclass(frozen=True)
class Service:
    """``url``: where it is asked, or the path at an ``endpoint`` that the function names.

    ``keys``: environment variables that may hold its key. ``params``: what it takes beside its model.
    ``body``: what it is asked. ``results``: where its answer has the scores, each with the index of a text.
    """

    url: str
    keys: tuple[str, ...] = ()
    params: frozenset[str] = frozenset()
    body: Callable[[str, list[str], Mapping[str, Any]], dict[str, Any]] = _flat
    results: tuple[str, ...] = ("results",)
    score: str = "relevance_score"

    @property
    def is_remote(self) -> bool:
        """Whether it has one address for all, and a choice of models."""
        return self.url.startswith("http")


SERVICES: Final[dict[str, Service]] = {
    "ali": Service(
        "https://dashscope.aliyuncs.com/api/v1/services/rerank/text-rerank/text-rerank",
        ("MILVUS_DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY"),
        body=_of_ali,
        results=("output", "results"),
    ),
    "cohere": Service(
        "https://api.cohere.com/v2/rerank",
        ("MILVUS_COHERE_API_KEY", "COHERE_API_KEY"),
        frozenset({"max_tokens_per_doc"}),
    ),
    "siliconflow": Service(
        "https://api.siliconflow.cn/v1/rerank",
        ("MILVUS_SILICONFLOW_API_KEY", "SILICONFLOW_API_KEY"),
        frozenset({"max_chunks_per_doc", "overlap_tokens"}),
    ),
    "tei": Service(
        "/rerank",
        params=frozenset({"truncate", "truncation_direction"}),
        body=_of_tei,
        results=(),
        score="score",
    ),
    "vllm": Service("/v2/rerank", params=frozenset({"truncate_prompt_tokens"})),
    "voyageai": Service(
        "https://api.voyageai.com/v1/rerank",
        ("MILVUS_VOYAGEAI_API_KEY", "VOYAGE_API_KEY"),
        frozenset({"truncation"}),
        results=("data",),
    ),
}

_KEY_PARAMS: Final = ("api_key", "credential", "token", "secret")


def service(described: str, name: str, params: Mapping[str, Any]) -> RankTexts:
    """What asks the service called ``name``.

    Args:
        described: the function that names it, for errors.
        params: ``model_name``, or ``endpoint`` for a service of one's own, and what it takes beside.

    Raises:
        ParamError: a parameter is missing, unknown, or a key.
    """
    asked = SERVICES[name]
    for key in _KEY_PARAMS:
        if key in params:
            where = (
                f"in the environment, as {' or '.join(asked.keys)}"
                if asked.keys
                else "nowhere: it needs none"
            )
            raise ParamError(
                message=f"{described}: expected the key of {name} {where}, got the parameter {key!r}"
            )
    given = dict(params)
    own = "model_name" if asked.is_remote else "endpoint"
    value = given.pop(own, None)
    if not isinstance(value, str) or not value:
        raise ParamError(message=f"{described}: provider {name!r} needs {own}, a str, got {value!r:.80}")
    judge_options(name, given, asked.params | {own}, what="parameter")
    known = {key: value for key, value in given.items() if key in asked.params}
    if asked.is_remote:
        return _asking(name, asked, asked.url, {"model": value, **known})
    if urlsplit(value).scheme not in ("http", "https"):
        raise ParamError(
            message=f"{described}: endpoint must be the http address of {name}, got {value!r:.80}"
        )
    return _asking(name, asked, value.rstrip("/") + asked.url, known)


def _asking(name: str, asked: Service, url: str, params: Mapping[str, Any]) -> RankTexts:
    def rank(query: str, texts: list[str]) -> Sequence[float]:
        scores: list[float] = []
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            answer = _answer(name, asked, url, asked.body(query, batch, params))
            scores += _scores(name, asked, answer, len(batch))
        return scores

    return rank


def _answer(name: str, asked: Service, url: str, body: Mapping[str, Any]) -> Any:
    headers = {"Content-Type": "application/json"}
    if asked.keys:
        key = next((os.environ[key] for key in asked.keys if os.environ.get(key)), None)
        if key is None:
            raise ParamError(
                message=f"reranking by {name} needs its key in the environment, as {' or '.join(asked.keys)}"
            )
        headers["Authorization"] = f"Bearer {key}"
    request = Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with urlopen(request, timeout=TIMEOUT) as response:
            return json.load(response)
    except HTTPError as error:
        said = error.read(500).decode("utf-8", "replace")
        raise MilvusException(message=f"{name} answered {error.code} to a reranking: {said}") from None
    except (URLError, TimeoutError, ConnectionError) as error:
        raise MilvusException(message=f"{name} cannot be reached at {url}: {error}") from error
    except ValueError as error:
        raise MilvusException(message=f"{name} answered a reranking with no JSON: {error}") from error


def _scores(name: str, asked: Service, answer: Any, count: int) -> list[float]:
    """The scores of ``count`` texts, in their order."""
    try:
        for key in asked.results:
            answer = answer[key]
        of_text = {result["index"]: float(result[asked.score]) for result in answer}
        return [of_text[index] for index in range(count)]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise MilvusException(
            message=f"{name} answered a reranking of {count} texts without their scores: {error!r}"
        ) from error
