"""LangChain's chat models and embeddings as the memory's own; they are instances, so nothing is imported here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from memlayer import _answers
from memlayer.errors import ConfigurationError
from memlayer.models import _calls, _shape
from memlayer.models._vectors import Dimensions
from memlayer.models.openai import refused, said

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EMBED_AT_ONCE = 256
_ONCE = _calls.Patience(attempts=2)
"""LangChain's models try again by themselves."""


class LangChainLanguageModel:
    """Any LangChain chat model instance."""

    def __init__(self, model: Any, *, patience: _calls.Patience = _ONCE) -> None:
        """`model` has `invoke`; with `with_structured_output` it is asked by schema first."""
        if not callable(getattr(model, "invoke", None)):
            raise ConfigurationError(
                f"llm: the provider 'langchain' takes a chat model instance as model, not {type(model).__name__}"
            )
        self.model = model
        told = getattr(model, "model_name", None) or getattr(model, "model", None)
        self.name = told if isinstance(told, str) and told else type(model).__name__
        self._patience = patience

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def complete(self, messages: Sequence[dict[str, Any]], *, schema: dict[str, Any] | None = None) -> str:
        """The model's answer; JSON that fits `schema` where one is given and the model is able to."""

        def work() -> str:
            if schema is None:
                return _said(self.model.invoke(list(messages)))
            return _shape.descend(
                f"langchain/{type(self.model).__name__}/{self.name}/{id(self.model)}",
                lambda way: self._ask(messages, way, schema),
                refused=_cannot,
            )

        answer = _calls.call(work, what=f"model {self.name}", patience=self._patience, secrets=_secrets(self.model))
        return _shape.tidy(answer, schema)

    def _ask(self, messages: Sequence[dict[str, Any]], way: _shape.Way, schema: dict[str, Any]) -> str:
        asked = _shape.told(messages, way, schema)
        if way == "words":
            return _said(self.model.invoke(asked))
        method = "json_schema" if way == "json_schema" else "json_mode"
        form = {"title": "answer", "description": "The answer.", **schema}
        try:
            found = self.model.with_structured_output(form, method=method, include_raw=True).invoke(asked)
        except Exception as error:
            # OpenAI's client raises for an answer that is not whole, and holds it.
            held = getattr(error, "completion", None)
            if held is None or not getattr(held, "choices", None):
                raise
            return said(held.choices[0].message)
        return json.dumps(found["parsed"]) if isinstance(found["parsed"], dict) else _said(found["raw"])


class LangChainEmbedder:
    """Any LangChain Embeddings instance."""

    def __init__(self, model: Any, *, dimensions: int | None = None, patience: _calls.Patience = _ONCE) -> None:
        """`model` has `embed_documents` and `embed_query`; `dimensions` None asks it once."""
        if not callable(getattr(model, "embed_documents", None)):
            raise ConfigurationError(
                f"embedder: the provider 'langchain' takes an Embeddings instance as model, not {type(model).__name__}"
            )
        self.model = model
        told = getattr(model, "model", None) or getattr(model, "model_name", None)
        self.name = told if isinstance(told, str) and told else type(model).__name__
        self._patience = patience
        self._documents = Dimensions(self.name, dimensions, self._fetch)
        self._queries = Dimensions(self.name, dimensions, self._fetch_queries)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def dimensions(self) -> int:
        """Length of the vectors; asks the model once where nobody said it."""
        return self._documents.known()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        return (self._queries if kind == "query" else self._documents).matrix(texts, _EMBED_AT_ONCE)

    def _fetch(self, texts: Sequence[str]) -> list[Sequence[float]]:
        return self._call(lambda: list(self.model.embed_documents(list(texts))))

    def _fetch_queries(self, texts: Sequence[str]) -> list[Sequence[float]]:
        return self._call(lambda: [self.model.embed_query(text) for text in texts])

    def _call(self, work: Any) -> list[Sequence[float]]:
        found: list[Sequence[float]] = _calls.call(
            work, what=f"embedder {self.name}", patience=self._patience, secrets=_secrets(self.model)
        )
        return found


def _cannot(error: BaseException) -> bool:
    """Says whether a model is not able to answer in a form: it has no such method, or its server refuses."""
    unable = isinstance(error, NotImplementedError | AttributeError | TypeError | ValueError)
    return refused(error) or (unable and not _calls.passing(error))


def _secrets(model: Any) -> tuple[str, ...]:
    """The keys that a model holds, so that no message shows them."""
    return _calls.secrets(vars(model))


def _said(message: Any) -> str:
    """The text of a message, or of what a model gives in its place."""
    return _answers.words(getattr(message, "content", message))
