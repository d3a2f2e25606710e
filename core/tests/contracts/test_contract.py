"""A standard test is overridden with a strict, reasoned xfail or not at all; and loading a suite needs pytest alone."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import memlayer.testing
from memlayer.testing import EmbedderContract, HashEmbedder
from memlayer.testing.contract import standard_tests

NAME = "test_near_texts_are_near"


def override(test: Any) -> type:
    return type("TestMine", (EmbedderContract,), {NAME: test})


def body(self: object) -> None:
    """Passes, whatever the embedder does."""


@pytest.mark.parametrize(
    "mark",
    [
        lambda test: test,
        pytest.mark.skip(reason="not now"),
        pytest.mark.xfail(reason="not strict"),
        pytest.mark.xfail(strict=True),
        pytest.mark.xfail(strict=False, reason="not strict"),
        lambda test: None,
    ],
    ids=["plain", "skip", "lenient", "no reason", "not strict", "removed"],
)
def test_an_override_without_a_strict_reasoned_xfail_fails(mark: Any) -> None:
    def mine(self: object) -> None:
        """Another body, so that no mark stays on a shared one."""

    with pytest.raises(TypeError, match=rf"TestMine\.{NAME} overrides a standard test"):
        override(mark(mine))


def test_an_override_from_beside_fails_too() -> None:
    beside = type("Beside", (), {NAME: body})
    with pytest.raises(TypeError, match="overrides a standard test"):
        type("TestMine", (beside, EmbedderContract), {})


def test_an_override_with_a_strict_reasoned_xfail_is_taken() -> None:
    @pytest.mark.xfail(strict=True, reason="knows no words")
    def mine(self: object) -> None:
        """Fails one day."""

    suite = override(mine)
    assert vars(suite)[NAME] is mine


def test_own_tests_and_fixtures_are_free() -> None:
    suite = type("TestMine", (EmbedderContract,), {"test_more": body, "embedder": lambda self: HashEmbedder()})
    assert "test_more" not in standard_tests(suite)
    assert NAME in standard_tests(suite)


def test_every_suite_has_tests_that_say_what_they_promise() -> None:
    suites = [getattr(memlayer.testing, n) for n in memlayer.testing.__all__ if n.endswith("Contract")]
    tests = [test for suite in suites for test in standard_tests(suite).values()]
    assert len(suites) == 11
    assert len(tests) > 100
    assert [t.__qualname__ for t in tests if not t.__doc__] == []


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'SomeContract'"):
        memlayer.testing.SomeContract  # noqa: B018


def test_the_embedder_needs_no_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; from memlayer.testing import HashEmbedder, FixedClock, Ids"
    subprocess.run([sys.executable, "-c", code], check=True)
