"""The stand-in embedder keeps the promises of an embedder, and so does the local model."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from memlayer.models.minilm import MiniLMEmbedder
from memlayer.testing import EmbedderContract, HashEmbedder


class TestHashEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> HashEmbedder:
        return HashEmbedder()

    def test_texts_that_share_words_are_near(self, embedder: HashEmbedder) -> None:
        one, same, other = embedder.embed(["Ann plays the oboe", "the oboe, ANN played", "Bob lives in Bern"])
        assert one @ same > 0.9
        assert abs(one @ other) < 0.4

    @pytest.mark.parametrize("dimensions", [8, 384, 1536])
    def test_it_has_the_dimensions_that_are_asked_for(self, dimensions: int) -> None:
        assert HashEmbedder(dimensions).embed(["a cat"]).shape == (1, dimensions)

    def test_it_is_the_same_in_every_process(self) -> None:
        assert np.flatnonzero(HashEmbedder(64).embed(["oboe"])[0]).tolist() == OBOE


OBOE = [24, 52, 59, 62]


class TestMiniLM(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> MiniLMEmbedder:
        return model()


@cache
def model() -> MiniLMEmbedder:
    return MiniLMEmbedder()
