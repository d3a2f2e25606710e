"""Language models and embedders through their real clients, over real HTTP."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from clients import CLIENTS, KEY, Make, Waits, embedder, formats, language_model

from memlayer.errors import DimensionMismatchError, ModelError
from memlayer.testing import EmbedderContract, LanguageModelContract
from memlayer.testing.openai_server import Fault, Reply

# LiteLLM's own models make pydantic warn.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydantic", "ignore::DeprecationWarning:litellm")

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
HELLO = [{"role": "user", "content": "Say hello as JSON."}]


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestModel(LanguageModelContract):
    @pytest.fixture
    def language_model(self, client: str, serve: Make, waits: Waits):  # type: ignore[no-untyped-def]
        return language_model(client, serve(otherwise='{"word": "hello"}'), waits.patience())


class TestEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, client: str, serve: Make, waits: Waits):  # type: ignore[no-untyped-def]
        return embedder(client, serve(), waits.patience())


@pytest.mark.parametrize(
    ("refuses", "asked"),
    [
        ((), ["json_schema"]),
        (("json_schema",), ["json_schema", "json_object"]),
        (("json_schema", "json_object"), ["json_schema", "json_object", None]),
    ],
)
def test_the_way_to_json_that_works_is_remembered(
    client: str, serve: Make, waits: Waits, refuses: tuple[str, ...], asked: list[str | None]
) -> None:
    server = serve(otherwise='{"word": "hello"}', refuses=refuses)
    model = language_model(client, server, waits.patience())
    assert json.loads(model.complete(HELLO, schema=SCHEMA)) == {"word": "hello"}
    assert formats(server) == asked
    model.complete(HELLO, schema=SCHEMA)
    assert formats(server) == [*asked, asked[-1]]
    told = "must fit this JSON schema" in server.prompts()[-1]
    assert told == (asked[-1] != "json_schema")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_passes_is_tried_again_with_growing_pauses(client: str, serve: Make, waits: Waits, status: int) -> None:
    server = serve([Fault(status), Fault(status)], otherwise="hello")
    assert language_model(client, server, waits.patience()).complete(HELLO) == "hello"
    assert len(server.requests) == 3
    first, second = waits.seconds
    assert 0.3 <= first <= 0.5 < second <= 1.0


def test_a_server_says_how_long_to_wait(client: str, serve: Make, waits: Waits) -> None:
    server = serve(
        [Fault(429, headers={"Retry-After": "7"}), Fault(429, headers={"Retry-After": "600"})], otherwise="x"
    )
    language_model(client, server, waits.patience()).complete(HELLO)
    assert waits.seconds == [7.0, 20.0]


def test_there_is_an_end_to_trying(client: str, serve: Make, waits: Waits) -> None:
    server = serve(otherwise=Fault(500, "burning"))
    with pytest.raises(ModelError, match=r"scripted.* failed after 3 attempts: .*burning"):
        language_model(client, server, waits.patience()).complete(HELLO)
    assert len(server.requests) == 3


def test_a_connection_that_drops_is_tried_again(client: str, serve: Make, waits: Waits) -> None:
    server = serve([Fault(drop=True)], otherwise="hello")
    assert language_model(client, server, waits.patience()).complete(HELLO) == "hello"


def test_an_answer_that_does_not_come_ends_at_the_deadline(client: str, serve: Make, waits: Waits) -> None:
    server = serve([Reply("late", delay=1.5)], otherwise="hello")
    assert language_model(client, server, waits.patience(), timeout=0.3).complete(HELLO) == "hello"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_does_not_pass_is_told_at_once(client: str, serve: Make, waits: Waits, status: int) -> None:
    server = serve(otherwise=Fault(status, "no such thing"))
    with pytest.raises(ModelError, match="no such thing"):
        language_model(client, server, waits.patience()).complete(HELLO)
    assert len(server.requests) == 1
    assert waits.seconds == []


def test_keys_are_never_shown(client: str, serve: Make, waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(otherwise=Fault(401, f"Incorrect API key provided: {KEY}"))
    model = language_model(client, server, waits.patience())
    with caplog.at_level(logging.DEBUG, logger="memlayer"), pytest.raises(ModelError) as caught:
        model.complete(HELLO)
    shown = f"{model!r} {caught.value} {caught.value.__cause__} {caplog.text}"
    assert KEY not in shown
    assert "***" in str(caught.value)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_parameter_that_a_model_refuses_is_left_out_from_then_on(serve: Make, waits: Waits) -> None:
    server = serve(otherwise="hello", refuses_parameters=("temperature",))
    model = language_model("openai", server, waits.patience())
    assert [model.complete(HELLO), model.complete(HELLO)] == ["hello", "hello"]
    assert ["temperature" in body for body in server.requests] == [True, False, False]


def test_the_limit_of_tokens_takes_its_new_name(serve: Make, waits: Waits) -> None:
    pytest.importorskip("openai")
    from memlayer.models.openai import Address, OpenAILanguageModel

    server = serve(otherwise="hello", refuses_parameters=("max_tokens",))
    model = OpenAILanguageModel("o", address=Address(server.base_url, KEY), options={"max_tokens": 9})
    model.complete(HELLO)
    assert [body.get("max_completion_tokens") for body in server.requests] == [None, 9]


def test_a_refusal_is_what_the_model_said(serve: Make, waits: Waits) -> None:
    server = serve(otherwise=Reply(None, refusal="I cannot help with that."))
    assert language_model("openai", server, waits.patience()).complete(HELLO) == "I cannot help with that."


def test_usage_is_counted(serve: Make, waits: Waits) -> None:
    for name in ("openai", "litellm"):
        try:
            model = language_model(name, serve(otherwise="one two"), waits.patience())
        except pytest.skip.Exception:
            continue
        model.complete(HELLO)
        assert model.usage == {"calls": 1, "prompt_tokens": 4, "completion_tokens": 2}


def test_vectors_of_another_length_are_refused(client: str, serve: Make, waits: Waits) -> None:
    model = embedder(client, serve(), waits.patience(), dimensions=512)
    with pytest.raises(DimensionMismatchError, match="256 dimensions, 512 are expected; set embedding_dims to 256"):
        model.embed(["a"])


def test_embeddings_are_tried_again(client: str, serve: Make, waits: Waits) -> None:
    server = serve()
    server.faults += [Fault(429), Fault(500)]
    model = embedder(client, server, waits.patience(), dimensions=256)
    assert np.allclose(model.embed(["an oboe"]), server.embedder.embed(["an oboe"]), atol=1e-5)
    assert len(server.embedded) == 3


def test_many_texts_go_in_parts(client: str, serve: Make, waits: Waits) -> None:
    server = serve()
    texts = [f"text {n}" for n in range(300)]
    found = embedder(client, server, waits.patience(), dimensions=256).embed(texts)
    assert np.allclose(found, server.embedder.embed(texts), atol=1e-5)
    assert len(server.embedded) > 1
