"""The extractor that asks a language model: one call, whose answer is read with care and never believed blindly."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from memlayer import _answers
from memlayer.errors import ExtractionError, MemlayerError, ModelError
from memlayer.extraction import prompts
from memlayer.extraction._reading import Reader
from memlayer.protocols import LanguageModel
from memlayer.types import Candidate, Guidance, Message, Record, Scope

log = logging.getLogger(__name__)
T = TypeVar("T")

ATTEMPTS = 3
"""How many answers a model may give until one can be used."""
_SHOWN_OF_FAULT = 4000
_SHORTEST_PART = 1000
"""Letters of a message that is not parted."""


class ModelExtractor:
    """Reads facts with a language model; a `GuidedExtractor`.

    `known` are shown to the model: facts, which a new one may replace, and episodes, as what was said before. What the
    model says is checked: a fact cites new messages, replaces only facts that were shown and are not immutable, and
    has the types that the schema says. Raises `ExtractionError` when no answer can be used.
    """

    def __init__(
        self,
        model: LanguageModel,
        *,
        instructions: str | None = None,
        fact_prompt: str | None = None,
        update_prompt: str | None = None,
        categories: Sequence[Mapping[str, str]] | None = None,
        guidance: Guidance | None = None,
    ) -> None:
        """`fact_prompt` and `update_prompt` stand in the place of the default words, `instructions` beside them."""
        self._model = model
        self._instructions = instructions
        self._fact_prompt = fact_prompt
        self._update_prompt = update_prompt
        self._categories = categories
        self._guidance = guidance or Guidance()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._model.name!r})"

    def guided(self, guidance: Guidance) -> ModelExtractor:
        """The same extractor with the wishes of one call."""
        return ModelExtractor(
            self._model,
            instructions=self._instructions,
            fact_prompt=self._fact_prompt,
            update_prompt=self._update_prompt,
            categories=self._categories,
            guidance=guidance,
        )

    def extract(self, messages: Sequence[Message], *, scope: Scope, known: Sequence[Record]) -> list[Candidate]:
        """Facts worth keeping, in the order in which they were said; no call is made where nobody spoke.

        What is too long for the model is read in parts; what its server refuses, without what was said before.
        """
        heard = [m for m in messages if m.role != "system" and m.text.strip()]
        if not heard:
            return []
        try:
            return self._read(heard, known)
        except ExtractionError as error:
            cause = error.__cause__
            if not isinstance(cause, ModelError):
                raise
            parts = _halves(heard) if _answers.too_long(str(cause)) and not self._guidance.procedure else ()
            facts = [r for r in known if r.kind == "fact"]
            if not parts and (not cause.refused or len(facts) == len(known)):
                raise
        if not parts:
            # What was said before may be what a filter of contents, or a small model, does not take.
            return self._read(heard, facts)
        return [c for part in parts for c in self.extract(part, scope=scope, known=known)]

    def _read(self, heard: Sequence[Message], known: Sequence[Record]) -> list[Candidate]:
        """What one call makes of the messages."""
        memories = [r for r in known if r.kind == "fact"]
        earlier = [r for r in known if r.kind == "episode"]
        told = prompts.conversation(heard, earlier, memories)
        if self._guidance.procedure:
            system = prompts.procedure(self._guidance, self._instructions)
            return [self._ask(system, told, prompts.STEPS, lambda answer: _procedure(answer, heard))]
        system = prompts.instructions(
            facts=self._fact_prompt,
            updates=self._update_prompt,
            general=self._instructions,
            categories=self._categories,
            guidance=self._guidance,
        )
        offered = self._guidance.categories if self._guidance.categories is not None else self._categories
        reader = Reader(heard, memories, offered)
        return self._ask(system, told, prompts.ANSWER, reader.read)

    def _ask(self, system: str, told: str, schema: dict[str, Any], read: Callable[[Any], T]) -> T:
        """What `read` makes of the model's answer; an answer that it cannot use is sent back with what is wrong."""
        first = [{"role": "system", "content": system}, {"role": "user", "content": told}]
        asked, fault = first, ""
        for _ in range(ATTEMPTS):
            text = self._complete(asked, schema)
            try:
                return read(_answers.read(text, keys=tuple(schema["required"])))
            except ValueError as error:
                fault = str(error)
                log.debug("model %s: %s: %s", self._model.name, fault, text)
            asked = [
                *first,
                {"role": "assistant", "content": text[:_SHOWN_OF_FAULT] or "(nothing)"},
                {"role": "user", "content": f"That cannot be used: {fault}. Answer again, with the JSON object only."},
            ]
        raise ExtractionError(
            f"model {self._model.name!r} gave no usable answer in {ATTEMPTS} attempts ({fault}); the messages are "
            "stored: the next add, or reextract(), reads them again"
        )

    def _complete(self, messages: list[dict[str, Any]], schema: dict[str, Any]) -> str:
        try:
            return self._model.complete(messages, schema=schema)
        except MemlayerError as error:
            raise ExtractionError(
                f"{error}; the messages are stored: the next add, or reextract(), reads them again"
            ) from error
        except Exception as error:  # anybody's model raises what it likes, and no message may be lost by it
            raise ExtractionError(
                f"model {self._model.name!r} raised {type(error).__name__}; the messages are stored: the next add, "
                "or reextract(), reads them again"
            ) from error


def _halves(messages: Sequence[Message]) -> tuple[Sequence[Message], ...]:
    """The messages in two parts, one alone at a space near its middle; none of one that is short."""
    if len(messages) > 1:
        return messages[: len(messages) // 2], messages[len(messages) // 2 :]
    [message] = messages
    if len(message.text) < _SHORTEST_PART:
        return ()
    middle = len(message.text) // 2
    cut = message.text.rfind(" ", middle // 2, middle) + 1 or middle
    return [replace(message, text=message.text[:cut])], [replace(message, text=message.text[cut:])]


def _procedure(answer: Any, messages: Sequence[Message]) -> Candidate:
    text = answer.get("procedure") if isinstance(answer, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ValueError('"procedure" must be a text that is not empty')
    last = messages[-1]
    sources = tuple(dict.fromkeys(m.episode_id for m in messages))
    return Candidate(
        text=text.strip(), sources=sources, subject="assistant", created_at=last.timestamp, role="assistant"
    )
