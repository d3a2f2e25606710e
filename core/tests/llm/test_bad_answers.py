"""What models answer when they should not: repaired, asked again, or told as an error, and no message is lost."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from answers import EMPTY, FakeModel, answer, fact, memory, texts
from clients import CLIENTS, KEY, Make, Waits, language_model

from memlayer import ExtractionError
from memlayer._answers import read, too_long
from memlayer.errors import MissingDependencyError, ModelError
from memlayer.testing.openai_server import Fault, Reply

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydantic", "ignore::DeprecationWarning:litellm")

A = {"user_id": "alex"}
GOOD = answer(fact("Likes tea"))
PLAIN = {"facts": [fact("Likes tea")], "ended": []}
LOOSE = json.dumps({**PLAIN, "facts": [fact("Likes tea", "[1]", importance="0.7", negated="false", categories="food")]})

MENDED = {
    "fence": f"```json\n{GOOD}\n```",
    "fence without a language": f"```\n{GOOD}\n```",
    "fence that is not closed": f"```json\n{GOOD}",
    "fence of another kind": f"~~~json\n{GOOD}\n~~~",
    "an empty fence first": f"```json\n{{}}\n```\nNo, rather:\n```json\n{GOOD}\n```",
    "fence among words": f"Here you are:\n\n```json\n{GOOD}\n```\nAnything else?",
    "chatter before": f"Sure! The facts are: {GOOD}",
    "chatter after": f"{GOOD}\n\nI hope this helps {{really}}!",
    "chatter with braces": f"I used {{curly}} braces [as asked]: {GOOD}",
    "an example first": '{"facts": [], "ended": []} was the example; the answer is ' + GOOD,
    "thoughts": f"<think>The user likes tea. {{\"facts\": [1]}}</think>{GOOD}",
    "thoughts of another name": f"<reasoning>\nhm\n</reasoning>\n\n{GOOD}",
    "thoughts within thoughts": f"<think>a<think>b</think>c</think>{GOOD}",
    "thoughts after it": f"{GOOD}<think>Was that right? {{}}</think>",
    "thoughts with marks": f'<|thinking|>hm</|thinking|><|thinking|>hm<|/thinking|><think kind="deep">{{</think>{GOOD}',
    "thoughts in the text itself": answer(fact("Likes tea")).replace("false", '"<think>"'),
    "thoughts without a beginning": f"The user likes tea.</think>{GOOD}",
    "trailing commas": GOOD.replace("]}", ",],}").replace('"ended": []', '"ended": [],'),
    "comments": GOOD.replace('{"facts"', '{ // what was said\n /* all */ "facts"'),
    "Python's literals": repr(PLAIN),
    "Python's literals, and words like them": "{'facts': [" + repr(fact("Likes tea", subject="true null")) + ",]}",
    "a wrapped answer": json.dumps({"answer": PLAIN}),
    "the schema's own names": json.dumps({"properties": PLAIN}),
    "a list of one answer": json.dumps([PLAIN]),
    "a quoted answer": json.dumps(GOOD),
    "a quoted answer in a field": json.dumps({"result": GOOD}),
    "half of a surrogate pair": GOOD.replace("Likes tea", "Likes\\ud83d tea"),
    "control characters": GOOD.replace("Likes tea", "Likes\\u0000\\u0007tea"),
    "line breaks within strings": GOOD.replace("Likes tea", "Likes\ntea"),
    "a byte order mark": f"\ufeff{GOOD}",
    "a bare list": json.dumps(PLAIN["facts"]),
    "one fact for the list": json.dumps({"facts": PLAIN["facts"][0]}),
    "numbers as words": LOOSE,
    "numbers among words": json.dumps({"facts": [fact("Likes tea", "message 1")]}),
    "numbers in objects": json.dumps({"facts": [fact("Likes tea", {"number": 1})]}),
    "one source by another name": '{"facts": [{"text": "Likes tea", "source": 1}], "ended": null}',
    "a number that is no list": json.dumps({"facts": [fact("Likes tea") | {"sources": 1}]}),
    "only what is needed": '{"facts": [{"text": "Likes tea", "sources": [1]}]}',
    "nulls for lists": json.dumps(
        {"facts": [fact("Likes tea") | {"replaces": None, "relations": None, "entities": None, "categories": None}],
         "ended": None}
    ),
    "types that make no sense": json.dumps(
        {"facts": [fact("Likes tea", since=12, until=[], attribute=5, value={}, importance="high", replaces="all",
                        relations="none", entities=7, subject=None)], "ended": [3, {}, {"memory": "x"}]}
    ),
    "a day that does not exist": answer(fact("Likes tea", since="2023-02-31", until="yesterday")),
    "more facts, some unusable": json.dumps({"facts": ["Likes tea", {}, fact("Likes tea"), {"text": "No source"}]}),
}  # fmt: skip

REFUSED = {
    "empty": "",
    "an empty fence": "```json\n```",
    "an empty object": "{}",
    "facts that are missing": '{"ended": []}',
    "facts by another name": '{"Facts": [], "ended": []}',
    "facts in lines of JSON": json.dumps({"facts": PLAIN["facts"]}) + "\n" + '{"ended": []}',
    "a page of a proxy": "<html><body>502 Bad Gateway</body></html>",
    "thoughts only": "<think>The user likes tea.</think>",
    "smart quotes": GOOD.replace('"', "\u201c"),
    "blank": "  \n ",
    "a refusal": "I'm sorry, but I cannot help with that.",
    "prose": "The user likes tea.",
    "cut off in the list": GOOD[: len(GOOD) // 2],
    "cut off at the end": GOOD[:-3],
    "cut off in a fence": f"```json\n{GOOD[:40]}",
    "cut off in its thoughts": "<think>The user likes tea, so",
    "another form": '{"memories": ["Likes tea"]}',
    "another language's form": "facts:\n  - Likes tea",
    "texts for facts": '{"facts": ["Likes tea"]}',
    "a text for the list": '{"facts": "Likes tea"}',
    "a number": "42",
    "null": "null",
    "no text": json.dumps({"facts": [fact("")]}),
    "no source": json.dumps({"facts": [fact("Likes tea") | {"sources": []}]}),
    "a source that was not shown": json.dumps({"facts": [fact("Likes tea", 9)]}),
    "far too many": json.dumps({"facts": [fact(f"Likes {n}") for n in range(500)]}),
    "an error of its server": '{"error": {"message": "overloaded"}}',
}


@pytest.mark.parametrize("bad", MENDED.values(), ids=MENDED)
def test_a_slip_is_mended_without_asking_again(bad: str) -> None:
    model = FakeModel(bad)
    with memory(model) as m:
        assert texts(m.add("I like tea", **A)) == ["Likes tea"]
    assert len(model.asked) == 1


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
def test_an_answer_that_cannot_be_used_is_asked_for_again(bad: str) -> None:
    model = FakeModel(bad, GOOD)
    with memory(model) as m:
        assert texts(m.add("I like tea", **A)) == ["Likes tea"]
    assert len(model.asked) == 2
    assert model.asked[1][2]["content"] == (bad[:4000] or "(nothing)")
    assert "cannot be used" in model.asked[1][3]["content"]


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
def test_an_answer_that_stays_unusable_is_an_error_and_loses_nothing(
    bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = FakeModel(bad, bad, bad)
    with memory(model) as m, caplog.at_level(logging.INFO, logger="memlayer"):
        with pytest.raises(ExtractionError, match=r"no usable answer in 3 attempts.*reextract"):
            m.add("I like tea", **A, metadata={"a": 1})
        assert not caplog.records  # the raw text is told at DEBUG only
        [found] = m.search("tea", **A)["results"]
        assert (found["memory"], found["kind"]) == ("I like tea", "episode")
        model.otherwise = GOOD
        assert texts(m.reextract(**A)) == ["Likes tea"]
        assert m.reextract(**A)["results"] == []
        assert m.get_all(**A)["results"][0]["metadata"] == {"a": 1}
        assert m.verify()["ok"]


def test_what_is_not_installed_is_told_with_its_pip_line() -> None:
    """It said only "raised MissingDependencyError"."""
    missing = MissingDependencyError("litellm", "'memlayer-core[litellm]'")
    with memory(FakeModel(otherwise=missing)) as m:
        with pytest.raises(ExtractionError, match=r"pip install 'memlayer-core\[litellm\]'; the messages are stored"):
            m.add("I like tea", user_id="a")
        assert m.search("tea", user_id="a")["results"][0]["memory"] == "I like tea"


@pytest.mark.parametrize("trouble", [ModelError("away"), TimeoutError("late"), ValueError("odd"), KeyError("k")])
def test_a_model_that_raises_loses_nothing(trouble: Exception) -> None:
    model = FakeModel(trouble)
    with memory(model) as m:
        with pytest.raises(ExtractionError) as caught:
            m.add("I like tea", **A)
        assert caught.value.__cause__ is trouble
        model.otherwise = answer(fact("Likes tea", 1), fact("Likes rum", 2))
        assert texts(m.add("I like rum", **A)) == ["Likes tea", "Likes rum"]
    assert len(model.asked) == 2


def test_what_cannot_be_read_spoils_no_later_add() -> None:
    def picky(messages: Any) -> str:
        told = json.loads(messages[1]["content"])["messages"]
        if any("poison" in m["text"] for m in told):
            return "no"
        return answer(*(fact(m["text"], m["number"]) for m in told))

    model = FakeModel(otherwise=picky)
    with memory(model) as m:
        with pytest.raises(ExtractionError):
            m.add("poison", **A)
        assert texts(m.add("I like rum", **A)) == ["I like rum"]
        assert texts(m.add("I like tea", **A)) == ["I like tea"]
        with pytest.raises(ExtractionError):
            m.reextract(**A)
        assert texts(m.get_all(**A)) == ["I like tea", "I like rum"]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_too_long_for_a_model_is_read_in_parts(client: str, serve: Make, waits: Waits) -> None:
    """Of many messages in several calls, of one in several parts; each fact cites the message that it came from."""

    def read(body: Any) -> Any:
        told = json.loads(body["messages"][1]["content"])["messages"]
        if sum(len(m["text"]) for m in told) > 3000:
            return Fault(400, "maximum context length is 8192 tokens", code="context_length_exceeded")
        words = [(m["number"], w) for m in told for w in m["text"].split() if w.startswith("likes-")]
        return answer(*(fact(word, number) for number, word in words))

    server = serve(read)
    talk = [f"likes-{n} {'so ' * 300}" for n in range(6)] + [f"likes-7 {'so ' * 1500} likes-8"]
    with memory(language_model(client, server, waits.patience())) as m:
        m.add([{"role": "user", "content": text, "id": str(n)} for n, text in enumerate(talk)], **A)
        found = {r["memory"]: [s["message_id"] for s in r["sources"]] for r in m.get_all(**A)["results"]}
    assert found == {**{f"likes-{n}": [str(n)] for n in range(6)}, "likes-7": ["6"], "likes-8": ["6"]}
    assert waits.seconds == []


def test_a_short_message_that_is_too_long_for_a_model_is_an_error() -> None:
    model = FakeModel(otherwise=ModelError("maximum context length is 16 tokens"))
    with memory(model) as m, pytest.raises(ExtractionError, match="context length"):
        m.add("I like tea", **A)
    assert len(model.asked) == 1


def test_nothing_worth_keeping_is_no_error() -> None:
    with memory(FakeModel(EMPTY)) as m:
        assert m.add("Hello!", **A)["results"] == []
        assert m.reextract(**A)["results"] == []


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "script",
    [
        [f"```json\n{GOOD}\n```"],
        [f"<think>hm</think>Sure: {GOOD}"],
        ["", GOOD],
        [Reply(None, refusal="I cannot help with that."), GOOD],
        [Reply(GOOD[:30], finish_reason="length"), GOOD],
        [Fault(429), GOOD],
        [Fault(500), "rubbish", GOOD],
        [Fault(503), Fault(drop=True), GOOD],
        [Reply(GOOD, delay=1.0), GOOD],
        [Reply(GOOD, cut=True), GOOD],
        [Fault(429, headers={"Retry-After": "1"}), Fault(524), GOOD],
    ],
    ids=[
        "fence",
        "thoughts",
        "empty",
        "refusal",
        "cut off",
        "rate limit",
        "500 and rubbish",
        "503 and drop",
        "late",
        "connection cut",
        "429 and 524",
    ],
)
def test_real_clients_survive_it(client: str, script: list[Any], serve: Make, waits: Waits) -> None:
    server = serve(script)
    model = language_model(client, server, waits.patience(3), timeout=0.5)
    with memory(model) as m:
        assert texts(m.add("I like tea", **A)) == ["Likes tea"]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("otherwise", [Fault(500, KEY), Fault(429), Fault(401, KEY), "rubbish"], ids=str)
def test_real_clients_that_fail_lose_nothing(
    client: str, otherwise: Any, serve: Make, waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(otherwise=otherwise)
    model = language_model(client, server, waits.patience(2))
    with memory(model) as m, caplog.at_level(logging.DEBUG, logger="memlayer"):
        with pytest.raises(ExtractionError) as caught:
            m.add("I like tea", **A)
        assert KEY not in f"{caught.getrepr(style='long')}{caplog.text}"
        assert KEY not in str(caught.value)
        assert KEY not in f"{m!r} {m._settings!r} {json.dumps(m.export(**A))}"
        assert m.search("tea", **A)["results"][0]["memory"] == "I like tea"
        server._otherwise = GOOD
        assert texts(m.reextract(**A)) == ["Likes tea"]


@pytest.mark.parametrize(
    ("told", "long"),
    [
        ("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens", True),
        ("Please reduce the length of the messages or completion.", True),
        ("prompt is too long: 210000 tokens > 200000 maximum", True),
        ("The input token count (40000) exceeds the maximum number of tokens allowed (32768).", True),
        ("Requested 300001 tokens, max 300000 tokens per request", True),
        ("the request exceeds the available context size", True),
        ("Error code: 413 - Request Entity Too Large", True),
        ("max_tokens is too large: 9000. This model supports at most 4096 completion tokens", False),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", False),
        ("Rate limit reached for requests", False),
        ("Incorrect API key provided", False),
    ],
)
def test_what_is_too_long_is_told_by_its_words(told: str, long: bool) -> None:
    assert too_long(told) is long


@pytest.mark.parametrize("text", ["[1, 2]", '{"a": 1}', 'x [1] {"a": {"b": [1, {"c": "}"}]}} y', "```\n[1]\n```"])
def test_json_is_found_among_words(text: str) -> None:
    assert read(text) is not None


@pytest.mark.parametrize(
    "text",
    ["{" * 5000, "[" * 5000 + "]" * 5000, "[" * 900 + "]" * 900, '{"a": ' * 3000, "{}" * 3000, "}{", '"',
     "<think>" * 20_000, '{"a":' + '"b\\"' * 50_000, "/*" * 50_000 + "{", '["' + "\\" * 99_999, "{" + "'" * 100_000],
    ids=range(12),
)  # fmt: skip
def test_nonsense_ends_soon(text: str) -> None:
    with pytest.raises(ValueError, match="the answer"):
        read(text, keys=("facts",))
