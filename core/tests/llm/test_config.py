"""The guide's provider names, keys and variables; mem0's dictionaries and typed configurations."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest
from answers import answer, fact, texts
from clients import KEY, Make

from memlayer import ConfigurationError, Memory, UnsupportedError
from memlayer.config import part, read
from memlayer.errors import MissingDependencyError
from memlayer.models import openai as wire
from memlayer.testing import HashEmbedder

VARIABLES = [
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "GROQ_API_KEY", "XAI_API_KEY", "TOGETHER_API_KEY",
    "DEEPSEEK_API_KEY", "MISTRAL_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "ANTHROPIC_API_KEY",
    "LLM_AZURE_OPENAI_API_KEY", "LLM_AZURE_ENDPOINT", "LLM_AZURE_API_VERSION", "EMBEDDING_AZURE_OPENAI_API_KEY",
    "EMBEDDING_AZURE_ENDPOINT", "EMBEDDING_AZURE_API_VERSION", "OLLAMA_HOST", "OLLAMA_BASE_URL",
]  # fmt: skip


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def where(model: Any) -> wire.Address:
    found: wire.Address = model._client.address
    return found


@pytest.mark.parametrize(
    ("provider", "variable", "host"),
    [
        ("openai", "OPENAI_API_KEY", "api.openai.com"),
        ("openai_structured", "OPENAI_API_KEY", "api.openai.com"),
        ("groq", "GROQ_API_KEY", "api.groq.com"),
        ("xai", "XAI_API_KEY", "api.x.ai"),
        ("together", "TOGETHER_API_KEY", "api.together.xyz"),
        ("deepseek", "DEEPSEEK_API_KEY", "api.deepseek.com"),
        ("mistral", "MISTRAL_API_KEY", "api.mistral.ai"),
        ("gemini", "GEMINI_API_KEY", "generativelanguage.googleapis.com"),
        ("gemini", "GOOGLE_API_KEY", "generativelanguage.googleapis.com"),
    ],
)
def test_keys_come_from_the_guides_variables(
    provider: str, variable: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        part("llm", {"provider": provider})
    monkeypatch.setenv(variable, KEY)
    model = part("llm", {"provider": provider, "config": {"temperature": 0.2, "max_tokens": 900, "top_p": 0.9}})
    assert (where(model).host, where(model).key) == (host, KEY)
    assert model._options == {"temperature": 0.2, "max_tokens": 900, "top_p": 0.9}
    assert model.name
    assert KEY not in f"{model!r}{where(model)!r}"


@pytest.mark.parametrize(
    ("provider", "config", "url"),
    [
        ("ollama", {}, "http://localhost:11434/v1"),
        ("ollama", {"ollama_base_url": "http://box:11434"}, "http://box:11434/v1"),
        ("lmstudio", {}, "http://localhost:1234/v1"),
        ("lmstudio", {"lmstudio_base_url": "http://box:1234/v1"}, "http://box:1234/v1"),
        ("vllm", {"model": "m", "base_url": "http://box:8000/v1"}, "http://box:8000/v1"),
        ("xai", {"xai_base_url": "http://proxy/v1"}, "http://proxy/v1"),
        ("openai", {"openai_base_url": "http://proxy/v1"}, "http://proxy/v1"),
    ],
)
def test_servers_without_keys(provider: str, config: dict[str, Any], url: str) -> None:
    model = part("llm", {"provider": provider, "config": config})
    assert where(model).base_url == url


@pytest.mark.parametrize("kind", ["llm", "embedder"])
def test_azure(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "LLM_AZURE" if kind == "llm" else "EMBEDDING_AZURE"
    for name, value in {"OPENAI_API_KEY": KEY, "ENDPOINT": "https://x.openai.azure.com", "API_VERSION": "v7"}.items():
        monkeypatch.setenv(f"{prefix}_{name}", value)
    model = part(kind, {"provider": "azure_openai", "config": {"model": "m", "deployment": "d"}})
    assert where(model).azure == {
        "azure_endpoint": "https://x.openai.azure.com", "api_version": "v7", "azure_deployment": "d"
    }  # fmt: skip
    nested = {"azure_deployment": "e", "azure_endpoint": "https://y", "api_version": "v8", "api_key": "k"}
    model = part(kind, {"provider": "azure_openai", "config": {"model": "m", "azure_kwargs": nested}})
    assert where(model).azure == {"azure_endpoint": "https://y", "api_version": "v8", "azure_deployment": "e"}
    assert where(model).key == "k"


@pytest.mark.parametrize(
    ("provider", "config", "name"),
    [
        ("litellm", {"model": "cohere/command-r"}, "cohere/command-r"),
        ("anthropic", {"model": "claude-3-opus-20240229", "api_key": KEY}, "anthropic/claude-3-opus-20240229"),
        ("aws_bedrock", {"model": "arn:aws:bedrock:x"}, "bedrock/arn:aws:bedrock:x"),
    ],
)
def test_providers_through_litellm(provider: str, config: dict[str, Any], name: str) -> None:
    model = part("llm", {"provider": provider, "config": config})
    assert model.name == name
    assert KEY not in repr(model)


def test_anthropic_needs_its_key() -> None:
    with pytest.raises(ConfigurationError, match="ANTHROPIC_API_KEY"):
        part("llm", {"provider": "anthropic"})


class OpenAILLMConfig:
    """A typed configuration as mem0 has them: keys that were not given are None."""

    def __init__(self, **given: Any) -> None:
        self.model = "gpt-4o-mini"
        self.http_client_proxies = None
        self.__dict__.update(given)


class LMStudioConfig(OpenAILLMConfig):
    pass


class AzureOpenAIConfig(OpenAILLMConfig):
    pass


class LlmConfig:
    def __init__(self, provider: str, config: dict[str, Any]) -> None:
        self.provider, self.config = provider, config


def test_typed_configurations() -> None:
    assert where(part("llm", OpenAILLMConfig(api_key=KEY))).key == KEY
    assert where(part("llm", LMStudioConfig())).base_url == "http://localhost:1234/v1"
    azure = AzureOpenAIConfig(azure_kwargs={"azure_endpoint": "https://y", "api_key": "k"})
    assert where(part("llm", azure)).azure is not None
    assert part("llm", LlmConfig("groq", {"model": "m", "api_key": KEY})).name == "m"
    inner = {"provider": "openai", "config": OpenAILLMConfig(api_key=KEY, model="x")}
    assert part("llm", inner).name == "x"


def test_a_provider_and_its_model_in_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert part("llm", "openai/gpt-5-mini").model == "gpt-5-mini"
    assert part("embedder", "ollama/mxbai").model == "mxbai"


@pytest.mark.parametrize(
    ("kind", "config", "error", "words"),
    [
        ("llm", {"provider": "openay"}, ConfigurationError, "did you mean 'openai'"),
        ("llm", {"config": {}}, ConfigurationError, "must name its provider"),
        ("llm", {"provider": "openai", "config": {"temprature": 1}}, ConfigurationError, "did you mean 'temperature'"),
        ("llm", {"provider": "openai", "config": {"http_client_proxies": "p"}}, UnsupportedError, "HTTPS_PROXY"),
        ("llm", {"provider": "openai", "config": {"timeout": -1}}, ConfigurationError, "timeout"),
        ("llm", {"provider": "langchain", "config": {"model": "gpt"}}, ConfigurationError, "chat model instance"),
        ("llm", {"provider": "litellm"}, ConfigurationError, "model"),
        ("llm", {"provider": "azure_openai", "config": {"model": "m"}}, ConfigurationError, "LLM_AZURE_ENDPOINT"),
        ("embedder", {"provider": "openai", "config": {"embedding_dims": "x"}}, ConfigurationError, "embedding_dims"),
        (
            "embedder",
            {"provider": "vertexai", "config": {"memory_add_embedding_type": "x"}},
            UnsupportedError,
            "drop it",
        ),
        ("embedder", {"provider": "langchain"}, ConfigurationError, "Embeddings instance"),
        ("embedder", {"provider": "onnx", "config": {"model": "/nowhere"}}, ConfigurationError, r"model\.onnx"),
        ("embedder", {"provider": "openai", "config": {"modle": "x"}}, ConfigurationError, "did you mean 'model'"),
    ],
)
def test_a_wrong_setting_says_what_to_do(
    kind: str, config: dict[str, Any], error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(error, match=words):
        part(kind, config)


def test_an_object_that_is_no_model_is_refused() -> None:
    with Memory(":memory:", llm=object()) as m, pytest.raises(ConfigurationError, match="complete"):
        m.add("hello", user_id="a")


def test_a_package_that_is_missing_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "openai", None)
    model = part("llm", {"provider": "openai", "config": {"api_key": KEY}})
    with pytest.raises(MissingDependencyError, match=r"pip install 'memlayer-core\[openai\]'"):
        wire._Client(where(model))()


@pytest.mark.parametrize(
    ("provider", "config", "dimensions"),
    [
        ("openai", {}, 1536),
        ("openai", {"model": "text-embedding-3-large"}, 3072),
        ("openai", {"embedding_dims": 256}, 256),
        ("together", {}, 768),
        ("mistral", {}, 1024),
        ("ollama", {"model": "nomic", "embedding_dims": 512}, 512),
        ("gemini", {"embedding_dims": 768}, 768),
    ],
)
def test_lengths_of_vectors_are_known_or_told(provider: str, config: dict[str, Any], dimensions: int) -> None:
    assert part("embedder", {"provider": provider, "config": {"api_key": KEY, **config}}).dimensions == dimensions


@pytest.mark.parametrize(
    ("model", "dims", "told"),
    [
        ("text-embedding-3-large", 1024, True),
        ("text-embedding-3-large", 3072, False),
        ("text-embedding-ada-002", 1536, False),
        ("gemini-embedding-001", 768, True),
        ("nomic-embed-text", 768, False),
    ],
)
def test_a_server_is_told_the_length_where_it_can_make_it(model: str, dims: int, told: bool) -> None:
    config = {"model": model, "embedding_dims": dims, "api_key": KEY}
    assert part("embedder", {"provider": "gemini", "config": config})._shorten == (dims if told else None)


def test_a_mem0_dictionary_works_from_one_end_to_the_other(serve: Make, tmp_path: Any) -> None:
    pytest.importorskip("openai")
    server = serve([answer(fact("Likes tea"))], key=KEY)
    config = {
        "llm": {"provider": "openai", "config": {
            "model": "gpt-4o-mini", "temperature": 0.1, "max_tokens": 2000, "api_key": KEY,
            "openai_base_url": server.base_url}},
        "embedder": {"provider": "openai", "config": {
            "model": "text-embedding-3-small", "embedding_dims": 128, "api_key": KEY,
            "openai_base_url": server.base_url}},
        "history_db_path": str(tmp_path / "history.db"),
    }  # fmt: skip
    with Memory.from_config(config) as m:
        assert texts(m.add("I like tea", user_id="alex")) == ["Likes tea"]
        assert texts(m.search("tea", user_id="alex"))[0] == "Likes tea"
        assert KEY not in f"{m!r}{m._settings!r}{json.dumps(m.export(user_id='alex'))}"
    assert {body["dimensions"] for body in server.embedded} == {128}
    assert KEY.encode() not in (tmp_path / "history.db").read_bytes()


def test_keys_are_not_in_tracebacks_of_wrong_settings() -> None:
    try:
        part("llm", {"provider": "openai", "config": {"api_key": KEY, "modell": "x"}})
    except ConfigurationError:
        assert KEY not in traceback.format_exc()


def test_settings_do_not_show_their_parts() -> None:
    told = read({"llm": {"provider": "openai", "config": {"api_key": KEY}}, "embedder": HashEmbedder()})
    assert KEY not in repr(told)
