"""How texts, values and names are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlayer.engine import normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lives in San Francisco.", "lives in san  francisco"),
        ("Went to the café", "went to cafe"),
        ("It's Zoë's", "its zoes"),
        ("Straße", "STRASSE"),
        ("well-known", "well known"),
        ("❤️", "❤"),
        ("ﬁne", "fine"),
        ("a_b", "a b"),
    ],
)
def test_one_spelling(one: str, other: str) -> None:
    assert normal.key(one) == normal.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C", "C#"),
        ("C", "C++"),
        ("3.5", "35"),
        ("10:30", "1030"),
        ("$5", "5"),
        ("Plan A", "Plan"),
        ("的", "得"),
        ("か", "が"),
        ("कि", "की"),
        ("?", "!"),
        ("50%", "50"),
    ],
)
def test_different_things(one: str, other: str) -> None:
    assert normal.key(one) != normal.key(other)


@given(st.text(alphabet=st.characters(max_codepoint=126), max_size=20))
def test_quick_way_for_plain_text_says_the_same(text: str) -> None:
    assert normal.words(f"{text} ö") == (*(w for w in normal.words(f"{text} z")[:-1]), "o")


@pytest.mark.parametrize(
    ("text", "plural", "wanted"),
    [
        ("my dog", False, "dog"),
        ("34 years old", False, "34"),
        ("peanuts", True, "peanut"),
        ("glass", True, "glass"),
        ("cats", False, "cats"),
        ("old", False, "old"),
        ("living in the city at all", False, "living in city"),
        ("meat any more", False, "meat"),
        ("Apocalypse Now", False, "apocalypse"),
        ("now", False, "now"),
        (None, False, ""),
    ],
)
def test_value(text: str | None, plural: bool, wanted: str) -> None:
    assert normal.value(text, plural=plural) == wanted


@pytest.mark.parametrize(
    ("fine", "coarse", "wanted"),
    [
        ("San Francisco, in the Mission", "San Francisco", True),
        ("the Mission in San Francisco", "San Francisco", True),
        ("Acme Corp", "Acme", True),
        ("New York", "York", False),
        ("Acme", "Acme", False),
        ("Acme", "Acme Corp", False),
        ("Parisian", "Paris", False),
        ("Paris", "", False),
        (None, "Paris", False),
    ],
)
def test_contains(fine: str | None, coarse: str | None, wanted: bool) -> None:
    assert normal.contains(fine, coarse) is wanted


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("Anna", "Hanna", True),
        ("pine nuts", "cashew nuts", True),
        ("June 12", "the 21st", True),
        ("Rex", "Whiskers", False),
        ("", "Rex", False),
        (None, "Rex", False),
    ],
)
def test_alike(one: str | None, other: str | None, wanted: bool) -> None:
    assert normal.alike(one, other) is wanted


def test_names_a_value_as_whole_words() -> None:
    assert normal.names("The dog is Max, not Rex.", "rex")
    assert not normal.names("The T-Rexes won", "Rex")
    assert not normal.names("Anything", "")
    assert normal.denies("Is called Max, not Rex", "Rex")
    assert not normal.denies("Is called Max, not only Rex", "Rex")
