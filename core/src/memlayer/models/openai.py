"""Every server that speaks OpenAI's wire, through the `openai` package: chat and embeddings."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from memlayer import _answers, _forks
from memlayer.errors import ConfigurationError, MissingDependencyError
from memlayer.models import _calls, _shape
from memlayer.models._vectors import Dimensions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_REFUSALS = frozenset({400, 415, 422, 501})
_TOO_LONG = ("context_length_exceeded", "string_above_max_length")
_EMBED_AT_ONCE = 256


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """Where a server is and how it lets callers in; makes the client that is shared by all threads."""

    base_url: str | None = None
    """None for OpenAI's own, or what `OPENAI_BASE_URL` says."""
    key: str | None = None
    azure: Mapping[str, Any] | None = None
    """Arguments of the client for Azure (azure_endpoint, api_version, azure_deployment); None for other servers."""
    timeout: float = 60.0
    """Seconds that one call may take."""
    headers: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return f"Address({self.host!r})"

    @property
    def host(self) -> str:
        """The server's name, without credentials."""
        url = str((self.azure or {}).get("azure_endpoint") or self.base_url or "")
        parts = urlsplit(url)
        return (parts.hostname or "api.openai.com") + (f":{parts.port}" if parts.port else "")

    def client(self) -> Any:
        """A client that tries once: trying again is ours, for all providers alike."""
        try:
            import openai
        except ModuleNotFoundError as error:
            raise MissingDependencyError("openai", "'memlayer-core[openai]'") from error
        common: dict[str, Any] = {"timeout": self.timeout, "max_retries": 0}
        url, user = parted(self.base_url)
        if headers := {**user, **(self.headers or {})}:
            common["http_client"] = openai.DefaultHttpxClient(event_hooks={"request": [_header(headers)]})
        if self.azure is not None:
            return openai.AzureOpenAI(api_key=self.key, **self.azure, **common)
        return openai.OpenAI(api_key=self.key or "none", base_url=url, **common)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        password = urlsplit(self.base_url or "").password
        return tuple(s for s in (self.key, password, *_calls.secrets(self.headers or {})) if s)


def parted(url: str | None) -> tuple[str | None, dict[str, str]]:
    """An address without the user and password in it, which clients log, and the header that lets them in instead."""
    parts = urlsplit(url or "")
    if "@" not in parts.netloc:
        return url, {}
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    told = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {told}"}


def _header(headers: Mapping[str, str]) -> Callable[[Any], None]:
    """What gives each request headers below the client's own log, which would show them; no other host gets any."""
    hosts: list[tuple[str, int | None]] = []

    def give(request: Any) -> None:
        host = (request.url.host, request.url.port)
        hosts.extend([] if hosts else [host])
        if host == hosts[0]:
            request.headers.update(headers)

    return give


class _Client:
    """The client of an address, made on first use."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = _forks.Lock()
        self._client: Any = None

    def __call__(self) -> Any:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self.address.client()
        return self._client

    def close(self) -> None:
        """Closes the client's connections; the next call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


