"""Keywords and methods of the guide: each is taken, or refused by name with the mend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memlayer import AsyncMemory, ConfigurationError, Memory, UnsupportedError
from memlayer.compat import KEYWORDS, METHODS
from memlayer.testing import HashEmbedder

ANN = {"user_id": "ann"}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory(path=tmp_path / "m.db", embedder=HashEmbedder()) as made:
        made.add("I live in Rome. I hate cheese.", **ANN)
        yield made


GUIDE: dict[str, dict[str, Any]] = {
    "add": {
        "metadata": {"a": 1}, "version": "v2", "infer": False, "enable_graph": True, "custom_categories": [{"x": "y"}],
        "expiration_date": "2030-01-01", "output_format": "v1.1", "agent_id": "a", "run_id": "r",
    },
    "search": {
        "limit": 3, "threshold": 0.1, "filters": {"AND": [{"user_id": "ann"}]}, "categories": ["food"],
        "metadata": {"food": "vegan"}, "version": "v2", "output_format": "v1.1", "keyword_search": True, "rerank": True,
        "filter_memories": True, "enable_graph": True, "agent_id": "a", "run_id": "r",
    },
    "get_all": {
        "filters": {"categories": {"contains": "food"}}, "version": "v1", "page": 1, "page_size": 50,
        "categories": ["food"], "keywords": ["cheese"], "enable_graph": True, "output_format": "v1.1",
    },
}  # fmt: skip
REFUSED = [
    ("add", "includes", "food"), ("add", "excludes", "names"), ("add", "output_format", "v1.0"),
    ("add", "org_id", "o"), ("search", "output_format", "v1.0"), ("get_all", "output_format", "v1.0"),
]  # fmt: skip


def call(memory: Memory, verb: str, **keywords: Any) -> Any:
    first = {"add": ("Hello",), "search": ("cheese",), "get_all": ()}[verb]
    return getattr(memory, verb)(*first, **ANN, **keywords)


@pytest.mark.parametrize(("verb", "name"), [(v, n) for v, names in GUIDE.items() for n in names])
def test_keywords_of_the_guide_are_taken(memory: Memory, verb: str, name: str) -> None:
    assert "results" in call(memory, verb, **{name: GUIDE[verb][name]})


@pytest.mark.parametrize(("verb", "name", "value"), REFUSED)
def test_what_cannot_be_done_is_refused_by_name(memory: Memory, verb: str, name: str, value: str) -> None:
    with pytest.raises(UnsupportedError, match=name):
        call(memory, verb, **{name: value})


@pytest.mark.parametrize(("verb", "name"), [(v, n) for v, t in KEYWORDS.items() for n in t if v in GUIDE])
def test_every_keyword_of_the_table_is_taken_or_refused_with_the_mend(memory: Memory, verb: str, name: str) -> None:
    keyword = KEYWORDS[verb][name]
    for value in keyword.values or ():
        assert "results" in call(memory, verb, **{name: value})
    with pytest.raises(UnsupportedError) as refused:
        call(memory, verb, **{name: "something else"})
    assert keyword.meaning in str(refused.value)


@pytest.mark.parametrize(("keywords", "found"), [
    ("cheese", ["Hates cheese"]), (["cheese"], ["Hates cheese"]), (["HATES", "cheese"], ["Hates cheese"]),
    (["hates cheese"], ["Hates cheese"]), (["cheese", "Rome"], []),
])  # fmt: skip
def test_keywords_must_all_be_in_the_text(memory: Memory, keywords: Any, found: list[str]) -> None:
    assert [row["memory"] for row in memory.get_all(keywords=keywords, **ANN)["results"]] == found


def test_a_keyword_that_is_no_text_is_an_error(memory: Memory) -> None:
    with pytest.raises((ConfigurationError, ValueError)):
        memory.get_all(keywords=[""], **ANN)
    with pytest.raises((ConfigurationError, ValueError)):
        memory.get_all(keywords=[3], **ANN)  # type: ignore[list-item]


def test_update_takes_text_and_metadata_in_order(memory: Memory) -> None:
    (fact,) = memory.get_all(keywords="Rome", **ANN)["results"]
    memory.update(fact["id"], "Lives in Oslo", {"sure": True})
    changed = memory.get(fact["id"])
    assert changed is not None
    assert (changed["memory"], changed["metadata"]) == ("Lives in Oslo", {"sure": True})


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_of_the_platform_says_what_to_call_instead(memory: Memory, name: str) -> None:
    for one in (memory, AsyncMemory.of(memory)):
        with pytest.raises(AttributeError) as missing:
            getattr(one, name)
        assert METHODS[name] in str(missing.value)
        assert not hasattr(one, name)


def test_any_other_name_is_an_ordinary_error(memory: Memory) -> None:
    with pytest.raises(AttributeError, match=r"has no attribute 'serach'$"):
        memory.serach  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("name", ["Memory", "AsyncMemory"])
def test_the_client_of_the_platform_is_named_in_ours(name: str) -> None:
    with pytest.raises(ImportError, match=rf"no {name}Client: {name} takes .*: from memlayer import {name}$"):
        exec(f"from memlayer import {name}Client")
