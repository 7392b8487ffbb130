"""Hosted services whose names Milvus knows, asked by their own packages, which are imported at the first use.

A file names the service and the model. Keys and addresses are the process's own: its environment, or a credential
that it registered. So no file can make a program send a key to another place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from ..errors import EmbeddingError, ParamError
from ..suggestions import did_you_mean
from .registry import Embedder, credential

_PARAMS: Final = ("provider", "model_name", "credential", "dim")


def hosted(provider: str, params: Mapping[str, Any]) -> Embedder | None:
    """What embeds by the service ``provider``, None if there is none of this name.

    Raises:
        ParamError: a parameter is unknown or missing, or its credential is not registered.
        EmbeddingError: its package is missing, or has no key.
    """
    name = provider.lower()
    if name not in _SERVICES:
        return None
    for key in params:
        if key not in _PARAMS:
            raise ParamError(
                message=f"provider '{name}' takes {', '.join(_PARAMS)}, got {key!r}{did_you_mean(key, _PARAMS)}"
            )
    model, label = params.get("model_name"), params.get("credential")
    if not isinstance(model, str) or not model:
        raise ParamError(message=f"provider '{name}' needs a model_name as a str, got {model!r:.80}")
    secret = os.environ.get(f"MILVUSAI_{name.upper()}_API_KEY") if label is None else credential(str(label))
    if label is not None and secret is None:
        raise ParamError(
            message=f"credential {label!r:.80} is not known to this process: "
            f"milvus_store.embeddings.register_credential({label!r:.80}, key)"
        )
    return _client(name, model, int(params["dim"]) if "dim" in params else None, secret)


@lru_cache(maxsize=16)  # with their connections
def _client(name: str, model: str, dim: int | None, key: str | None) -> Embedder:
    package, make, batch_size = _SERVICES[name]
    try:
        module = import_module(package)
    except ImportError as error:
        raise EmbeddingError(
            message=f"provider '{name}' needs the package {package}: pip install {package}; or embed by a "
            f"callable of your own: milvus_store.embeddings.register({name!r}, embed) ({error})"
        ) from None
    try:
        embed = make(module, model, dim, key)
    except Exception as error:
        raise EmbeddingError(message=f"provider '{name}' cannot be used: {error}") from error
    return Embedder(partial(embed, "document"), partial(embed, "query"), batch_size)


_Ask = Callable[[str, Sequence[str]], Any]


def _openai(openai: ModuleType, model: str, dim: int | None, key: str | None) -> _Ask:
    client = openai.OpenAI(api_key=key)
    options = {} if dim is None else {"dimensions": dim}

    def embed(purpose: str, texts: Sequence[str]) -> Any:
        answer = client.embeddings.create(model=model, input=list(texts), **options)
        return [one.embedding for one in sorted(answer.data, key=lambda one: one.index)]

    return embed


def _voyageai(voyageai: ModuleType, model: str, dim: int | None, key: str | None) -> _Ask:
    client = voyageai.Client(api_key=key)
    options = {} if dim is None else {"output_dimension": dim}

    def embed(purpose: str, texts: Sequence[str]) -> Any:
        return client.embed(list(texts), model=model, input_type=purpose, **options).embeddings

    return embed


def _cohere(cohere: ModuleType, model: str, dim: int | None, key: str | None) -> _Ask:
    client = cohere.ClientV2(api_key=key)
    options = {} if dim is None else {"output_dimension": dim}

    def embed(purpose: str, texts: Sequence[str]) -> Any:
        answer = client.embed(
            model=model,
            texts=list(texts),
            input_type=f"search_{purpose}",
            embedding_types=["float"],
            **options,
        )
        return answer.embeddings.float_

    return embed


_SERVICES: Final[dict[str, tuple[str, Callable[..., _Ask], int]]] = {
    "openai": ("openai", _openai, 512),
    "voyageai": ("voyageai", _voyageai, 128),
    "cohere": ("cohere", _cohere, 96),
}
"""Package, what makes it a callable, and the most texts that Milvus sends in one request."""

SERVICES: Final = tuple(_SERVICES)
