"""Every provider that LiteLLM knows (Anthropic, Bedrock, Vertex, Cohere and the rest)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from memlayer import _forks
from memlayer.errors import MissingDependencyError
from memlayer.models import _calls, _shape
from memlayer.models._vectors import Dimensions
from memlayer.models.openai import parted, refused, said

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EMBED_AT_ONCE = 96
_lock = _forks.Lock()


def _litellm() -> Any:
    """The package, told before its first import to fetch and print nothing."""
    with _lock:
        if "litellm" not in sys.modules:
            os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        try:
            import litellm
        except ModuleNotFoundError as error:
            raise MissingDependencyError("litellm", "'memlayer-core[litellm]'") from error
        litellm.suppress_debug_info = True
        return litellm


def _safe(options: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The options with user and password of the address in a header, as addresses are logged; and what is secret."""
    url, user = parted(options.get("api_base"))
    if not user:
        return dict(options), _calls.secrets(options)
    headers = {**user, **options.get("extra_headers", {})}
    password = urlsplit(str(options["api_base"])).password
    return {**options, "api_base": url, "extra_headers": headers}, (*_calls.secrets(options), *filter(None, [password]))


class LiteLLMLanguageModel:
    """A chat model by LiteLLM's name of it ("anthropic/claude-…", "bedrock/…"); safe for many threads."""

    def __init__(
        self,
        model: str,
        *,
        options: Mapping[str, Any] | None = None,
        vision: str | None = None,
        timeout: float = 60.0,
        patience: _calls.Patience | None = None,
    ) -> None:
        """`options` are keywords of every `litellm.completion` (api_key, api_base, temperature …)."""
        self.model = model
        self.name = model
        self.vision = vision
        # No retries: trying again is ours. Parameters that a provider lacks are left out.
        known, self._secrets = _safe(options or {})
        self._options = {"temperature": 0.0, **known, "timeout": timeout, "num_retries": 0}
        self._patience = patience or _calls.Patience()
        self._count_lock = _forks.Lock()
        self.usage = {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
        """What was used so far, as the provider counts."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    def complete(self, messages: Sequence[dict[str, Any]], *, schema: dict[str, Any] | None = None) -> str:
        """The model's answer; JSON that fits `schema` where one is given and the model is able to."""
        litellm = _litellm()

        def ask(way: _shape.Way) -> str:
            asked = list(messages) if schema is None else _shape.told(messages, way, schema)
            form = None if schema is None else _shape.response_format(way, schema)
            extra = {} if form is None else {"response_format": form}
            found = litellm.completion(
                model=self.model, messages=asked, drop_params=True, max_retries=0, **extra, **self._options
            )
            self._count(getattr(found, "usage", None))
            return said(found.choices[0].message) if found.choices else ""

        def work() -> str:
            if schema is None:
                return ask("words")
            # LiteLLM leaves a form that a provider lacks out without a word: then the words must tell it.
            able = "response_format" in (litellm.get_supported_openai_params(self.model) or ["response_format"])
            name = f"litellm/{self.model}/{self._options.get('api_base', '')}"
            return _shape.descend(name, ask, refused=refused, first="json_schema" if able else "words")

        answer = _calls.call(work, what=f"model {self.model}", patience=self._patience, secrets=self._secrets)
        return _shape.tidy(answer, schema)

    def _count(self, usage: Any) -> None:
        with self._count_lock:
            self.usage["calls"] += 1
            for name in ("prompt_tokens", "completion_tokens"):
                self.usage[name] += getattr(usage, name, 0) or 0


class LiteLLMEmbedder:
    """An embedding model by LiteLLM's name of it; safe for many threads."""

    def __init__(
        self,
        model: str,
        *,
        dimensions: int | None = None,
        options: Mapping[str, Any] | None = None,
        timeout: float = 60.0,
        patience: _calls.Patience | None = None,
    ) -> None:
        """`dimensions` are checked against what the provider gives; None asks it once."""
        self.model = model
        self.name = model
        known, self._secrets = _safe(options or {})
        self._options = {**known, "timeout": timeout}
        self._patience = patience or _calls.Patience()
        self._dimensions = Dimensions(model, dimensions, self._fetch)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    @property
    def dimensions(self) -> int:
        """Length of the vectors; asks the model once where nobody said it."""
        return self._dimensions.known()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        return self._dimensions.matrix(texts, _EMBED_AT_ONCE)

    def _fetch(self, texts: Sequence[str]) -> list[Sequence[float]]:
        litellm = _litellm()

        def work() -> list[Sequence[float]]:
            found = litellm.embedding(model=self.model, input=list(texts), max_retries=0, **self._options)
            rows = [row if isinstance(row, Mapping) else row.model_dump() for row in found.data]
            return [row["embedding"] for row in sorted(rows, key=lambda row: row.get("index", 0))]

        return _calls.call(work, what=f"embedder {self.model}", patience=self._patience, secrets=self._secrets)
