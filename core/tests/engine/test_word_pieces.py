"""Memories that keep the vectors of words: what is kept, what it changes, and that nothing of it stays behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from memlayer import ConfigurationError, Memory
from memlayer.models.minilm import MiniLMEmbedder, MiniLMWordPieceEmbedder
from memlayer.protocols import WordPieceEmbedder
from memlayer.testing import HashEmbedder

KEEPING = {"provider": "local"}
WITHOUT = {"provider": "local", "config": {"token_vectors": False}}
TALK = [
    "We spent the whole weekend with my cousin at the lake, and besides all that sun I finally learned to windsurf.",
    "The dentist moved my appointment to Thursday.",
    "I keep my bicycle in the cellar because the yard floods when it rains.",
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def memory(file: Path) -> Iterator[Memory]:
    with Memory(file, embedder=KEEPING) as made:
        yield made


def keep(memory: Memory) -> list[str]:
    return [memory.add(text, user_id="u", infer=False)["results"][0]["id"] for text in TALK]


def kept(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM word_pieces").fetchone()[0])


def test_the_vector_is_the_plain_one_and_each_piece_names_its_word() -> None:
    embedder = MiniLMWordPieceEmbedder()
    assert isinstance(embedder, WordPieceEmbedder)
    assert not isinstance(MiniLMEmbedder(), WordPieceEmbedder)
    found = embedder.embed_word_pieces(["Windsurfing, twice", ""])
    assert np.allclose([one.vector for one in found], embedder.embed(["Windsurfing, twice", ""]), atol=1e-5)
    assert list(dict.fromkeys(found[0].words)) == ["windsurfing", ",", "twice"]
    assert len(found[0].words) == len(found[0].states) > 3
    assert np.allclose(np.linalg.norm(found[0].states.astype(float), axis=1), 127, atol=4)
    assert (found[1].words, found[1].states.shape) == ((), (0, 64))


def test_the_best_rows_are_looked_at_closely(memory: Memory, file: Path) -> None:
    keep(memory)
    assert kept(file) == len(TALK)
    found = memory.search("Which water sport did I learn?", user_id="u", explain=True)["results"]
    assert "windsurf" in found[0]["memory"]
    assert all(row["signals"]["pieces"] > 0 for row in found)
    assert [row["score"] for row in found] == sorted((row["score"] for row in found), reverse=True)


def test_a_text_that_changes_and_a_memory_that_goes_take_theirs_along(memory: Memory, file: Path) -> None:
    ids = keep(memory)
    memory.update(ids[1], "The dentist moved my appointment to Friday the thirteenth.")
    assert kept(file) == len(TALK)
    memory.delete_all(user_id="u")
    assert kept(file) == 0


def test_a_file_without_them_is_searched_as_before_and_filled_by_reembed(file: Path) -> None:
    with Memory(file, embedder=WITHOUT) as plain:
        keep(plain)
        before = plain.search("Which water sport did I learn?", user_id="u")["results"]
    assert kept(file) == 0
    with Memory(file, embedder=KEEPING) as keeping:
        assert keeping.search("Which water sport did I learn?", user_id="u")["results"] == before
        keeping.reembed()
        assert kept(file) == len(TALK)
        row = keeping.search("Which water sport did I learn?", user_id="u", explain=True)["results"][0]
        assert "pieces" in row["signals"]


def test_signs_that_the_model_does_not_know_have_none(memory: Memory, file: Path) -> None:
    memory.add("我的医生是王医生。", user_id="u", infer=False)
    memory.add("我住在上海。", user_id="u", infer=False)
    found = memory.search("我的医生是谁？", user_id="u", explain=True)["results"]
    assert "医生" in found[0]["memory"]
    assert "pieces" not in found[0]["signals"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT sum(length(data)) FROM word_pieces").fetchone() == (2,)


def test_another_embedder_leaves_none_behind(memory: Memory, file: Path) -> None:
    keep(memory)
    memory.close()
    with Memory(file, embedder=HashEmbedder()) as other:
        other.reembed()
        assert "windsurf" in other.search("windsurf", user_id="u")["results"][0]["memory"]
    assert kept(file) == 0


def test_rebuild_keeps_them(memory: Memory, file: Path) -> None:
    keep(memory)
    memory.rebuild()
    assert kept(file) == len(TALK)
    assert memory.verify()["ok"]


def test_they_are_kept_where_nothing_is_chosen(file: Path) -> None:
    with Memory(file) as made:
        made.add(TALK[0], user_id="u", infer=False)
    assert kept(file) == 1


def test_verify_finds_what_stayed_behind(memory: Memory, file: Path) -> None:
    keep(memory)
    assert memory.verify() == {"ok": True, "problems": []}
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO word_pieces VALUES (999, x'40')")
        connection.commit()
    assert memory.verify()["problems"] == ["vectors of pieces of an entry that is gone: 999"]


def test_the_choice_is_yes_or_no(file: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="token_vectors"),
        Memory(file, embedder={"provider": "local", "config": {"token_vectors": "all"}}) as made,
    ):
        made.add("anything", user_id="u")
