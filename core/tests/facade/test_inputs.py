"""Whatever a keyword is given, it is taken or refused in words of memlayer's: short, and with the mend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pytest

from memlayer import (
    AsyncMemory,
    BackendUnavailableError,
    ConfigurationError,
    FilterError,
    MemlayerError,
    Memory,
    UnsupportedError,
)
from memlayer.testing import HashEmbedder

ANN = {"user_id": "ann"}
LONGEST = 700


def deep(make: Callable[[Any], Any]) -> Any:
    """Something nested further than Python prints."""
    found: Any = 1
    for _ in range(5000):
        found = make(found)
    return found


BAD = {
    "a number": 3, "a negative": -1, "a huge number": 10**30, "no number": math.nan, "a float": 1e300, "bytes": b"x",
    "an object": object(), "empty": "", "blank": " ", "a star": "*", "a NUL": "x\0", "a surrogate": "\ud800",
    "a long word": "x" * 200_000, "a list": [], "a list of nothing": [None], "a list of lists": [[]],
    "a list of dicts": [{}], "a dict": {}, "a dict of numbers": {3: 4}, "a set": {1, 2},
    "a deep dict": deep(lambda inner: {"x": inner}), "a deep list": deep(lambda inner: [inner]),
    "a message without words": [{"role": "user", "content": {"type": "text", "text": 3}}],
}  # fmt: skip

CALLS: dict[str, dict[str, Any]] = {
    "add": {"messages": "I like tea.", **ANN}, "search": {"query": "tea", **ANN}, "get_all": ANN,
    "get": {"memory_id": "?"}, "update": {"memory_id": "?", "data": "x"}, "delete": {"memory_id": "none"},
    "history": {"memory_id": "?"}, "feedback": {"memory_id": "?"}, "delete_all": {"user_id": "zoe"},
    "erase": {"user_id": "zoe"}, "delete_users": {"user_id": "zoe"}, "batch_update": {"memories": []},
    "batch_delete": {"memories": []}, "messages": ANN, "context": {"query": "tea", **ANN}, "profile": ANN,
    "graph": ANN, "export": ANN, "import_": {"data": []}, "reextract": ANN, "users": {}, "verify": {},
    "items.put": {"namespace": "n", "key": "k", "value": {}, **ANN}, "items.put_many": {"entries": [], **ANN},
    "items.get": {"namespace": "n", "key": "k", **ANN}, "items.get_many": {"keys": [], **ANN},
    "items.delete": {"namespace": "n", "key": "none", **ANN}, "items.delete_many": {"keys": [], **ANN},
    "documents.get_all": ANN, "documents.delete": {"document": "none.md", **ANN},
    "documents.erase": {"document": "none.md", **ANN}, "items.search": ANN, "items.namespaces": ANN,
}  # fmt: skip


@pytest.fixture(scope="module")
def memory() -> Iterator[Memory]:
    with Memory(path=":memory:", embedder=HashEmbedder()) as made:
        made.add("I live in Rome.", **ANN)
        yield made


def method(memory: Memory, verb: str) -> Callable[..., Any]:
    side, _, name = verb.rpartition(".")
    return getattr(getattr(memory, side) if side else memory, name)  # type: ignore[no-any-return]


def raised(call: Callable[..., Any], **given: Any) -> Exception | None:
    try:
        call(**given)
    except Exception as error:  # noqa: BLE001
        return error
    return None


@pytest.mark.parametrize("verb", CALLS)
def test_nothing_but_errors_of_memlayer(memory: Memory, verb: str) -> None:
    call = method(memory, verb)
    fact = memory.get_all(**ANN)["results"][0]["id"]
    given = {name: fact if value == "?" else value for name, value in CALLS[verb].items()}
    names = [p.name for p in signature(call).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    for name in dict.fromkeys((*names, *given)):
        if name == "progress":
            continue
        for what, value in BAD.items():
            error = raised(call, **{**given, name: value})
            if error is not None:
                assert isinstance(error, MemlayerError), (name, what, type(error), str(error)[:LONGEST])
                assert 0 < len(str(error)) < LONGEST, (name, what)
    assert memory.verify()["ok"]


@pytest.mark.parametrize("name", ["categories", "keywords"])
@pytest.mark.parametrize("value", ["", " ", "*", [], ["*"], [""], 3, {}])
def test_shortcuts_of_filters_are_words(memory: Memory, name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        memory.get_all(**{name: value}, **ANN)


@pytest.mark.parametrize("custom", ["food", {"food": "eating"}, [3], [{}], [{"": "x"}], [{"food": 3}]])
def test_own_categories_are_names_and_descriptions(memory: Memory, custom: Any) -> None:
    for call in (
        lambda: Memory(custom_categories=custom),
        lambda: Memory.from_config({"custom_categories": custom}),
        lambda: memory.add("I like tea.", custom_categories=custom, **ANN),
    ):
        with pytest.raises(ConfigurationError, match=r'custom_categories.*"name": "description"'):
            call()


@pytest.mark.parametrize("path", [3, "", " ", "a\0b", b"m.db", ["m.db"], "sqlite:///m.db"])
def test_a_path_is_the_name_of_a_file(path: Any) -> None:
    for call in (lambda: Memory(path), lambda: Memory.from_config({"history_db_path": path})):
        with pytest.raises(ConfigurationError, match=r"path must be the name of a file, not .*; leave it out"):
            call()


def test_a_client_s_own_message_says_how_it_becomes_one(memory: Memory) -> None:
    class Message:
        def model_dump(self) -> dict[str, str]:
            return {"role": "assistant", "content": "Noted."}

    with pytest.raises(ConfigurationError, match=r"messages\[0\] must be a dict .* Message; pass its \.model_dump"):
        memory.add([Message()], **ANN)


def test_a_path_that_no_folder_can_hold_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailableError, match="File name too long"):
        Memory(tmp_path / ("m" * 300)).get_all(**ANN)


@pytest.mark.parametrize("filters", [[], "", 0, [{}]])
def test_filters_of_items_are_a_dict(memory: Memory, filters: Any) -> None:
    with pytest.raises(FilterError, match="dict of conditions"):
        memory.items.search("n", filters=filters, **ANN)


def test_filters_of_items_nest_no_deeper_than_those_of_memories(memory: Memory) -> None:
    with pytest.raises(FilterError, match="nested deeper than 64 levels; flatten it"):
        memory.items.search("n", filters=deep(lambda inner: {"AND": [inner]}), **ANN)


@pytest.mark.parametrize("file", ["", " ", "a\0.md", "\ud800.md", 3, ["a.md"]])
def test_a_document_s_path_is_a_path(memory: Memory, file: Any) -> None:
    with pytest.raises(ConfigurationError, match="path"):
        memory.documents.add(file, **ANN)


@pytest.mark.parametrize("index", [3, {"a": 1}, ["a", 3], object()])
def test_what_an_item_is_found_by_is_a_path(memory: Memory, index: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"entries\[0\].index"):
        memory.items.put("n", "k", {"a": "b"}, index=index, **ANN)


def test_a_question_of_one_endless_word_is_answered(memory: Memory) -> None:
    """It was split at every letter into two words: 20 GB for 200,000 letters."""
    assert memory.search("x" * 2_000_000, limit=1, **ANN)["results"][0]["memory"]


@pytest.mark.parametrize("verb", [*CALLS, "reset", "rebuild", "reembed", "items.sweep", "documents.read"])
def test_a_keyword_that_nobody_knows_is_refused_by_name(memory: Memory, verb: str) -> None:
    """Where a signature took no others, it was Python's TypeError, without the mend."""
    given = {"documents.read": {"file": b"x"}, **CALLS}.get(verb, {})
    with pytest.raises(UnsupportedError, match=r"has no keyword 'user_ids'; (did you mean|it takes) "):
        method(memory, verb)(**given, user_ids=["ann"])


