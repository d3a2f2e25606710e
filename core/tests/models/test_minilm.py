"""The local embedder against the reference, on 200 texts, and what it promises on its own."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from memlayer.errors import ConfigurationError, MissingDependencyError
from memlayer.models.minilm import CONTEXT_PIECES, MAX_PIECES, MiniLMEmbedder
from memlayer.models.wordpiece import WordPiece
from memlayer.protocols import Embedder

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden.json").read_text(encoding="ascii"))
TEXTS = GOLDEN["texts"]
CLS, SEP = 101, 102


@pytest.fixture(scope="module")
def golden():
    with np.load(HERE / "golden.npz") as file:
        return {name: file[name].astype(np.float32) for name in file.files}


@pytest.fixture(scope="module")
def embedder():
    return MiniLMEmbedder()


@pytest.fixture(scope="module")
def vectors(embedder):
    return embedder.embed(TEXTS)


def cosines(ours, theirs):
    return (ours * theirs).sum(-1) / np.linalg.norm(ours, axis=-1) / np.linalg.norm(theirs, axis=-1)


def test_it_is_an_embedder(embedder):
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.dimensions) == ("all-MiniLM-L6-v2", 384)


def test_the_golden_data_covers_200_texts(golden):
    assert len(TEXTS) == len(GOLDEN["ids"]) == len(golden["vectors"]) == 200


@pytest.mark.parametrize("number", range(200))
def test_the_pieces_equal_those_of_the_reference(embedder, number):
    assert [CLS, *embedder.pieces(TEXTS[number])[:MAX_PIECES], SEP] == GOLDEN["ids"][number]


def test_a_limit_gives_the_first_pieces():
    import memlayer_minilm

    words = WordPiece.load(memlayer_minilm.path() / "vocab.txt")
    for text in TEXTS:
        whole = words.encode(text)
        assert words.encode(text, limit=7) == whole[:7]
        assert words.encode(text, limit=MAX_PIECES) == whole[:MAX_PIECES]


def test_the_word_cache_stays_bounded_and_changes_nothing(monkeypatch):
    import memlayer_minilm

    monkeypatch.setattr("memlayer.models.wordpiece._MAX_CACHED", 10)
    words = WordPiece.load(memlayer_minilm.path() / "vocab.txt")
    for text, ids in zip(TEXTS, GOLDEN["ids"], strict=True):
        assert words.encode(text, limit=MAX_PIECES) == ids[1:-1]
        assert len(words._words) <= 10


def test_lone_surrogates_are_dropped(embedder):
    assert embedder.pieces("a\ud800b") == embedder.pieces("ab")


def test_the_vectors_equal_those_of_the_reference(vectors, golden):
    assert cosines(vectors, golden["vectors"]).min() >= 0.999


def test_the_token_vectors_equal_those_of_the_reference(embedder, golden):
    numbers = [int(name.removeprefix("tokens_")) for name in golden if name.startswith("tokens_")]
    found = embedder.embed_tokens([TEXTS[number] for number in numbers])
    for number, embedding in zip(numbers, found, strict=True):
        assert embedding.ids.tolist() == GOLDEN["ids"][number][1:-1]
        theirs = golden[f"tokens_{number}"]
        assert embedding.tokens.shape == theirs.shape
        assert cosines(embedding.tokens, theirs).min() >= 0.99


def test_late_chunking_equals_that_of_the_reference(embedder, golden):
    contexts, texts = zip(*GOLDEN["conversation"], strict=True)
    found = embedder.embed_in_context(texts, contexts)
    assert cosines(found, golden["in_context"]).min() >= 0.999


def test_the_context_changes_the_vector(embedder):
    plain, there, here = embedder.embed_in_context(
        ["It was freezing."] * 3, [[], ["We swam in the lake."], ["The computer stopped."]]
    )
    assert len({round(float(a @ b), 3) for a, b in ((plain, there), (plain, here), (there, here))} | {1.0}) == 4


def test_tokens_and_vectors_come_from_one_pass(embedder, vectors):
    picked = range(0, 200, 13)
    found = embedder.embed_tokens([TEXTS[number] for number in picked])
    np.testing.assert_allclose([each.vector for each in found], vectors[picked], atol=1e-5)

    contexts, texts = zip(*GOLDEN["conversation"], strict=True)
    found = embedder.embed_tokens(texts, contexts)
    np.testing.assert_allclose([each.vector for each in found], embedder.embed_in_context(texts, contexts), atol=1e-5)
    for text, each in zip(texts, found, strict=True):
        assert each.ids.tolist() == embedder.pieces(text)[:MAX_PIECES]
        mean = each.tokens.mean(axis=0)
        np.testing.assert_allclose(mean / np.linalg.norm(mean), each.vector, atol=1e-5)


def test_an_empty_text_has_a_vector_and_no_tokens(embedder):
    (plain,) = embedder.embed_tokens(["  "])
    (after,) = embedder.embed_tokens(["  "], [["Something was said before."]])
    for each in (plain, after):
        assert each.ids.shape == (0,)
        assert each.tokens.shape == (0, 384)
        np.testing.assert_allclose(each.vector, embedder.embed([""])[0], atol=1e-5)


def test_only_the_end_of_a_context_counts(embedder):
    end = "word " * CONTEXT_PIECES
    one, other = embedder.embed_in_context(["So what?"] * 2, [["another beginning entirely " * 9 + end], [end]])
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_contexts_and_texts_are_as_many(embedder):
    with pytest.raises(ValueError, match="zip"):
        embedder.embed_in_context(["a", "b"], [[]])


def test_vectors_are_float32_and_of_unit_length(vectors):
    assert vectors.dtype == np.float32
    assert vectors.shape == (200, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_alone_or_in_any_order_has_the_same_vector(embedder, vectors):
    for number in range(0, 200, 9):
        np.testing.assert_allclose(embedder.embed([TEXTS[number]])[0], vectors[number], atol=1e-5)
    shuffled = np.random.default_rng(7).permutation(60)
    np.testing.assert_allclose(embedder.embed([TEXTS[number] for number in shuffled]), vectors[shuffled], atol=1e-5)


def test_a_query_and_a_document_are_embedded_alike(embedder):
    np.testing.assert_array_equal(embedder.embed(TEXTS[:3], kind="query"), embedder.embed(TEXTS[:3], kind="document"))


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, 384)
    assert embedder.embed([]).dtype == np.float32
    assert embedder.embed_in_context([], []).shape == (0, 384)
    assert embedder.embed_tokens([]) == []


def test_one_string_is_refused(embedder):
    with pytest.raises(TypeError, match="list of strings"):
        embedder.embed("a text that would be read letter by letter")


def test_threads_share_one_embedder_and_load_it_once(monkeypatch, vectors):
    from memlayer.models import minilm

    reads = []
    read = minilm._read
    monkeypatch.setattr(minilm, "_read", lambda folder: reads.append(folder) or read(folder))
    fresh = MiniLMEmbedder()
    parts = [range(start, 48, 4) for start in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: fresh.embed([TEXTS[number] for number in part]), parts))
    assert len(reads) == 1
    for part, made in zip(parts, found, strict=True):
        np.testing.assert_allclose(made, vectors[part], atol=1e-5)


def test_a_missing_package_names_the_pip_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "memlayer_minilm", None)
    with pytest.raises(MissingDependencyError, match="pip install memlayer-minilm"):
        MiniLMEmbedder().embed(["a"])


def test_a_folder_without_the_files_says_which_is_missing(tmp_path):
    with pytest.raises(ConfigurationError, match=r"vocab\.txt"):
        MiniLMEmbedder(tmp_path).embed(["a"])