class OpenAILanguageModel:
    """A chat model behind OpenAI's wire; safe for many threads.

    JSON is asked for by schema, by JSON mode or in words: by the first that the server takes. A parameter that the
    model refuses (a temperature, say) is left out from then on.
    """

    def __init__(
        self,
        model: Any,
        *,
        address: Address | None = None,
        options: Mapping[str, Any] | None = None,
        vision: str | None = None,
        patience: _calls.Patience | None = None,
    ) -> None:
        """`options` are parameters of every call (temperature, max_tokens …); nothing is connected yet.

        `vision` says that the model sees pictures, and how closely: "low", "high" or "auto".
        """
        if not isinstance(model, str) or not model:
            raise ConfigurationError(f"llm: model must be the name of a model, not {model!r}")
        self.model: str = model
        self.name = self.model
        self.vision = vision
        self._client = _Client(Address() if address is None else address)
        self._options = {"temperature": 0.0, **(options or {})}
        self._patience = patience or _calls.Patience()
        self._lock = _forks.Lock()
        self.usage = {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
        """What was used so far, as the server counts."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r}, at {self._client.address.host})"

    def complete(self, messages: Sequence[dict[str, Any]], *, schema: dict[str, Any] | None = None) -> str:
        """The model's answer; JSON that fits `schema` where one is given and the model is able to."""
        key = f"{self._client.address.host}/{self.model}"

        def work() -> str:
            if schema is None:
                return self._ask({"messages": list(messages)})
            return _shape.descend(
                key,
                lambda way: self._ask(
                    {
                        "messages": _shape.told(messages, way, schema),
                        **({"response_format": f} if (f := _shape.response_format(way, schema)) else {}),
                    }
                ),
                refused=refused,
            )

        answer = _calls.call(work, what=f"model {key}", patience=self._patience, secrets=self._client.address.secrets)
        return _shape.tidy(answer, schema)

    def close(self) -> None:
        """Closes the connections; idempotent."""
        self._client.close()

    def _ask(self, request: dict[str, Any]) -> str:
        """One completion; a refused parameter is left out and not sent again."""
        while True:
            options = dict(self._options)
            try:
                found = self._client().chat.completions.create(model=self.model, **request, **options)
            except Exception as error:
                # Told by its status and its words; everything that is no refused parameter goes on up.
                if not self._drop(error, options):
                    raise
                continue
            self._count(getattr(found, "usage", None))
            choices = getattr(found, "choices", None) or []
            return said(choices[0].message) if choices else ""

    def _drop(self, error: BaseException, sent: Mapping[str, Any]) -> bool:
        if _calls.status(error) not in _REFUSALS:
            return False
        told = f"{getattr(error, 'param', None) or ''} {error}"
        with self._lock:
            for name in sent:
                if name in told:
                    value = self._options.pop(name, None)
                    if name == "max_tokens" and value is not None:
                        self._options["max_completion_tokens"] = value
                    return True
            # What only some servers know (top_k, say) stands in the extension of the wire.
            extra = self._options.get("extra_body") or {}
            if refused := [name for name in sent.get("extra_body") or {} if name in told]:
                self._options["extra_body"] = {k: v for k, v in extra.items() if k not in refused}
                return True
        return False

    def _count(self, usage: Any) -> None:
        with self._lock:
            self.usage["calls"] += 1
            for name in ("prompt_tokens", "completion_tokens"):
                self.usage[name] += getattr(usage, name, 0) or 0


class OpenAIEmbedder:
    """An embedding model behind OpenAI's wire; safe for many threads."""

    def __init__(
        self,
        model: str,
        *,
        dimensions: int | None = None,
        address: Address | None = None,
        shorten: bool = False,
        patience: _calls.Patience | None = None,
    ) -> None:
        """`dimensions` are checked against what the server gives; None asks it once.

        `shorten` asks the server for vectors of so many dimensions, as newer OpenAI models can.
        """
        self.model = model
        self.name = model
        self._client = _Client(Address() if address is None else address)
        self._shorten = dimensions if shorten else None
        self._patience = patience or _calls.Patience()
        self._dimensions = Dimensions(model, dimensions, self._fetch)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r}, at {self._client.address.host})"

    @property
    def dimensions(self) -> int:
        """Length of the vectors; asks the model once where nobody said it."""
        return self._dimensions.known()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        return self._dimensions.matrix(texts, _EMBED_AT_ONCE)

    def close(self) -> None:
        """Closes the connections; idempotent."""
        self._client.close()

    def _fetch(self, texts: Sequence[str]) -> list[Sequence[float]]:
        key = f"{self._client.address.host}/{self.model}"
        extra = {} if self._shorten is None else {"dimensions": self._shorten}

        def work() -> list[Sequence[float]]:
            found = self._client().embeddings.create(
                model=self.model, input=list(texts), encoding_format="float", **extra
            )
            if not (rows := getattr(found, "data", None)):
                raise ConnectionError("the server answered without embeddings")  # a proxy's page, say
            return [row.embedding for row in sorted(rows, key=lambda row: row.index)]

        return _calls.call(work, what=f"embedder {key}", patience=self._patience, secrets=self._client.address.secrets)


def said(message: Any) -> str:
    """What a message of the wire says: its content, else why the model refuses."""
    return _answers.words(getattr(message, "content", None)) or getattr(message, "refusal", None) or ""


def refused(error: BaseException) -> bool:
    """Says whether a server refused the form of a request, as one does that knows no schemas."""
    code = str(getattr(error, "code", "") or "")
    return _calls.status(error) in _REFUSALS and code not in _TOO_LONG
