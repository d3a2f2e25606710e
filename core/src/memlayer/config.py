"""Settings, read strictly, and the parts that they name: an unknown key is an error with a hint."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from memlayer.errors import ConfigurationError, UnsupportedError, brief

GROUPS = {
    "llm": "memlayer.llms",
    "embedder": "memlayer.embedders",
    "vector_store": "memlayer.vector_stores",
    "graph_store": "memlayer.graph_stores",
    "reranker": "memlayer.rerankers",
}
"""Entry point groups in which a distribution offers a part under a provider's name."""

_REMOVED = {
    "version": "drop it: both generations of the API work at once",
    "history_store": "history lives in the memory's own file; name that with path=",
    "disable_history": "history is how replaced facts are kept; it cannot be switched off",
    "telemetry": "drop it: nothing is reported to anybody",
}
_CONFIG_CLASS = re.compile(r"(\w*?)(?:LLM|Llm|Embedder|Embedding)?Config")
_ONE_WORD = {"lm_studio": "lmstudio", "deep_seek": "deepseek", "hugging_face": "huggingface", "vertex_ai": "vertexai"}
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*://")
_HOST = re.compile(r"[^\s/@*:\[\]]+(?::\d{1,5})?|[0-9A-Fa-f:]+")
_ENVIRONMENT = {"vector_store": "MEMLAYER_VECTOR_STORE", "graph_store": "MEMLAYER_GRAPH_STORE"}
"""Where servers are named for programs that name none."""
_OTHERS = {
    "vector_store": '; any other LangChain VectorStore works as {"provider": "langchain", "config": {"client": store}}'
}
PROMPTS = ("custom_instructions", "custom_fact_extraction_prompt", "custom_update_memory_prompt")
"""Settings that speak to the language model."""
_EMBEDDED = {"vector_store": {"sqlite", "embedded", "memory"}, "graph_store": {"sqlite", "embedded"}}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a memory can be told."""

    path: Path | str | None = None
    """The one file; ":memory:" for one that goes with the memory; None for the default place."""
    # Parts hold keys and passwords: none of them is ever shown.
    llm: Any = field(default=None, repr=False)
    embedder: Any = field(default=None, repr=False)
    vector_store: Any = field(default=None, repr=False)
    graph_store: Any = field(default=None, repr=False)
    reranker: Any = field(default=None, repr=False)
    extractor: Any = field(default=None, repr=False)
    custom_categories: Sequence[Mapping[str, str]] | None = None
    custom_instructions: str | None = None
    custom_fact_extraction_prompt: str | None = None
    custom_update_memory_prompt: str | None = None
    fetch_hosts: Sequence[str] | None = None
    """Hosts ("name" or "name:port") that messages may name addresses of wherever they are, this machine included; None
    for those of `MEMLAYER_FETCH_HOSTS`."""
    cache_bytes: int = 256 << 20
    """How much memory the owners' indexes may take together."""

    def __post_init__(self) -> None:
        for name, variable in _ENVIRONMENT.items():
            if getattr(self, name) is None and os.environ.get(variable):
                object.__setattr__(self, name, os.environ[variable])
        if isinstance(self.path, Mapping):
            raise ConfigurationError("Memory(path) takes a file; for a configuration dict use Memory.from_config(dict)")
        if self.path is not None:
            check_path("path", self.path, mend="; leave it out for the default")
            if str(self.path) != ":memory:":  # where the process is now, not where it goes
                object.__setattr__(self, "path", Path(os.path.expanduser(self.path)).absolute())
        for name in PROMPTS:
            if not isinstance(told := getattr(self, name), str | None):
                raise ConfigurationError(f"{name} must be a string, not {brief(told)}")
        size: Any = self.cache_bytes
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ConfigurationError(f"cache_bytes must be a whole number of bytes, not {brief(size)}")
        object.__setattr__(self, "custom_categories", check_categories(self.custom_categories))
        if self.fetch_hosts is not None:
            object.__setattr__(self, "fetch_hosts", _hosts(self.fetch_hosts))

    def file(self) -> Path | str:
        """Where the memory's file is."""
        if self.path is None:
            return default_directory() / "memory.db"
        if str(self.path) == ":memory:":
            return ":memory:"
        path = Path(self.path)
        return path / "memory.db" if os.path.isdir(path) else path


def check_path(name: str, path: Any, *, mend: str = "") -> Any:
    """The path; refuses what names no file: an address, and a blank name, which would be the folder of the program."""
    wrong = not isinstance(path, str | os.PathLike) or not str(path).strip() or "\0" in str(path)
    if wrong or not _encodes(path) or _ADDRESS.match(str(path)):
        raise ConfigurationError(f"{name} must be the name of a file, not {brief(path)}{mend}")
    return path


def _encodes(path: Any) -> bool:
    try:
        return bool(os.fsencode(path))
    except UnicodeError:
        return False


def check_categories(custom: Any) -> tuple[Mapping[str, str], ...] | None:
    """Categories of one's own, each with what belongs to it; None for the default ones."""
    if custom is None:
        return None
    if not isinstance(custom, list | tuple) or not all(isinstance(c, Mapping) and c for c in custom):
        raise ConfigurationError(f'custom_categories must be a list of {{"name": "description"}}, not {brief(custom)}')
    for name, told in (pair for category in custom for pair in category.items()):
        if not isinstance(name, str) or not name.strip() or not isinstance(told, str):
            wrong = brief({name: told})
            raise ConfigurationError(f'custom_categories: write {{"name": "description"}}, two strings, not {wrong}')
    return tuple(custom)


