"""Embedders of this machine: an ONNX folder with the runtime that is installed, sentence-transformers by its calls."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from memlayer import ConfigurationError
from memlayer.config import part
from memlayer.models.huggingface import HuggingFaceEmbedder
from memlayer.models.onnx import OnnxEmbedder
from memlayer.testing import EmbedderContract, HashEmbedder

WORDS = "[PAD] [UNK] ann oboe plays the train bern leaves at nine who an orchestra in to green curry".split()


def folder(path: Path) -> Path:
    """A model whose tokens' vectors are the rows of a matrix, with a tokenizer of a few words."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    tokenizers = pytest.importorskip("tokenizers")
    from onnx import TensorProto, helper, numpy_helper

    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    path.mkdir()
    tokenizer.save(str(path / "tokenizer.json"))
    table = np.random.default_rng(1).normal(size=(len(WORDS), 32)).astype(np.float32)
    table[1] *= 0.01
    shape = ["batch", "tokens"]
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["states"])],
        "rows",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, [*shape, 32])],
        [numpy_helper.from_array(table, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path / "model.onnx"))
    return path


class TestOnnx(EmbedderContract):
    @pytest.fixture
    def embedder(self, tmp_path: Path) -> OnnxEmbedder:
        return OnnxEmbedder(folder(tmp_path / "model"))

    def test_padding_does_not_count(self, embedder: OnnxEmbedder) -> None:
        alone = embedder.embed(["oboe"])[0]
        assert embedder.embed(["oboe", "ann plays the oboe in an orchestra"])[0] == pytest.approx(alone, abs=1e-5)

    def test_the_folder_says_which_token_counts(self, tmp_path: Path) -> None:
        path = folder(tmp_path / "other")
        (path / "1_Pooling").mkdir()
        (path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
        first = part("embedder", {"provider": "onnx", "config": {"model": str(path), "embedding_dims": 32}})
        assert first.embed(["oboe train"])[0] == pytest.approx(first.embed(["oboe"])[0], abs=1e-5)

    def test_queries_and_documents_may_have_prefixes(self, tmp_path: Path) -> None:
        model = OnnxEmbedder(folder(tmp_path / "third"), prefixes=("train ", ""))
        as_query = model.embed(["oboe"], kind="query")[0]
        assert as_query == pytest.approx(model.embed(["train oboe"])[0], abs=1e-5)


@pytest.mark.parametrize("files", [[], ["model.onnx"], ["tokenizer.json"]])
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(ConfigurationError, match=r"must hold model\.onnx"):
        OnnxEmbedder(tmp_path)


class SentenceTransformer:
    """The calls of sentence-transformers that are used; its models are not on this machine."""

    def __init__(self, name: str, **arguments: Any) -> None:
        self.name, self.arguments = name, arguments

    def encode_document(self, texts: list[str], **options: Any) -> Any:
        return HashEmbedder(64).embed(texts) * 3.0

    def encode_query(self, texts: list[str], **options: Any) -> Any:
        return self.encode_document([f"{text}" for text in texts], **options)


class TestHuggingFace(EmbedderContract):
    @pytest.fixture
    def embedder(self, monkeypatch: pytest.MonkeyPatch) -> HuggingFaceEmbedder:
        module = ModuleType("sentence_transformers")
        module.SentenceTransformer = SentenceTransformer  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "sentence_transformers", module)
        found: HuggingFaceEmbedder = part(
            "embedder", {"provider": "huggingface", "config": {"model": "m", "model_kwargs": {"device": "cpu"}}}
        )
        return found

    def test_arguments_reach_the_model(self, embedder: HuggingFaceEmbedder) -> None:
        assert embedder.dimensions == 64
        assert embedder._loaded.arguments == {"device": "cpu"}


def test_a_text_embeddings_server_is_reached_by_its_address() -> None:
    config = {"model": "m", "huggingface_base_url": "http://box:3000/v1", "embedding_dims": 8}
    assert part("embedder", {"provider": "huggingface", "config": config})._client.address.host == "box:3000"
