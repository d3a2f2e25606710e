"""The providers that speak OpenAI's wire: where they are, which variables hold their keys, and their usual model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memlayer.errors import ConfigurationError
from memlayer.models._options import Options
from memlayer.models.openai import Address


@dataclass(frozen=True, slots=True)
class Server:
    """One provider."""

    url: str | None
    """None for OpenAI's own."""
    keys: tuple[str, ...] = ()
    """Variables that may hold the key; empty for servers that need none."""
    urls: tuple[str, ...] = ()
    """Variables that may hold the address."""
    llm: str | None = None
    """The usual chat model; None where there is none and the settings must name one."""
    embedder: str | None = None
    dimensions: int | None = None
    """Length of the usual embedder's vectors."""
    root: bool = False
    """True where the address is often given without the /v1 at its end."""


SERVERS: dict[str, Server] = {
    "openai": Server(None, ("OPENAI_API_KEY",), ("OPENAI_BASE_URL", "OPENAI_API_BASE"), "gpt-4o-mini",
                     "text-embedding-3-small", 1536),
    "groq": Server("https://api.groq.com/openai/v1", ("GROQ_API_KEY",), (), "llama-3.1-8b-instant"),
    "xai": Server("https://api.x.ai/v1", ("XAI_API_KEY",), ("XAI_API_BASE",), "grok-3-beta"),
    "together": Server("https://api.together.xyz/v1", ("TOGETHER_API_KEY",), (),
                       "mistralai/Mixtral-8x7B-Instruct-v0.1", "togethercomputer/m2-bert-80M-8k-retrieval", 768),
    "deepseek": Server("https://api.deepseek.com/v1", ("DEEPSEEK_API_KEY",), ("DEEPSEEK_API_BASE",), "deepseek-chat"),
    "mistral": Server("https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), (), "mistral-small-latest", "mistral-embed",
                      1024),
    "gemini": Server("https://generativelanguage.googleapis.com/v1beta/openai/", ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
                     (), "gemini-2.0-flash", "gemini-embedding-001"),
    "ollama": Server("http://localhost:11434", (), ("OLLAMA_BASE_URL", "OLLAMA_HOST"), "llama3.1:8b",
                     "nomic-embed-text", root=True),
    "lmstudio": Server("http://localhost:1234/v1", (), ("LMSTUDIO_BASE_URL",), "local-model", "local-model", root=True),
    "vllm": Server("http://localhost:8000/v1", (), ("VLLM_BASE_URL",), root=True),
}  # fmt: skip

_SAMPLING = (
    "temperature", "max_tokens", "max_completion_tokens", "top_p", "seed", "reasoning_effort", "frequency_penalty",
    "presence_penalty", "stop", "user", "extra_body", "service_tier", "verbosity",
)  # fmt: skip


def address(options: Options, provider: str) -> Address:
    """Where a provider's server is, as settings and environment say."""
    server = SERVERS[provider]
    url = options.take(f"{provider}_base_url", "base_url", "api_base", "url", env=server.urls, default=server.url)
    if url is not None and not isinstance(url, str):
        raise ConfigurationError(f"{options.kind} {provider!r}: base_url must be a string")
    if url is not None and "://" not in url:
        url = f"http://{url}"
    if url is not None and server.root and not url.rstrip("/").endswith("/v1"):
        url = f"{url.rstrip('/')}/v1"
    # Whoever names a server of their own may run it without keys.
    key = options.key(env=server.keys, needed=bool(server.keys) and url == server.url)
    return Address(url, key, timeout=options.seconds("timeout", 60.0), headers=options.take("headers"))


def azure(options: Options, prefix: str) -> tuple[Address, str | None]:
    """Where an Azure deployment is, and its name; `prefix` begins the variables ("LLM_AZURE")."""
    nested = options.take("azure_kwargs", default={})
    if not isinstance(nested, Mapping):
        raise ConfigurationError(f"{options.kind} 'azure_openai': azure_kwargs must be a dict")
    inner = Options(options.kind, "azure_openai", nested)
    deployment = options.take("deployment", "azure_deployment", default=inner.take("azure_deployment"))
    deployment = deployment or options.take(env=(f"{prefix}_DEPLOYMENT",))
    endpoint = options.take("endpoint", "azure_endpoint", "base_url", default=inner.take("azure_endpoint"))
    endpoint = endpoint or options.take(env=(f"{prefix}_ENDPOINT",))
    version = options.take("api_version", default=inner.take("api_version"))
    version = version or options.take(env=(f"{prefix}_API_VERSION",), default="2024-10-21")
    if not endpoint:
        raise ConfigurationError(f"{options.kind} 'azure_openai' needs \"endpoint\": give it or set {prefix}_ENDPOINT")
    key = inner.take("api_key") or options.key(env=(f"{prefix}_OPENAI_API_KEY",), needed=True)
    headers = options.take("headers", default=inner.take("default_headers"))
    inner.end()
    arguments: dict[str, Any] = {"azure_endpoint": endpoint, "api_version": version}
    if deployment:
        arguments["azure_deployment"] = deployment
    return Address(None, key, azure=arguments, timeout=options.seconds("timeout", 60.0), headers=headers), deployment


def sampling(options: Options) -> dict[str, Any]:
    """Parameters that go with every call; `top_k`, which the wire lacks, goes into its extension."""
    found = options.many(*_SAMPLING)
    if (top_k := options.take("top_k")) is not None:
        found["extra_body"] = {**found.get("extra_body", {}), "top_k": top_k}
    return found


def sight(options: Options) -> str | None:
    """How closely a model looks at pictures; None for one that sees none."""
    details = options.take("vision_details", default="auto")
    if details not in ("low", "high", "auto"):
        raise ConfigurationError(f"{options.kind}: vision_details must be low, high or auto, not {details!r}")
    return details if options.take("enable_vision", default=False) else None
