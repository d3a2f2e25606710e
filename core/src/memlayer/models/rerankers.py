"""The rerankers that `reranker={"provider": …}` names; the entry points of `memlayer.rerankers` lead here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from memlayer.errors import ConfigurationError
from memlayer.models._options import Options
from memlayer.models.reranking import HTTPReranker, LiteLLMReranker, OnnxReranker, SentenceTransformersReranker

_ADDRESSES = {"cohere": "https://api.cohere.com/v2/rerank", "jina": "https://api.jina.ai/v1/rerank"}
_MODELS = {"cohere": "rerank-v3.5", "jina": "jina-reranker-v2-base-multilingual"}
_CROSS_ENCODER = "cross-encoder/ms-marco-MiniLM-L-6-v2"


def onnx(**given: Any) -> OnnxReranker:
    """A cross-encoder in a folder of this machine; `model` (or `folder`) is the folder."""
    options = Options("reranker", "onnx", given)
    folder, longest = options.take("folder", "model", "path"), options.whole("max_tokens", "max_length")
    options.end()
    if folder is None:
        raise ConfigurationError("reranker 'onnx': name the \"folder\" of the model")
    return OnnxReranker(folder, max_tokens=longest or 512)


def sentence_transformer(**given: Any) -> SentenceTransformersReranker:
    """A cross-encoder of sentence-transformers, by its name on the hub or its folder."""
    options = Options("reranker", "sentence_transformer", given)
    model, arguments = options.take("model", default=_CROSS_ENCODER), options.many("device", "max_length")
    arguments |= options.take("model_kwargs", "arguments", default={})
    options.end()
    return SentenceTransformersReranker(model, arguments=arguments)


def litellm(**given: Any) -> LiteLLMReranker:
    """A reranker of any provider that LiteLLM knows."""
    options = Options("reranker", "litellm", given)
    model, timeout = options.take("model"), options.seconds("timeout", 30.0)
    parameters = options.many("api_key", "api_base", "aws_region_name", "vertex_project", "vertex_location")
    options.end()
    if not isinstance(model, str) or not model:
        raise ConfigurationError('reranker \'litellm\': name the "model", as in "cohere/rerank-v3.5"')
    return LiteLLMReranker(model, options=parameters, timeout=timeout)


def _server(provider: str, *, env: tuple[str, ...], needs_key: bool) -> Callable[..., HTTPReranker]:
    """A maker of rerankers behind one server that speaks Cohere's call."""

    def make(**given: Any) -> HTTPReranker:
        options = Options("reranker", provider, given)
        model = options.take("model", default=_MODELS.get(provider))
        url = options.take("url", "base_url", "api_base", default=_ADDRESSES.get(provider))
        key, timeout = options.key(env=env, needed=needs_key), options.seconds("timeout", 30.0)
        headers = options.take("headers", default={})
        options.end()
        if not model or not url:
            raise ConfigurationError(f'reranker {provider!r}: name the "model" and the "url" of the call')
        url = url if url.rstrip("/").endswith("rerank") else f"{url.rstrip('/')}/rerank"
        return HTTPReranker(model, url=url, key=key, headers=headers, timeout=timeout)

    return make


cohere = _server("cohere", env=("COHERE_API_KEY", "CO_API_KEY"), needs_key=True)
jina = _server("jina", env=("JINA_API_KEY",), needs_key=True)
http = _server("http", env=("MEMLAYER_RERANK_API_KEY",), needs_key=False)
