"""The suites of an `Embedder`, a `LanguageModel`, an `Extractor` and a `Reranker`."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pytest

from memlayer.protocols import Embedder, Extractor, LanguageModel, Reranker
from memlayer.testing.contract import ALICE, Contract, make_record
from memlayer.testing.fakes import NOON
from memlayer.types import Hit, Message

TEXTS = ["I moved to Berlin in May.", "Likes green curry", "", " ", "Ich mag Käse", "我喜欢喝茶", "🙂", "word " * 2000,
         "a\0b", "I moved to Berlin in May."]  # fmt: skip


class EmbedderContract(Contract):
    """What an embedder promises; the fixture `embedder` gives one."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        """The embedder."""
        raise NotImplementedError("give your suite a fixture `embedder`")

    def test_it_is_an_embedder(self, embedder: Embedder) -> None:
        """Has the method of the protocol, a name and its dimensions."""
        assert isinstance(embedder, Embedder)
        assert embedder.name
        assert embedder.dimensions > 0

    def test_one_vector_per_text(self, embedder: Embedder) -> None:
        """One vector per text; shape (n, dimensions), float32."""
        found = embedder.embed(TEXTS)
        assert found.shape == (len(TEXTS), embedder.dimensions)
        assert found.dtype == np.float32
        assert embedder.embed([]).shape == (0, embedder.dimensions)

    def test_vectors_have_unit_length(self, embedder: Embedder) -> None:
        """Unit vectors, whatever the text, as queries too."""
        for found in (embedder.embed(TEXTS), embedder.embed(TEXTS, kind="query")):
            assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-3)

    def test_vectors_keep_the_order_of_the_texts(self, embedder: Embedder) -> None:
        """In the same order: a text has the same vector wherever it stands and whatever stands beside it."""
        together = embedder.embed(TEXTS)
        alone = np.concatenate([embedder.embed([t]) for t in TEXTS])
        assert np.sum(together * alone, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-2)
        assert together[0] == pytest.approx(together[-1], abs=1e-3)

    def test_near_texts_are_near(self, embedder: Embedder) -> None:
        """A question is nearer to its answer than to something else."""
        answers = embedder.embed(["Ann plays the oboe in an orchestra", "The train to Bern leaves at nine"])
        [asked] = embedder.embed(["Who plays the oboe?"], kind="query")
        near, far = answers @ asked
        assert near > far


class LanguageModelContract(Contract):
    """What a language model promises; the fixture `language_model` gives one."""

    @pytest.fixture
    def language_model(self) -> LanguageModel:
        """The model."""
        raise NotImplementedError("give your suite a fixture `language_model`")

    def test_it_is_a_language_model(self, language_model: LanguageModel) -> None:
        """Has the method of the protocol and a name."""
        assert isinstance(language_model, LanguageModel)
        assert language_model.name

    def test_it_answers_with_text(self, language_model: LanguageModel) -> None:
        """The model's answer to a conversation, as text."""
        messages = [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "Say hello."}]
        assert isinstance(language_model.complete(messages), str)
        assert messages[1] == {"role": "user", "content": "Say hello."}

    def test_it_answers_with_json_where_asked(self, language_model: LanguageModel) -> None:
        """JSON where a schema is given."""
        schema = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
        answer = language_model.complete([{"role": "user", "content": 'Answer {"word": "hello"}.'}], schema=schema)
        assert isinstance(json.loads(answer), dict)


class ExtractorContract(Contract):
    """What an extractor promises; the fixture `extractor` gives one."""

    @pytest.fixture
    def extractor(self) -> Extractor:
        """The extractor."""
        raise NotImplementedError("give your suite a fixture `extractor`")

    def test_it_is_an_extractor(self, extractor: Extractor) -> None:
        """Has the method of the protocol."""
        assert isinstance(extractor, Extractor)

    def test_it_reads_facts_in_the_order_in_which_they_were_said(self, extractor: Extractor) -> None:
        """Facts worth keeping, in the order in which they were said, each with the message that says it."""
        found = extractor.extract(
            conversation("My name is Alice.", "I live in Berlin.", "I am allergic to peanuts."), scope=ALICE, known=()
        )
        assert found
        cited = [c.sources for c in found]
        assert all(cited)
        assert {s for sources in cited for s in sources} <= {"e0", "e1", "e2"}
        firsts = [min(sources) for sources in cited]
        assert firsts == sorted(firsts)
        words = " ".join(c.text for c in found)
        assert all(word in words for word in ("Alice", "Berlin", "peanuts"))

    def test_facts_bear_their_messages_time(self, extractor: Extractor) -> None:
        """A fact was said when its message was."""
        messages = conversation("I live in Berlin.", "I am allergic to peanuts.")
        times = {m.episode_id: m.timestamp for m in messages}
        for candidate in extractor.extract(messages, scope=ALICE, known=()):
            assert candidate.created_at in {times[s] for s in candidate.sources}
            assert 0.0 <= candidate.importance <= 1.0
            assert candidate.text == candidate.text.strip()

    def test_nothing_worth_keeping_gives_nothing(self, extractor: Extractor) -> None:
        """Greetings and questions are no facts, and no message is no error."""
        assert extractor.extract(conversation("Hello!", "How are you today?", "Thanks!"), scope=ALICE, known=()) == []
        assert extractor.extract([], scope=ALICE, known=()) == []

    def test_known_facts_are_left_alone(self, extractor: Extractor) -> None:
        """`known` are facts that may be related: nothing else is replaced, and none of them is read again."""
        known = make_record("old", "Lives in Rome", attribute="lives_in", value="Rome", subject="user")
        found = extractor.extract(conversation("I moved to Berlin."), scope=ALICE, known=(known,))
        assert all({*c.replaces, *c.retracts} <= {"old"} for c in found)
        assert all(c.sources == ("e0",) for c in found)


class RerankerContract(Contract):
    """What a reranker promises; the fixture `reranker` gives one."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """The reranker."""
        raise NotImplementedError("give your suite a fixture `reranker`")

    def test_it_is_a_reranker(self, reranker: Reranker) -> None:
        """Has the method of the protocol."""
        assert isinstance(reranker, Reranker)

    @pytest.mark.parametrize("limit", [1, 2, 3, 9])
    def test_it_orders_hits_anew(self, reranker: Reranker, limit: int) -> None:
        """At most `limit` of the hits, best first, with scores in [0, 1]."""
        texts = ["Plays the oboe", "Lives in Bern", "Likes curry"]
        hits = [Hit(make_record(f"r{n}", text), 0.5) for n, text in enumerate(texts)]
        found = reranker.rerank("Who plays the oboe?", hits, limit=limit)
        scores = [h.score for h in found]
        assert len(found) <= limit
        assert {h.record.id for h in found} <= {"r0", "r1", "r2"}
        assert len({h.record.id for h in found}) == len(found)
        assert scores == sorted(scores, reverse=True)
        assert all(0.0 <= s <= 1.0 for s in scores)

    def test_no_hits_are_no_error(self, reranker: Reranker) -> None:
        """Nothing stays nothing."""
        assert reranker.rerank("anything", [], limit=5) == []


def conversation(*texts: str) -> list[Message]:
    """What a user says, minute by minute."""
    return [Message("user", text, NOON + timedelta(minutes=n), episode_id=f"e{n}") for n, text in enumerate(texts)]
