"""Real clients of models against the scripted server; a client that is not installed is skipped by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from memlayer.models._calls import Patience
from memlayer.testing.openai_server import OpenAIServer

CLIENTS = ["openai", "litellm", "langchain_openai"]
KEY = "sk-very-secret-1234567890"
Make = Callable[..., OpenAIServer]
made: list[Any] = []
"""What was made in a test and has connections; closed with it."""


def keep(model: Any) -> Any:
    made.append(model)
    return model


def close() -> None:
    """Closes the connections of every client."""
    while made:
        made.pop().close()
    if (litellm := sys.modules.get("litellm")) is not None:
        litellm.client_session = None
        litellm.in_memory_llm_clients_cache.flush_cache()


def litellm_on_one_session() -> None:
    """Has all of LiteLLM's calls in a test share connections that end with it.

    By itself LiteLLM closes none, and where two threads ask at once, each makes a client and one of them is forgotten.
    """
    litellm = pytest.importorskip("litellm")
    if litellm.client_session is None:
        litellm.client_session = keep(pytest.importorskip("httpx").Client())


class Waits:
    """A patience that waits for nothing and keeps count of what it would have waited."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def patience(self, attempts: int = 3) -> Patience:
        return Patience(attempts=attempts, sleep=self.seconds.append)


def language_model(client: str, server: OpenAIServer, patience: Patience, *, timeout: float = 5.0) -> Any:
    """A language model that reaches the server through one of CLIENTS."""
    pytest.importorskip(client)
    if client == "openai":
        from memlayer.models.openai import Address, OpenAILanguageModel

        return keep(
            OpenAILanguageModel("scripted", address=Address(server.base_url, KEY, timeout=timeout), patience=patience)
        )
    if client == "litellm":
        from memlayer.models.litellm import LiteLLMLanguageModel

        litellm_on_one_session()
        options = {"api_base": server.base_url, "api_key": KEY}
        return LiteLLMLanguageModel("openai/scripted", options=options, timeout=timeout, patience=patience)
    from langchain_openai import ChatOpenAI

    from memlayer.models.langchain import LangChainLanguageModel

    chat = ChatOpenAI(model="scripted", base_url=server.base_url, api_key=KEY, timeout=timeout, max_retries=0)
    return LangChainLanguageModel(chat, patience=patience)


def embedder(client: str, server: OpenAIServer, patience: Patience, *, dimensions: int | None = None) -> Any:
    """An embedder that reaches the server through one of CLIENTS."""
    pytest.importorskip(client)
    if client == "openai":
        from memlayer.models.openai import Address, OpenAIEmbedder

        return keep(
            OpenAIEmbedder("scripted", dimensions=dimensions, address=Address(server.base_url, KEY), patience=patience)
        )
    if client == "litellm":
        from memlayer.models.litellm import LiteLLMEmbedder

        litellm_on_one_session()
        options = {"api_base": server.base_url, "api_key": KEY}
        return LiteLLMEmbedder("openai/scripted", dimensions=dimensions, options=options, patience=patience)
    from langchain_openai import OpenAIEmbeddings

    from memlayer.models.langchain import LangChainEmbedder

    model = OpenAIEmbeddings(
        model="scripted", base_url=server.base_url, api_key=KEY, max_retries=0, check_embedding_ctx_length=False
    )
    return LangChainEmbedder(model, dimensions=dimensions, patience=patience)


def formats(server: OpenAIServer) -> Sequence[str | None]:
    """The type of `response_format` of every request."""
    return [(body.get("response_format") or {}).get("type") for body in server.requests]
