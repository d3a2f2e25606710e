"""Words, stems and keys: what the index sees of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlayer import _changes, _stem, text


def overlap(left: str, right: str) -> set[int]:
    return set(text.analyse(left).terms.tolist()) & set(text.query_terms(right).tolist())


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("caresses", "caress"), ("ponies", "poni"), ("feed", "feed"), ("agreed", "agre"), ("plastered", "plaster"),
        ("sing", "sing"), ("conflated", "conflat"), ("hopping", "hop"), ("falling", "fall"), ("filing", "file"),
        ("happy", "happi"), ("sky", "sky"), ("relational", "relat"), ("conditional", "condit"),
        ("rational", "ration"), ("hopefulness", "hope"), ("triplicate", "triplic"), ("revival", "reviv"),
        ("replacement", "replac"), ("adoption", "adopt"), ("probate", "probat"), ("rate", "rate"), ("cease", "ceas"),
        ("controll", "control"), ("roll", "roll"), ("oscillators", "oscil"), ("is", "is"),
    ],
)  # fmt: skip
def test_the_stems_are_porters(word: str, stem: str) -> None:
    assert _stem.porter(word) == stem


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("I adopted two kittens", "Which kitten was adopted?"),
        ("El café está en Málaga", "¿Dónde hay un cafe en Malaga?"),
        ("Meine Katze heißt Mimi", "Was frisst die Katze und wo schlafen die Katzen?"),
        ("我昨天在北京吃了火锅", "北京有什么？"),
        ("昨日、東京でラーメンを食べました。", "東京で何を食べましたか"),
        ("أعمل في مدرسة كبيرة", "أين تقع المدرسة؟"),
        ("मेरी बहन दिल्ली में रहती है", "दिल्ली में कौन रहता है?"),
        ("ผมชอบกินข้าวผัด", "ข้าวผัด"),
        ("나는 서울에 살아요", "서울에서 누가 살아요?"),
        ("Я живу в Москве", "Кто живёт в Москва?"),
        ("it costs $1,200", "1200"),
        ("call get_user_name()", "user name"),
        ("I don’t eat meat", "meat"),
    ],
)
def test_a_question_meets_a_statement_in_its_language(said: str, asked: str) -> None:
    assert overlap(said, asked)


def test_small_words_leave_nothing() -> None:
    assert text.query_terms("What is it that you have?").size == 0
    assert text.query_terms("¿Dónde está?").size == 0


def test_small_words_of_other_languages_stay_in_english() -> None:
    assert text.query_terms("Which hat does my son wear?").size == 3


def test_a_caption_has_keys_of_its_own() -> None:
    found = text.analyse("Look at this! [image: a photo of a dog]")
    plain = text.analyse("Look at this!")
    assert found.words == plain.words == 3
    assert found.flags & text.PICTURE
    assert not plain.flags & text.PICTURE
    dog = text.term_key("dog")
    assert dog not in found.terms
    assert dog | 1 in found.terms


def test_what_is_embedded_says_in_brackets_what_the_pictures_show() -> None:
    assert text.spoken("Look! [image: a dog]") == "Look! (a dog)"
    assert text.spoken("[image: a dog] So cute [image: a cat]") == "So cute (a dog a cat)"
    assert text.spoken("[image: a dog]") == "a dog"
    assert text.spoken("Nothing to see [image: ]") == "Nothing to see"
    assert text.spoken("plain [text]") == "plain [text]"


@pytest.mark.parametrize("asked", ["Who?", "¿Quién?", "谁？", "أين؟", "どこですか。", 'She said "why?"'])
def test_questions_are_seen(asked: str) -> None:
    assert text.analyse(asked).flags & text.QUESTION


def test_words_of_time_are_seen() -> None:
    assert text.analyse("We met yesterday").flags & text.TIME
    assert text.analyse("We met in 2019").flags & text.TIME
    assert not text.analyse("We met at the station").flags & text.TIME


def test_a_day_has_the_words_people_use_for_it() -> None:
    assert set(text.day_keys(19_485)) == set(text.query_terms("8 May 2023").tolist())
    assert text.day_keys(-1) == text.day_keys(-1)


def test_keys_never_change() -> None:
    assert text.term_key("hello") == 9_022_087_748_821_825_190


@given(st.text())
def test_any_text_can_be_read(said: str) -> None:
    found = text.analyse(said)
    assert set(text.query_terms(said).tolist()) <= set((found.terms & ~1).tolist()) or "[image:" in said
    assert found.words >= 0


@given(st.text(max_size=40))
def test_a_second_reading_is_the_same(said: str) -> None:
    first, second = text.analyse(said), text.analyse(said)
    assert first.terms.tolist() == second.terms.tolist()


def known(stored: str, asked: str) -> set[int]:
    """Keys of a question that a memory of one text knows, each word read in the first way that is known there."""
    keys = set(text.analyse(stored).terms.tolist())
    read = (next((way for way in ways if keys.issuperset(way)), ()) for ways in text.query_ways(asked))
    return {key for way in read for key in way}


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Soy alérgico a los cacahuetes.", "alérgico"),
        ("Me gustan mucho los gatos.", "gato"),
        ("Die Wohnung ist in Köln.", "Wohnungen"),
        ("J'habite à Lyon avec mes chats.", "chat"),
        ("Ich habe einen Termin beim Zahnarzt.", "Zahnarzttermin"),
        ("Wir haben über die Arbeit und die Zeit gesprochen.", "Arbeitszeit"),
        ("We met at the café.", "café"),
    ],
)
def test_a_bare_word_is_read_as_the_stored_text_was(stored: str, asked: str) -> None:
    assert known(stored, asked)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Mein Sohn spielt Handball.", "Was spielen wir?"),
        ("Ich habe das Auto gekauft.", "Was kaufte ich?"),
        ("Tenemos dos reuniones el lunes.", "¿Cuándo es la reunión?"),
        ("Estoy aprendiendo a tocar el piano.", "¿Qué instrumento toco?"),
        ("我养了两只猫。", "我的猫叫什么？"),
        ("京都に住んでいます。", "どこに住む？"),
    ],
)
def test_forms_of_a_word_meet(stored: str, asked: str) -> None:
    assert overlap(stored, asked)


def test_signs_that_say_nothing_are_no_term() -> None:
    assert not overlap("我在这里。", "你在哪？")


def test_an_english_question_has_no_compounds() -> None:
    assert all(len(ways) <= 2 for ways in text.query_ways("What is my understanding of notwithstanding?"))


_PHRASES = (
    "actually", "I mean", "I meant", "correction", "scratch that", "never mind", "nevermind", "no longer", "any more",
    "anymore", "any longer", "anylonger", "stopped", "quit", "quitting", "gave up", "given up", "cancel", "canceled",
    "cancelled", "change", "changed", "switch", "switched", "switching", "moved", "swapped", "replaced", "instead",
    "now", "nowadays", "update", "updated", "became", "turns out", "turned out", "broke up", "split up", "divorced",
    "sold", "from now on", "rescheduled", "postponed", "extended", "promoted", "ended", "dropped", "sorry", "oops",
    "wait", "no,", "forget that", "I said ten but", "I mistyped", "I misread", "typo", "my mistake", "was wrong",
    "got that wrong", "not any more", "let me correct", "to correct",
)  # fmt: skip


@given(
    st.lists(st.sampled_from([*_PHRASES, "the cat", "it's Anna's", "on Monday", "café", "now's", "x'now"]), max_size=6),
    st.sampled_from(["{}", "Oh, {}", "I {}.", "Well. {}!", "“{}”", "{} – no", "’{}’"]),
)
def test_a_change_is_seen_wherever_its_words_are(parts: list[str], frame: str) -> None:
    said = frame.format(" ".join(parts))
    found = text.analyse(said).flags
    corrected = bool(_changes.CORRECTED.search(said))
    assert bool(found & text.CORRECTION) == corrected
    assert bool(found & text.CHANGE) == (corrected or bool(_changes.CHANGED.search(said)))


@pytest.mark.parametrize("phrase", _PHRASES)
def test_each_word_of_change_is_looked_for(phrase: str) -> None:
    assert text.analyse(f"Oh. {phrase}").flags & text.CHANGE, phrase
