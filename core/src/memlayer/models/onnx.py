"""Sentence models exported to ONNX, from a folder of this machine, on the processor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from memlayer import _forks
from memlayer.errors import ConfigurationError, MissingDependencyError
from memlayer.models._vectors import Dimensions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EMBED_AT_ONCE = 16
_PLACES = ("model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx", "model_quantized.onnx")
_POOLINGS = ("mean", "cls")


class OnnxEmbedder:
    """A folder with a model (`model.onnx` or `onnx/model.onnx`) and its `tokenizer.json`; loaded with the first text.

    The mean of the tokens is the text's vector, or the first token's where the folder's `1_Pooling/config.json`
    or `pooling` says so.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        dimensions: int | None = None,
        pooling: str | None = None,
        prefixes: tuple[str, str] = ("", ""),
        max_tokens: int | None = None,
    ) -> None:
        """`prefixes` stand before queries and documents, as some models want; nothing is read yet but the names."""
        self.folder = Path(folder).expanduser()
        if pooling not in (None, *_POOLINGS):
            raise ConfigurationError(f"embedder 'onnx': pooling must be mean or cls, not {pooling!r}")
        self._file = next((self.folder / place for place in _PLACES if (self.folder / place).is_file()), None)
        if self._file is None or not (self.folder / "tokenizer.json").is_file():
            raise ConfigurationError(
                f"embedder 'onnx': {self.folder} must hold model.onnx (or onnx/model.onnx) and tokenizer.json"
            )
        self.name = f"onnx/{self.folder.resolve().name}"
        self._pooling = pooling or self._told_pooling()
        self._prefixes = prefixes
        self._max_tokens = max_tokens or 512
        self._lock = _forks.Lock()
        self._parts: tuple[Any, Any] | None = None
        self._dimensions = Dimensions(self.name, dimensions, self._encode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.folder.name!r})"

    @property
    def dimensions(self) -> int:
        """Length of the vectors; asks the model once where nobody said it."""
        return self._dimensions.known()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "document"] = "document") -> NDArray[np.float32]:
        """One unit vector per text, in the same order; shape (n, dimensions)."""
        prefix = self._prefixes[0 if kind == "query" else 1]
        if not prefix or isinstance(texts, str):
            return self._dimensions.matrix(texts, _EMBED_AT_ONCE)
        return self._dimensions.matrix([prefix + text for text in texts], _EMBED_AT_ONCE)

    def _told_pooling(self) -> str:
        told = self.folder / "1_Pooling" / "config.json"
        if told.is_file() and json.loads(told.read_text(encoding="utf-8")).get("pooling_mode_cls_token"):
            return "cls"
        return "mean"

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

    def _encode(self, texts: Sequence[str]) -> Sequence[Any]:
        import numpy as np

        tokenizer, session = self._load()
        read = tokenizer.encode_batch(list(texts))
        mask = np.array([e.attention_mask for e in read], dtype=np.int64)
        feeds = {
            "input_ids": np.array([e.ids for e in read], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([e.type_ids for e in read], dtype=np.int64),
        }
        wanted = {i.name for i in session.get_inputs()}
        states = session.run(None, {name: value for name, value in feeds.items() if name in wanted})[0]
        if states.ndim == 2:  # the export pools by itself
            return list(states)
        if self._pooling == "cls":
            return list(states[:, 0])
        weights = mask[:, :, None].astype(np.float32)
        return list((states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9))