@pytest.mark.parametrize(("name", "mend"), [
    ("config", "from_config"), ("api_key", "llm="), ("org_id", "path="), ("project_id", "path="),
    ("grph_store", "graph_store="), ("zzz", "it takes path, llm, "),
])  # fmt: skip
def test_how_others_make_a_memory_is_told_in_ours(name: str, mend: str) -> None:
    for make in (Memory, AsyncMemory):
        with pytest.raises(UnsupportedError, match=mend):
            make(**{name: "x"})


FLAGS = [
    ("add", "infer"), ("add", "immutable"), ("add", "enable_graph"), ("search", "rerank"), ("search", "keyword_search"),
    ("search", "filter_memories"), ("search", "enable_graph"), ("search", "explain"), ("get_all", "enable_graph"),
    ("export", "history"), ("verify", "repair"), ("reextract", "everything"), ("items.get", "refresh"),
    ("items.search", "refresh"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "name"), FLAGS)
def test_a_flag_is_true_or_false(memory: Memory, verb: str, name: str) -> None:
    """`infer="false"` read facts, and `infer=None`, which is the default elsewhere, read none."""
    call = method(memory, verb)
    for value in ("false", "no", 0, 1, [], {}):
        with pytest.raises(ConfigurationError, match=f"{name} must be True or False, not"):
            call(**{**CALLS[verb], name: value})
    for value in (None, True, False):
        call(**{**CALLS[verb], name: value})


