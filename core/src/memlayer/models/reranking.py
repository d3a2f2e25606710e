"""Rerankers: models that read the question and a memory together and say how well one answers the other."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memlayer import _forks
from memlayer.errors import ConfigurationError, MissingDependencyError, ModelError
from memlayer.models import _calls
from memlayer.models.litellm import _litellm

if TYPE_CHECKING:
    from memlayer.types import Hit

_PLACES = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
_AT_ONCE = 16


class _Reranker(ABC):
    """Orders hits by the scores of a model; of equal ones the one that stood above stays above."""

    def rerank(self, query: str, hits: Sequence[Hit], *, limit: int) -> list[Hit]:
        """At most `limit` of the hits, best first, with scores in [0, 1]."""
        if not hits:
            return []
        scores = [min(1.0, max(0.0, float(s))) for s in self._scores(query, [hit.record.text for hit in hits])]
        if len(scores) != len(hits):
            raise ModelError(f"{self!r} gave {len(scores)} scores for {len(hits)} texts")
        order = sorted(range(len(hits)), key=lambda n: -scores[n])[:limit]
        return [
            replace(hits[n], score=scores[n], signals={**hits[n].signals, "rerank": round(scores[n], 4)}) for n in order
        ]

    @abstractmethod
    def _scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One score per text, in the same order."""


class OnnxReranker(_Reranker):
    """A cross-encoder from a folder with `model.onnx` (or `onnx/model.onnx`) and `tokenizer.json`, on the processor.

    Loaded with the first question. A model of one class gives the score by a sigmoid, one of two the second's share.
    """

    def __init__(self, folder: str | Path, *, max_tokens: int = 512) -> None:
        """`max_tokens` is the most of question and memory together; the longer of them is cut."""
        self.folder = Path(folder).expanduser()
        self._file = next((self.folder / place for place in _PLACES if (self.folder / place).is_file()), None)
        if self._file is None or not (self.folder / "tokenizer.json").is_file():
            raise ConfigurationError(
                f"reranker 'onnx': {self.folder} must hold model.onnx (or onnx/model.onnx) and tokenizer.json"
            )
        self._max_tokens = max_tokens
        self._lock = _forks.Lock()
        self._parts: tuple[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.folder.name!r})"

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._parts is None:
                try:
                    import onnxruntime
                    from tokenizers import Tokenizer
                except ModuleNotFoundError as error:
                    raise MissingDependencyError(error.name or "onnxruntime", "'memlayer-core[onnx]'") from error
                tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
                tokenizer.enable_truncation(self._max_tokens)
                tokenizer.enable_padding()
                session = onnxruntime.InferenceSession(str(self._file), providers=["CPUExecutionProvider"])
                self._parts = (tokenizer, session)
            return self._parts

    def _scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        found: list[float] = []
        for start in range(0, len(texts), _AT_ONCE):
            found += self._batch([(query, text) for text in texts[start : start + _AT_ONCE]])
        return found

    def _batch(self, pairs: list[tuple[str, str]]) -> list[float]:
        import numpy as np

        tokenizer, session = self._load()
        read = tokenizer.encode_batch(pairs)
        feeds = {
            "input_ids": np.array([e.ids for e in read], dtype=np.int64),
            "attention_mask": np.array([e.attention_mask for e in read], dtype=np.int64),
            "token_type_ids": np.array([e.type_ids for e in read], dtype=np.int64),
        }
        wanted = {i.name for i in session.get_inputs()}
        logits = session.run(None, {name: value for name, value in feeds.items() if name in wanted})[0]
        logits = np.asarray(logits, dtype=np.float64).reshape(len(pairs), -1)
        if logits.shape[1] > 2:
            raise ModelError(f"{self!r} has {logits.shape[1]} classes; a cross-encoder for ranking has one or two")
        odds = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
        return [_sigmoid(value) for value in odds.tolist()]


