"""The names of rerankers: callables of the program, and services, which a server of the test stands for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from milvus_store import rerankers, reranking_services
from milvus_store.errors import MilvusException, ParamError


class _Answers(BaseHTTPRequestHandler):
    """Scores a text by its length, in the form that ``path`` has; keeps what it was asked."""

    asked: list[tuple[str, str | None, dict[str, Any]]]
    answer: Any

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers["Authorization"], body))
        status, answer = self.answer(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def scores(texts: list[str], name: str) -> list[dict[str, float]]:
    """Best first, as services answer."""
    found = [{"index": index, name: float(len(text))} for index, text in enumerate(texts)]
    return sorted(found, key=lambda one: -one[name])


@pytest.fixture
def service() -> Iterator[type[_Answers]]:
    handler = type("Handler", (_Answers,), {"asked": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        handler.endpoint = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


def ranked(texts: list[str], **params: Any) -> list[float]:
    model = rerankers.model_of("function 'f'", {"queries": ["q"], **params})
    return model.scores(texts, 0).tolist()


TEXTS = ["abc", "a", "ab"]


def test_services_of_ones_own_are_asked_at_their_endpoint(service: Any) -> None:
    service.answer = staticmethod(lambda body: (200, json.dumps(scores(body["texts"], "score"))))
    assert ranked(TEXTS, provider="TEI", endpoint=service.endpoint + "/", truncate=True) == [3, 1, 2]
    assert service.asked == [("/rerank", None, {"query": "q", "texts": TEXTS, "truncate": True})]
    service.answer = staticmethod(
        lambda body: (200, json.dumps({"results": scores(body["documents"], "relevance_score")}))
    )
    assert ranked(TEXTS, provider="vllm", endpoint=service.endpoint, max_client_batch_size=2) == [3, 1, 2]
    assert [(path, body["documents"]) for path, _, body in service.asked[1:]] == [
        ("/v2/rerank", ["abc", "a"]),
        ("/v2/rerank", ["ab"]),
    ]


@pytest.mark.parametrize("name", ["cohere", "voyageai", "siliconflow", "ali"])
def test_services_of_others_get_a_model_and_a_key(
    service: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(body: dict[str, Any]) -> tuple[int, str]:
        found = scores(body.get("documents") or body["input"]["documents"], "relevance_score")
        answers = {"voyageai": {"data": found}, "ali": {"output": {"results": found}}}
        return 200, json.dumps(answers.get(name, {"results": found}))

    known = reranking_services.SERVICES[name]
    service.answer = staticmethod(answer)
    monkeypatch.setitem(reranking_services.SERVICES, name, replace(known, url=service.endpoint + "/x"))
    monkeypatch.setenv(known.keys[1], "secret")
    assert ranked(TEXTS, provider=name, model_name="m-1") == [3, 1, 2]
    ((path, authorization, body),) = service.asked
    assert (path, authorization, body["model"]) == ("/x", "Bearer secret", "m-1")
    monkeypatch.setenv(known.keys[0], "milvus's")
    ranked(["a"] * 130, provider=name, model_name="m-1")
    assert [authorization for _, authorization, _ in service.asked[1:]] == ["Bearer milvus's"] * 2


def test_what_services_answer_is_checked(service: Any) -> None:
    asked = {"provider": "tei", "endpoint": service.endpoint}
    for status, text, message in (
        (503, "warming up", "tei answered 503 to a reranking: warming up"),
        (200, "hello", "tei answered a reranking with no JSON"),
        (200, '[{"index": 0, "score": 1}]', "tei answered a reranking of 3 texts without their scores"),
        (200, '{"error": "none"}', "without their scores"),
    ):
        service.answer = staticmethod(lambda _, status=status, text=text: (status, text))
        with pytest.raises(MilvusException, match=message):
            ranked(TEXTS, **asked)
    with pytest.raises(MilvusException, match="vllm cannot be reached at http://127.0.0.1:9"):
        ranked(TEXTS, provider="vllm", endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"provider": "cohere"}, "provider 'cohere' needs model_name"),
        ({"provider": "tei"}, "provider 'tei' needs endpoint"),
        ({"provider": "tei", "endpoint": "file:///etc"}, "endpoint must be the http address of tei"),
        (
            {"provider": "cohere", "model_name": "m", "api_key": "k"},
            "in the environment, as MILVUS_COHERE_API_KEY",
        ),
        (
            {"provider": "cohere", "model_name": "m", "max_tokens_perdoc": 1},
            "did you mean 'max_tokens_per_doc'",
        ),
        (
            {"provider": "cohere", "model_name": "m"},
            "needs its key in the environment, as MILVUS_COHERE_API_KEY",
        ),
        ({"provider": "coheer", "model_name": "m"}, "got 'coheer'; did you mean 'cohere'"),
        ({"provider": None}, "register.*got None"),
        ({"provider": "cohere", "queries": None}, "needs queries"),
        (
            {"provider": "cohere", "model_name": "m", "queries": []},
            "queries of a model reranker must be texts",
        ),
        (
            {"provider": "cohere", "model_name": "m", "queries": [1]},
            "queries of a model reranker must be texts",
        ),
        ({"provider": "tei", "endpoint": "http://x", "max_client_batch_size": 0}, "at least 1, got 0"),
    ],
)
def test_mistakes_are_named(params: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("MILVUS_COHERE_API_KEY", "COHERE_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(ParamError, match=message):
        ranked(TEXTS, **{"model_name": None, **params} if "model_name" in params else params)


def test_names_are_registered_and_forgotten() -> None:
    rerankers.register("Mine", lambda query, texts, more=0: [more + len(text) for text in texts])
    try:
        assert rerankers.registered() == ["mine"]
        assert ranked(TEXTS, provider="mine", more=1) == [4, 2, 3]
        rerankers.register("mine", lambda query, texts: [0.0] * len(texts))
        assert ranked(TEXTS, provider="MINE") == [0, 0, 0]
    finally:
        rerankers.unregister("mine")
    rerankers.unregister("mine")
    assert rerankers.registered() == []
    for name, reranker, message in (
        ("", len, "must be a str that is not empty"),
        ("x", "len", "reranker 'x' must be callable, got str"),
    ):
        with pytest.raises(ParamError, match=message):
            rerankers.register(name, reranker)  # type: ignore[arg-type]