def test_infer_none_is_the_default(memory: Memory) -> None:
    assert memory.add("I like rye.", infer=None, user_id="ben")["results"][0]["memory"] == "Likes rye"  # type: ignore[arg-type]


@pytest.mark.parametrize("ids", ["an id", 3, [3], [None], ["\ud800"], [""], {"a": 1}])
def test_the_ids_of_a_context_are_a_list_of_ids(memory: Memory, ids: Any) -> None:
    with pytest.raises(ConfigurationError, match="ids"):
        memory.context(ids=ids, **ANN)
    assert memory.context(ids=[], **ANN) == ""


def test_a_context_is_asked_for_something(memory: Memory) -> None:
    with pytest.raises(ConfigurationError, match="a query or ids="):
        memory.context(**ANN)


@pytest.mark.parametrize("file", [None, 3, "", " ", "a\0b", "\ud800.db", ["a.db"], "s3://bucket/a.db"])
def test_a_backup_s_file_is_the_name_of_a_file(memory: Memory, file: Any) -> None:
    with pytest.raises(ConfigurationError, match="file must be the name of a file, not"):
        memory.backup(file)


@pytest.mark.parametrize(("config", "told"), [
    ({"cache_bytes": "big"}, "cache_bytes must be a whole number"), ({"cache_bytes": -1}, "cache_bytes"),
    ({"options": {"a": 1}}, "unknown configuration key 'options'"),
    ({"path": "a.db", "history_db_path": "b.db"}, "path and history_db_path .* give one"),
    ({"custom_instructions": 3}, "custom_instructions must be a string"),
    ({"custom_fact_extraction_prompt": ["x"]}, "custom_fact_extraction_prompt must be a string"),
    ({"llm": {"provider": "openai", "config": 3}}, "llm: its config must be a dict, not 3"),
    ({"reranker": 3}, r"reranker needs rerank\(query, hits"),
])  # fmt: skip
def test_a_configuration_is_checked(config: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Memory.from_config({"path": ":memory:", **config}).get_all(**ANN)


def test_both_names_of_the_one_file_may_say_the_same(tmp_path: Path) -> None:
    file = str(tmp_path / "m.db")
    assert str(Memory.from_config({"path": file, "history_db_path": file}).path) == file


@pytest.mark.parametrize("filters", [
    {"OR": [{"user_id": "ann"}, {"agent_id": "bot"}]}, {"user_id": {"in": ["ann", "ben"]}}, {"NOT": {"user_id": "ben"}},
    {"metadata": {"a": 1}},
])  # fmt: skip
def test_a_filter_that_fixes_no_id_says_where_an_id_would_be(memory: Memory, filters: dict[str, Any]) -> None:
    for call in (lambda: memory.search("tea", filters=filters), lambda: memory.get_all(filters=filters)):
        with pytest.raises(
            ConfigurationError, match="at the top of filters or in a top-level AND; under OR, NOT and in"
        ):
            call()
