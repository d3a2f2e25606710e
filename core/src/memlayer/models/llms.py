"""The language models that `llm={"provider": …}` names; the entry points of `memlayer.llms` lead here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from memlayer.errors import ConfigurationError
from memlayer.models._options import Options
from memlayer.models._servers import SERVERS, address, azure, sampling, sight
from memlayer.models.openai import OpenAILanguageModel

if TYPE_CHECKING:
    from memlayer.models.langchain import LangChainLanguageModel
    from memlayer.models.litellm import LiteLLMLanguageModel


def _server(provider: str) -> Callable[..., OpenAILanguageModel]:
    """A maker of models behind one server that speaks OpenAI's wire."""

    def make(**given: Any) -> OpenAILanguageModel:
        options = Options("llm", provider, given)
        model = options.take("model", default=SERVERS[provider].llm)
        if model is None:
            raise ConfigurationError(f'llm {provider!r}: name the "model" that the server runs')
        where, parameters, vision = address(options, provider), sampling(options), sight(options)
        options.end()
        return OpenAILanguageModel(model, address=where, options=parameters, vision=vision)

    return make


openai = openai_structured = _server("openai")
groq = _server("groq")
xai = _server("xai")
together = _server("together")
deepseek = _server("deepseek")
mistral = _server("mistral")
gemini = _server("gemini")
ollama = _server("ollama")
lmstudio = _server("lmstudio")
vllm = _server("vllm")


def azure_openai(**given: Any) -> OpenAILanguageModel:
    """A model deployed on Azure."""
    options = Options("llm", "azure_openai", given)
    where, deployment = azure(options, "LLM_AZURE")
    model = options.take("model", default=deployment)
    if model is None:
        raise ConfigurationError('llm \'azure_openai\' needs "model" or "deployment"')
    parameters, vision = sampling(options), sight(options)
    options.end()
    return OpenAILanguageModel(model, address=where, options=parameters, vision=vision)


def _routed(
    provider: str, prefix: str, keys: tuple[str, ...], default: str | None
) -> Callable[..., LiteLLMLanguageModel]:
    """A maker of models that LiteLLM reaches; `prefix` is its name of the provider."""

    def make(**given: Any) -> LiteLLMLanguageModel:
        from memlayer.models.litellm import LiteLLMLanguageModel

        options = Options("llm", provider, given)
        model = options.take("model", default=default)
        if not isinstance(model, str) or not model:
            raise ConfigurationError(f'llm {provider!r}: name the "model"')
        if prefix and not model.startswith(prefix):
            model = prefix + model
        parameters: dict[str, Any] = options.many("temperature", "max_tokens", "top_p", "top_k", "seed", "stop",
                                                  "reasoning_effort", "extra_headers", "api_version")  # fmt: skip
        parameters |= options.many("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        if region := options.take("aws_region_name", "aws_region"):
            parameters["aws_region_name"] = region
        parameters |= options.many("vertex_project", "vertex_location", "vertex_credentials")
        if url := options.take("api_base", "base_url", f"{provider}_base_url"):
            parameters["api_base"] = url
        # Without a key of the settings LiteLLM looks into the provider's own variables.
        if (key := options.key(env=(), needed=False)) is not None:
            parameters["api_key"] = key
        elif keys and not url:
            options.key(env=keys, needed=True)
        vision, timeout = sight(options), options.seconds("timeout", 60.0)
        options.end()
        return LiteLLMLanguageModel(model, options=parameters, vision=vision, timeout=timeout)

    return make


litellm = _routed("litellm", "", (), None)
anthropic = _routed("anthropic", "anthropic/", ("ANTHROPIC_API_KEY",), "claude-3-5-sonnet-20240620")
aws_bedrock = _routed("aws_bedrock", "bedrock/", (), None)
vertexai = _routed("vertexai", "vertex_ai/", (), None)


def langchain(**given: Any) -> LangChainLanguageModel:
    """A chat model instance of LangChain: {"model": instance}."""
    from memlayer.models.langchain import LangChainLanguageModel

    options = Options("llm", "langchain", given)
    model = options.take("model")
    options.end()
    return LangChainLanguageModel(model)
