"""The local embedder against ONNX Runtime: the same model, texts and machine, in one run.

    pip install onnx onnxruntime tokenizers
    python benchmarks/speed/embedder.py

ONNX Runtime gets the graph of the model, built here, with the same weights as float32, and the tokenizer in Rust the
same vocabulary. Prints texts per second, the time for one text and the time to load, each with the ratio.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import memlayer_minilm
from memlayer.models.bert import Weights
from memlayer.models.minilm import MiniLMEmbedder

NEEDED = ("onnx", "onnxruntime", "tokenizers")
TURNS = (
    "I finally booked the ferry for the second week of June, the kids are over the moon.",
    "Which cabin did you take in the end?",
    "The small one near the stern. It was 340 euros cheaper, and we sleep like stones anyway.",
    "Ha, good choice! Remind me: was it your brother or your cousin who gets seasick?",
    "My cousin Ida. She takes ginger pills and looks at the horizon. Last year she stood on deck for six hours.",
    "Fine.",
)
QUESTION = "Which cousin of mine gets seasick on the ferry?"


def graph(weights: Weights) -> bytes:
    """Build the encoder as an ONNX graph: attention with a mask, exact GELU, mean over the pieces, unit length."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: dict[str, Any] = {}

    def constant(name: str, value: Any) -> str:
        constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def op(kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def number(value: float) -> str:
        return constant(f"f{value}", np.float32(value))

    def shape(*sizes: int) -> str:
        return constant(f"i{sizes}", np.array(sizes, np.int64))

    def linear(name: str, value: str) -> str:
        product = op("MatMul", value, constant(f"{name}.weight", weights.full(f"{name}.weight").T))
        return op("Add", product, constant(f"{name}.bias", weights.vector(f"{name}.bias")))

    def norm(name: str, value: str) -> str:
        parts = [constant(f"{name}.{part}", weights.vector(f"{name}.{part}")) for part in ("weight", "bias")]
        return op("LayerNormalization", value, *parts, axis=-1, epsilon=1e-12)

    def heads(value: str) -> str:
        return op("Transpose", op("Reshape", value, shape(0, 0, 12, 32)), perm=[0, 2, 1, 3])

    kept = op("Cast", "mask", to=TensorProto.FLOAT)
    lowered = op("Mul", op("Sub", number(1.0), kept), number(-1e9))
    hidden_mask = op("Unsqueeze", lowered, shape(1, 2))
    positions = weights.full("embeddings.position_embeddings.weight")
    positions += weights.full("embeddings.token_type_embeddings.weight")[0]
    length = op("Slice", op("Shape", "ids"), shape(1), shape(2))
    place = op("Slice", constant("positions", positions), shape(0), length, shape(0))
    words = constant("words", weights.full("embeddings.word_embeddings.weight"))
    state = norm("embeddings.LayerNorm", op("Add", op("Gather", words, "ids"), place))
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            heads(linear(f"{name}.attention.self.{part}", state)) for part in ("query", "key", "value")
        )
        scores = op("MatMul", query, op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = op("Add", op("Div", scores, number(32**0.5)), hidden_mask)
        mixed = op("Transpose", op("MatMul", op("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
        mixed = linear(f"{name}.attention.output.dense", op("Reshape", mixed, shape(0, 0, 384)))
        state = norm(f"{name}.attention.output.LayerNorm", op("Add", mixed, state))
        wide = op("Gelu", linear(f"{name}.intermediate.dense", state))
        state = norm(f"{name}.output.LayerNorm", op("Add", linear(f"{name}.output.dense", wide), state))
    total = op("ReduceSum", op("Mul", state, op("Unsqueeze", kept, shape(2))), shape(1), keepdims=0)
    nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=-1, p=2))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "l"]) for name in ("ids", "mask")]
    outputs = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", 384])]
    made = helper.make_graph(nodes, "minilm", inputs, outputs, list(constants.values()))
    opset = [helper.make_opsetid("", 20)]
    return bytes(onnx.helper.make_model(made, opset_imports=opset, ir_version=9).SerializeToString())


class OnnxEmbedder:
    """ONNX Runtime with its defaults, texts sorted by length in batches of 8, as ours."""

    def __init__(self, file: Path, vocabulary: Path) -> None:
        import onnxruntime
        from tokenizers import BertWordPieceTokenizer

        self._words = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
        self._words.enable_truncation(256)
        self._session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        ids = [each.ids for each in self._words.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        vectors = np.empty((len(ids), 384), np.float32)
        for start in range(0, len(order), 8):
            batch = order[start : start + 8]
            padded = np.zeros((len(batch), max(len(ids[number]) for number in batch)), np.int64)
            mask = np.zeros_like(padded)
            for row, number in enumerate(batch):
                padded[row, : len(ids[number])] = ids[number]
                mask[row, : len(ids[number])] = 1
            vectors[batch] = self._session.run(None, {"ids": padded, "mask": mask})[0]
        return vectors


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def turns(count: int) -> list[str]:
    return [f"{TURNS[number % len(TURNS)]} ({number})" for number in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", type=int, default=240)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    texts = turns(arguments.texts)

    ours = MiniLMEmbedder()
    made: dict[str, Any] = {"memlayer": ours}
    loads = {"memlayer": seconds(ours.load)}
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"not compared with ONNX Runtime: pip install {' '.join(missing)}")
    else:
        folder = memlayer_minilm.path()
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "minilm.onnx"
            file.write_bytes(graph(Weights(folder / "weights.safetensors")))

            def load() -> None:
                made["onnxruntime"] = OnnxEmbedder(file, folder / "vocab.txt")

            loads["onnxruntime"] = seconds(load)
        least = float((ours.embed(texts) * made["onnxruntime"].embed(texts)).sum(axis=1).min())
        print(f"least cosine between the two: {least:.5f}")

    # Turn about, so that what else the machine does falls on both alike.
    many: dict[str, list[float]] = {name: [] for name in made}
    one: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(arguments.rounds):
        for name, embedder in made.items():
            many[name].append(seconds(lambda each=embedder: each.embed(texts)))  # type: ignore[misc]
            one[name] += [seconds(lambda each=embedder: each.embed([QUESTION])) for _ in range(20)]  # type: ignore[misc]
    rows = {
        "texts per second": {name: len(texts) / statistics.median(times) for name, times in many.items()},
        "one text, ms, p50": {name: 1e3 * statistics.median(times) for name, times in one.items()},
        "one text, ms, p95": {name: 1e3 * sorted(times)[int(len(times) * 0.95)] for name, times in one.items()},
        "load, ms": {name: 1e3 * took for name, took in loads.items()},
    }
    print(f"{'':20}" + "".join(f"{name:>14}" for name in made) + ("" if missing else f"{'ratio':>10}"))
    for label, values in rows.items():
        ratio = "" if missing else f"{values['memlayer'] / values['onnxruntime']:10.2f}"
        print(f"{label:20}" + "".join(f"{value:14.1f}" for value in values.values()) + ratio)


if __name__ == "__main__":
    main()