def _hosts(given: Any) -> tuple[str, ...]:
    """Names of hosts, each with a port or without."""
    if isinstance(given, str) or not isinstance(given, Collection):
        raise ConfigurationError(f'fetch_hosts must be a list such as ["intranet.example"], not {brief(given)}')
    for host in given:
        if not isinstance(host, str) or not _HOST.fullmatch(host.strip()):
            raise ConfigurationError(f'fetch_hosts: {brief(host)} is no host; write "wiki.example" or "localhost:8080"')
    return tuple(host.strip().lower() for host in given)


def default_directory() -> Path:
    """`MEMLAYER_DIR`, else the platform's directory for the user's data."""
    named = os.environ.get("MEMLAYER_DIR")
    if named:
        return Path(os.path.expanduser(named))
    from platformdirs import user_data_dir

    return Path(user_data_dir("memlayer", appauthor=False))


def read(config: Mapping[str, Any]) -> Settings:
    """Settings from a configuration dict, mem0's included; unknown and removed keys raise with the mend."""
    if not isinstance(config, Mapping):
        raise ConfigurationError(f"the configuration must be a dict, not {type(config).__name__}")
    known = [f.name for f in fields(Settings)]
    values: dict[str, Any] = {}
    for key, value in config.items():
        if key == "history_db_path":
            if config.get("path", value) != value:
                raise ConfigurationError("path and history_db_path name the memory's one file, and differ; give one")
            values["path"] = value
        elif key in _REMOVED:
            raise UnsupportedError(f"configuration key {key!r}: {_REMOVED[key]}")
        elif key not in known:
            near = get_close_matches(str(key), [*known, "history_db_path"], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
            raise ConfigurationError(f"unknown configuration key {key!r}; {hint}")
        else:
            values[key] = value
    return Settings(**values)


def part(kind: str, spec: Any) -> Any:
    """The object that a specification names: itself, a provider's name, a URL or a provider dict; None stays None."""
    if spec is not None and not isinstance(spec, str | Mapping):
        spec = _typed(spec)
    if spec is None or not isinstance(spec, str | Mapping):
        return spec
    provider, options = _provider(kind, spec)
    if provider in _EMBEDDED.get(kind, ()):
        return None
    found = {e.name: e for e in entry_points(group=GROUPS[kind])}
    if provider not in found:
        near = get_close_matches(provider, found, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigurationError(
            f"{kind}: no installed distribution offers the provider {provider!r}; {hint}"
            f"installed: {', '.join(sorted(found)) or 'none'}{_OTHERS.get(kind, '')}"
        )
    if kind == "graph_store":
        _no_own_reader(options)
    factory = found[provider].load()
    try:
        return factory(**options)
    except TypeError as error:
        raise ConfigurationError(f"{kind} {provider!r}: {error}") from error


def _no_own_reader(options: Mapping[str, Any]) -> None:
    """Refuses mem0's settings of a graph that read a second time: relations come with the facts."""
    for name in ("llm", "custom_prompt"):
        if options.get(name) is not None:
            mend = "llm=" if name == "llm" else "custom_instructions="
            raise UnsupportedError(
                f"graph_store: {name!r} is not used: facts and relations are read in one go, by the memory's own {mend}"
            )


def _typed(spec: Any) -> Any:
    """A typed configuration object (mem0's `OpenAILLMConfig`, say) as a provider dict; any other object as it is."""
    named = _CONFIG_CLASS.fullmatch(type(spec).__name__)
    if named is None:
        return spec
    values = {k: v for k, v in vars(spec).items() if v is not None and not k.startswith("_")}
    provider = values.pop("provider", None) or _slug(named.group(1))
    inner = values.pop("config", None)
    return {"provider": provider, "config": values if inner is None else inner}


def _slug(name: str) -> str:
    """The provider that a class is named after: AzureOpenAI gives azure_openai; Base, and no name, openai."""
    name = {"": "OpenAI", "Base": "OpenAI", "AWSBedrock": "AwsBedrock"}.get(name, name).replace("OpenAI", "Openai")
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return _ONE_WORD.get(slug, slug)


def _provider(kind: str, spec: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(spec, str):
        parts = urlsplit(spec)
        if parts.netloc:
            return parts.scheme, {"url": spec}
        # "openai/gpt-4o-mini" names a provider and its model.
        provider, _, model = spec.partition("/")
        return provider, {"model": model} if model else {}
    if "provider" not in spec:
        raise ConfigurationError(f'{kind} must name its provider: {{"provider": "…", "config": {{…}}}}')
    options = {k: v for k, v in spec.items() if k not in ("provider", "config")}
    inner = spec.get("config") or {}
    if not isinstance(inner, Mapping):
        if not hasattr(inner, "__dict__"):
            raise ConfigurationError(f"{kind}: its config must be a dict, not {brief(inner)}")
        inner = {f: getattr(inner, f) for f in vars(inner)}
    return str(spec["provider"]), {**options, **inner}
