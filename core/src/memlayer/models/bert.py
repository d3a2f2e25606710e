"""A BERT encoder in plain NumPy, with weights that are stored as int8."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_HEADS = 12
_EPSILON = 1e-12
_KINDS: dict[str, np.dtype[Any]] = {"I8": np.dtype("i1"), "F16": np.dtype("<f2"), "F32": np.dtype("<f4")}


class Bert:
    """The encoder stack of a MiniLM model; holds no state between calls, so threads may share it."""

    def __init__(self, weights: Weights) -> None:
        """Take the layers' matrices as float32; the table of pieces stays int8 and is unpacked row by row."""
        self._words = weights
        # All texts are of segment 0, so its vector belongs to the position.
        self._positions = weights.full("embeddings.position_embeddings.weight")
        self._positions += weights.full("embeddings.token_type_embeddings.weight")[0]
        self._norm = _norm_pair(weights, "embeddings.LayerNorm")
        count = sum(name.endswith("intermediate.dense.bias") for name in weights.names)
        self._layers = [_Layer(weights, f"encoder.layer.{number}") for number in range(count)]
        self.dimensions = self._positions.shape[1]

    def encode(self, texts: Sequence[Sequence[int]]) -> list[Floats]:
        """Return the last hidden states of each text's pieces; [CLS] and [SEP] are the caller's to add.

        The texts lie one after another without padding, so a text's neighbours in the call do not change its result.
        """
        ends = np.cumsum([len(text) for text in texts])
        spans = [slice(int(end) - len(text), int(end)) for text, end in zip(texts, ends, strict=True)]
        hidden = self._words.rows("embeddings.word_embeddings.weight", np.concatenate([np.asarray(t) for t in texts]))
        for span in spans:
            hidden[span] += self._positions[: span.stop - span.start]
        _normalise(hidden, *self._norm)
        for layer in self._layers:
            hidden = layer(hidden, spans)
        return [hidden[span] for span in spans]


class _Layer:
    """One transformer layer: attention within each text, then the feed-forward network."""

    def __init__(self, weights: Weights, name: str) -> None:
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self._qkv = np.concatenate([weights.full(f"{part}.weight") for part in parts]).T.copy()
        self._qkv_bias = np.concatenate([weights.vector(f"{part}.bias") for part in parts])
        # The attention's scale is folded into the queries.
        size = self._qkv.shape[0]
        scale = np.float32(1 / math.sqrt(size // _HEADS))
        self._qkv[:, :size] *= scale
        self._qkv_bias[:size] *= scale
        self._out, self._out_bias = _linear(weights, f"{name}.attention.output.dense")
        self._out_norm = _norm_pair(weights, f"{name}.attention.output.LayerNorm")
        self._up, self._up_bias = _linear(weights, f"{name}.intermediate.dense")
        self._down, self._down_bias = _linear(weights, f"{name}.output.dense")
        self._down_norm = _norm_pair(weights, f"{name}.output.LayerNorm")

    def __call__(self, hidden: Floats, spans: Sequence[slice]) -> Floats:
        mixed: Floats = self._attend(hidden, spans) @ self._out
        mixed += self._out_bias
        mixed += hidden
        _normalise(mixed, *self._out_norm)
        wide: Floats = mixed @ self._up
        wide += self._up_bias
        result: Floats = _gelu(wide) @ self._down
        result += self._down_bias
        result += mixed
        _normalise(result, *self._down_norm)
        return result

    def _attend(self, hidden: Floats, spans: Sequence[slice]) -> Floats:
        total, size = hidden.shape
        joined = hidden @ self._qkv
        joined += self._qkv_bias
        query, key, value = joined.reshape(total, 3, _HEADS, size // _HEADS).transpose(1, 2, 0, 3)
        result = np.empty((_HEADS, total, size // _HEADS), np.float32)
        for span in spans:
            scores = query[:, span] @ key[:, span].transpose(0, 2, 1)
            scores -= scores.max(axis=-1, keepdims=True)
            np.exp(scores, out=scores)
            np.matmul(scores, value[:, span], out=result[:, span])
            result[:, span] /= scores.sum(axis=-1, keepdims=True)
        merged: Floats = result.transpose(1, 0, 2).reshape(total, size)
        return merged


class Weights:
    """Tensors read from a safetensors file of int8 matrices, their float16 scales, and float32 vectors."""

    def __init__(self, file: Path) -> None:
        """Read the whole file; matrices stay packed until asked for."""
        blob = file.read_bytes()
        length = int.from_bytes(blob[:8], "little")
        header: dict[str, Any] = json.loads(blob[8 : 8 + length])
        header.pop("__metadata__", None)
        self._tensors = {
            name: np.frombuffer(
                blob,
                _KINDS[entry["dtype"]],
                math.prod(entry["shape"]),
                8 + length + entry["data_offsets"][0],
            ).reshape(entry["shape"])
            for name, entry in header.items()
        }
        self.names = tuple(self._tensors)

    def vector(self, name: str) -> Floats:
        """Return a tensor that is stored as float32."""
        return cast("Floats", self._tensors[name])

    def full(self, name: str) -> Floats:
        """Unpack a whole matrix."""
        return _unpack(self._tensors[name], self._tensors[f"{name}.scale"])

    def rows(self, name: str, numbers: NDArray[Any]) -> Floats:
        """Unpack these rows of a matrix."""
        return _unpack(self._tensors[name][numbers], self._tensors[f"{name}.scale"][numbers])


def _unpack(packed: NDArray[Any], scale: NDArray[Any]) -> Floats:
    grouped = packed.reshape(len(packed), scale.shape[1], -1).astype(np.float32)
    grouped *= scale[:, :, None].astype(np.float32)
    return grouped.reshape(packed.shape)


def _linear(weights: Weights, name: str) -> tuple[Floats, Floats]:
    return weights.full(f"{name}.weight").T.copy(), weights.vector(f"{name}.bias")


def _norm_pair(weights: Weights, name: str) -> tuple[Floats, Floats]:
    return weights.vector(f"{name}.weight"), weights.vector(f"{name}.bias")


def _normalise(values: Floats, weight: Floats, bias: Floats) -> None:
    """Apply LayerNorm in place."""
    values -= values.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", values, values)[:, None] / np.float32(values.shape[1])
    values *= 1 / np.sqrt(variance + np.float32(_EPSILON))
    values *= weight
    values += bias


def _gelu(values: Floats) -> Floats:
    """Apply GELU in its tanh form, 1.5 times as fast as erf here, and as good as equal in the result."""
    inner = values * values
    inner *= np.float32(0.044715)
    inner += np.float32(1)
    inner *= values
    inner *= np.float32(math.sqrt(2 / math.pi))
    np.tanh(inner, out=inner)
    inner += np.float32(1)
    inner *= values
    inner *= np.float32(0.5)
    return inner