class SentenceTransformersReranker(_Reranker):
    """A cross-encoder of sentence-transformers by its name or folder; loaded with the first question."""

    def __init__(self, model: str, *, arguments: Mapping[str, Any] | None = None) -> None:
        """`arguments` go to `CrossEncoder` (device, max_length, trust_remote_code …)."""
        self.model = model
        self._arguments = dict(arguments or {})
        self._lock = _forks.Lock()
        self._loaded: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    def _scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        with self._lock:
            if self._loaded is None:
                try:
                    from sentence_transformers import CrossEncoder
                    from torch.nn import Sigmoid
                except ModuleNotFoundError as error:
                    raise MissingDependencyError("sentence-transformers", "'memlayer-core[huggingface]'") from error
                self._loaded = CrossEncoder(self.model, **self._arguments), Sigmoid()
        encoder, squeeze = self._loaded
        pairs = [(query, text) for text in texts]
        return [float(s) for s in encoder.predict(pairs, activation_fn=squeeze, show_progress_bar=False)]


class LiteLLMReranker(_Reranker):
    """A reranker by LiteLLM's name of it ("cohere/rerank-v3.5", "jina_ai/…", "voyage/…"); safe for many threads."""

    def __init__(
        self,
        model: str,
        *,
        options: Mapping[str, Any] | None = None,
        timeout: float = 30.0,
        patience: _calls.Patience | None = None,
    ) -> None:
        """`options` are keywords of every `litellm.rerank` (api_key, api_base …)."""
        self.model = model
        self._options = {**(options or {}), "timeout": timeout}
        self._patience = patience or _calls.Patience()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    def _scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        litellm = _litellm()

        def work() -> list[float]:
            found = litellm.rerank(
                model=self.model, query=query, documents=list(texts), top_n=len(texts), max_retries=0, **self._options
            )
            return _placed(found.results or [], len(texts), self.model)

        return _calls.call(
            work, what=f"reranker {self.model}", patience=self._patience, secrets=_calls.secrets(self._options)
        )


class HTTPReranker(_Reranker):
    """A server that speaks Cohere's rerank call: Cohere, Jina, vLLM, LiteLLM's proxy and the like; needs no client."""

    def __init__(
        self,
        model: str,
        *,
        url: str,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        patience: _calls.Patience | None = None,
    ) -> None:
        """`url` is the address of the call itself (https://api.cohere.com/v2/rerank)."""
        if not url.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"reranker {model!r}: the address must start with http:// or https://, not {url!r}"
            )
        self.model = model
        self.url = url
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._secrets = tuple(v for v in (key, *(headers or {}).values()) if v)
        self._timeout = timeout
        self._patience = patience or _calls.Patience()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    def _scores(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        body = {"model": self.model, "query": query, "documents": list(texts), "top_n": len(texts)}

        def work() -> list[float]:
            told = self._post(json.dumps(body).encode())
            return _placed(told.get("results", told.get("data")) or [], len(texts), self.model)

        what = f"reranker {self.model} at {self.url}"
        return _calls.call(work, what=what, patience=self._patience, secrets=self._secrets)

    def _post(self, body: bytes) -> dict[str, Any]:
        request = urllib.request.Request(self.url, data=body, headers=self._headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _RefusedError(error) from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, OSError):
                raise error.reason from None
            raise
        try:
            told = json.loads(text)
        except ValueError as error:
            raise ModelError(f"reranker {self.model} at {self.url} did not answer with JSON") from error
        if not isinstance(told, dict):
            raise ModelError(f"reranker {self.model} at {self.url} did not answer with an object")
        return told


class _RefusedError(Exception):
    """An answer of a server that is no result, with what `_calls` looks for."""

    def __init__(self, error: urllib.error.HTTPError) -> None:
        self.status_code = error.code
        self.headers = error.headers
        super().__init__(f"{error.code} {error.reason}: {error.read(300).decode(errors='replace')}")

    @property
    def response(self) -> _RefusedError:
        """Itself: it has the headers."""
        return self


def _placed(results: Sequence[Any], size: int, model: str) -> list[float]:
    """Scores in the order of the texts; a text that the server left out has none."""
    scores = [0.0] * size
    for result in results:
        row = result if isinstance(result, Mapping) else vars(result)
        index, score = row.get("index"), row.get("relevance_score", row.get("score"))
        if not isinstance(index, int) or not 0 <= index < size or not isinstance(score, int | float):
            raise ModelError(f"reranker {model}: a result without index and relevance_score: {dict(row)!r:.100}")
        scores[index] = float(score)
    return scores


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))
