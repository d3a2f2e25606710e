"""The embedders that `embedder={"provider": …}` names; the entry points of `memlayer.embedders` lead here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from memlayer.errors import ConfigurationError
from memlayer.models._options import Options
from memlayer.models._servers import SERVERS, address, azure
from memlayer.models.openai import OpenAIEmbedder

if TYPE_CHECKING:
    from memlayer.models.huggingface import HuggingFaceEmbedder
    from memlayer.models.langchain import LangChainEmbedder
    from memlayer.models.litellm import LiteLLMEmbedder
    from memlayer.models.minilm import MiniLMEmbedder
    from memlayer.models.onnx import OnnxEmbedder

_LENGTHS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
"""Vectors of models whose length needs no asking."""
_SHORTENED = ("text-embedding-3-", "gemini-embedding-")
_DIMS = ("embedding_dims", "dimensions")


def _server(provider: str) -> Callable[..., OpenAIEmbedder]:
    """A maker of embedders behind one server that speaks OpenAI's wire."""

    def make(**given: Any) -> OpenAIEmbedder:
        options = Options("embedder", provider, given)
        model = options.take("model", default=SERVERS[provider].embedder)
        if model is None:
            raise ConfigurationError(f'embedder {provider!r}: name the "model" that the server runs')
        usual = SERVERS[provider].dimensions if model == SERVERS[provider].embedder else _LENGTHS.get(model)
        asked, where = options.whole(*_DIMS), address(options, provider)
        options.end()
        return OpenAIEmbedder(model, dimensions=asked or usual, address=where, shorten=_shortens(model, asked))

    return make


def _shortens(model: str, asked: int | None) -> bool:
    """Says whether the server must be told the length: some models make shorter vectors on demand."""
    return asked is not None and asked != _LENGTHS.get(model) and model.startswith(_SHORTENED)


openai = _server("openai")
together = _server("together")
mistral = _server("mistral")
gemini = _server("gemini")
ollama = _server("ollama")
lmstudio = _server("lmstudio")
vllm = _server("vllm")


def azure_openai(**given: Any) -> OpenAIEmbedder:
    """An embedder deployed on Azure."""
    options = Options("embedder", "azure_openai", given)
    where, deployment = azure(options, "EMBEDDING_AZURE")
    model = options.take("model", default=deployment)
    if model is None:
        raise ConfigurationError('embedder \'azure_openai\' needs "model" or "deployment"')
    asked = options.whole(*_DIMS)
    options.end()
    return OpenAIEmbedder(
        model, dimensions=asked or _LENGTHS.get(model), address=where, shorten=_shortens(model, asked)
    )


def _routed(provider: str, prefix: str, default: str | None) -> Callable[..., LiteLLMEmbedder]:
    """A maker of embedders that LiteLLM reaches."""

    def make(**given: Any) -> LiteLLMEmbedder:
        from memlayer.models.litellm import LiteLLMEmbedder

        options = Options("embedder", provider, given)
        model = options.take("model", default=default)
        if not isinstance(model, str) or not model:
            raise ConfigurationError(f'embedder {provider!r}: name the "model"')
        parameters = options.many("vertex_project", "vertex_location", "vertex_credentials", "api_version",
                                  "aws_access_key_id", "aws_secret_access_key", "aws_session_token")  # fmt: skip
        if region := options.take("aws_region_name", "aws_region"):
            parameters["aws_region_name"] = region
        if credentials := options.take("vertex_credentials_json"):
            parameters["vertex_credentials"] = credentials
        if url := options.take("api_base", "base_url"):
            parameters["api_base"] = url
        if key := options.key(env=(), needed=False):
            parameters["api_key"] = key
        asked, timeout = options.whole(*_DIMS), options.seconds("timeout", 60.0)
        options.end()
        name = model if not prefix or model.startswith(prefix) else prefix + model
        return LiteLLMEmbedder(name, dimensions=asked, options=parameters, timeout=timeout)

    return make


litellm = _routed("litellm", "", None)
vertexai = _routed("vertexai", "vertex_ai/", "text-embedding-004")
aws_bedrock = _routed("aws_bedrock", "bedrock/", "amazon.titan-embed-text-v2:0")


def huggingface(**given: Any) -> HuggingFaceEmbedder | OpenAIEmbedder:
    """A model of sentence-transformers, or with `huggingface_base_url` a text-embeddings server."""
    from memlayer.models.huggingface import HuggingFaceEmbedder
    from memlayer.models.openai import Address

    options = Options("embedder", "huggingface", given)
    model = options.take("model")
    asked = options.whole(*_DIMS)
    url = options.take("huggingface_base_url", "base_url")
    if url is not None:
        key = options.key(env=("HF_TOKEN",), needed=False)
        options.end()
        return OpenAIEmbedder(model or "tei", dimensions=asked, address=Address(url, key))
    arguments = options.take("model_kwargs", default={})
    options.end()
    return HuggingFaceEmbedder(model or "multi-qa-MiniLM-L6-cos-v1", dimensions=asked, arguments=arguments)


def onnx(**given: Any) -> OnnxEmbedder:
    """A sentence model exported to ONNX, in a folder of this machine: {"model": folder}."""
    from memlayer.models.onnx import OnnxEmbedder

    options = Options("embedder", "onnx", given)
    folder = options.take("model", "path", "folder")
    if folder is None:
        raise ConfigurationError("embedder 'onnx' needs \"model\": the folder with model.onnx and tokenizer.json")
    asked, pooling = options.whole(*_DIMS), options.take("pooling")
    prefixes = options.take("query_prefix", default=""), options.take("document_prefix", default="")
    most = options.whole("max_tokens")
    options.end()
    return OnnxEmbedder(folder, dimensions=asked, pooling=pooling, prefixes=prefixes, max_tokens=most)


def langchain(**given: Any) -> LangChainEmbedder:
    """An Embeddings instance of LangChain: {"model": instance}."""
    from memlayer.models.langchain import LangChainEmbedder

    options = Options("embedder", "langchain", given)
    model, asked = options.take("model"), options.whole(*_DIMS)
    options.end()
    return LangChainEmbedder(model, dimensions=asked)


def local(**given: Any) -> MiniLMEmbedder:
    """The local model that is used where no embedder is named; {"token_vectors": False} keeps none of its pieces."""
    from memlayer.models.minilm import MiniLMEmbedder, MiniLMWordPieceEmbedder

    options = Options("embedder", "local", given)
    pieces = options.take("token_vectors", default=True)
    options.end()
    if not isinstance(pieces, bool):
        raise ConfigurationError(f"embedder 'local': token_vectors is True or False, not {pieces!r}")
    return MiniLMWordPieceEmbedder() if pieces else MiniLMEmbedder()
