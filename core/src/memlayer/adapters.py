"""What adapters of every framework share: whose memory it is, ids for messages without one, and which ones are new."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from memlayer._ask import scope_of
from memlayer.aio import AsyncMemory
from memlayer.engine.ingest import PAUSE
from memlayer.errors import ConfigurationError, ConflictError, UnsupportedError
from memlayer.memory import Memory
from memlayer.types import ID_FIELDS

__all__ = [
    "ChatMessage", "Numbers", "ScopeOf", "Whose", "chat_mark", "chat_question", "chat_row", "chat_rows", "faces",
    "given", "last_turn", "message_id", "one_run", "person", "thread_of",
]  # fmt: skip

_KINDS = {"user": "human", "assistant": "ai"}


def faces(memory: Memory | AsyncMemory) -> tuple[Memory, AsyncMemory]:
    """The sync and the async face of one memory; the latter has threads of its own, so keep it."""
    return (memory.sync, memory) if isinstance(memory, AsyncMemory) else (memory, AsyncMemory.of(memory))


# Whose memory it is


def given(**ids: str | None) -> dict[str, Any]:
    """The ids that an adapter was given; at least one."""
    found = {name: value for name, value in ids.items() if value is not None}
    if not found:
        raise ConfigurationError(f"give at least one of {', '.join(ID_FIELDS)}")
    return found


def person(ids: Mapping[str, Any]) -> dict[str, Any]:
    """Where to recall: what a person said holds in every run, so the run only counts where nothing else is given."""
    return {name: value for name, value in ids.items() if name != "run_id"} or dict(ids)


def one_run(ids: Mapping[str, Any], verb: str) -> dict[str, Any]:
    """The ids of the one conversation that an adapter's `clear` or `reset` forgets; raises where no run is named."""
    if ids.get("run_id") is None:
        raise UnsupportedError(
            f"{verb}() forgets one conversation, and this memory has no run_id: give it one. To erase all that is "
            "known of somebody, who may use the same memory elsewhere, call Memory.erase(user_id=…)"
        )
    return dict(ids)


ScopeOf = Callable[[Any], Mapping[str, str | None]]
"""Gets a run's `Runtime` (None outside of a graph) and returns ids by name."""


class Whose:
    """The ids given once for all runs of a graph, and those that each run's context names."""

    def __init__(self, ids: Mapping[str, str | None], scope: ScopeOf | None = None, *, shared: bool = False) -> None:
        """`scope` reads the ids of a run; without it they are the fields of its context that bear an id's name.

        A run without a user raises, unless `shared` says that all users of an agent share one memory.
        """
        self._given = {name: value for name, value in ids.items() if value is not None}
        self._scope = scope
        self._shared = shared

    def writes(self, runtime: Any) -> dict[str, Any]:
        """The ids that a run's messages are kept under; its thread is the run where no run is named."""
        ids: dict[str, Any] = dict(self._given)
        for name, value in (_named(runtime) if self._scope is None else self._scope(runtime)).items():
            if value is None:
                continue
            if ids.get(name, value) != value:
                raise ConflictError(
                    f"{name} is {ids[name]!r} for all runs and {value!r} for this one; give one of them"
                )
            ids[name] = value
        if not self._shared and not {"user_id", "run_id"} & ids.keys():
            # Without a user, all users of an agent would read each other's memories: never by oversight.
            raise ConfigurationError(
                "whose memory is this? Give user_id=, or run with a context that has a user_id; "
                "shared=True says that all users of an agent or app share one memory"
            )
        if "run_id" not in ids and (thread := thread_of(runtime)):
            ids["run_id"] = thread
        return ids

    def reads(self, runtime: Any) -> dict[str, Any]:
        """The ids whose memories a run recalls: what is known of a person is known in each of their conversations."""
        return person(self.writes(runtime))


def _named(runtime: Any) -> dict[str, str | None]:
    """The ids among the fields of a run's context: a dict, a dataclass or a model."""
    context = getattr(runtime, "context", None)
    if isinstance(context, Mapping):
        return {name: context.get(name) for name in ID_FIELDS}
    return {name: getattr(context, name, None) for name in ID_FIELDS}


def thread_of(runtime: Any) -> str | None:
    """The id of the thread that a checkpointer keeps for this run."""
    thread = getattr(getattr(runtime, "execution_info", None), "thread_id", None)
    return None if thread is None else str(thread)


# Which messages are new

Words = tuple[str, str]
"""Role, user or assistant, and what was said."""


def message_id(role: str, text: str, number: int = 0, name: str | None = None) -> str:
    """The id of the `number`th message, from 0, with this role and these words.

    Every adapter makes ids like this where the framework has none, so that a conversation has the same in each of them.
    """
    told = json.dumps([_KINDS.get(role, role), name, text])
    return hashlib.sha256(f"{number} {told}".encode()).hexdigest()[:32]


class Numbers:
    """Numbers what is said in one conversation, so that the same words said twice are two, and sent twice are one.

    A run names its conversation: counting begins with its first message, whoever sends it, and when. Without a run a
    conversation lasts until nothing is said for half an hour, as everywhere in memlayer, and counting goes on from what
    was kept before it: the same words on another day are another statement, and what is sent again is the latest that
    was said.
    """

    def __init__(self, memory: Memory | AsyncMemory, ids: Mapping[str, Any]) -> None:
        """`ids` are those that the conversation is kept under."""
        self._memory, self._aio = faces(memory)
        self._scope = scope_of("add", **ids)
        self._first: dict[Words, int] = {}

    def meet(self, said: Sequence[Words], *, new: int) -> None:
        """Looks up where counting begins for words that this conversation has not met; the last `new` are new."""
        if unmet := self._unmet(said):
            self._look(unmet, said, new)

    async def ameet(self, said: Sequence[Words], *, new: int) -> None:
        """As `meet`."""
        if unmet := self._unmet(said):
            await self._aio.bridge.run(self._look, unmet, said, new)

    def id(self, words: Words, number: int) -> str:
        """The id of the `number`th time, from 0, that this conversation says these words."""
        return message_id(*words, self._first.get(words, 0) + number)

    def ids(self, words: Words, times: int) -> list[str]:
        """Every id that words, said so many times here, can have been given, here and earlier."""
        return [message_id(*words, n) for n in range(self._first.get(words, 0) + times)]

    def rows(self, said: Iterable[Words]) -> list[str]:
        """The ids of a whole conversation, in order."""
        times: Counter[Words] = Counter()
        found = []
        for words in said:
            found.append(self.id(words, times[words]))
            times[words] += 1
        return found

    def _unmet(self, said: Iterable[Words]) -> list[Words]:
        if self._scope.run_id is not None:
            return []
        return [words for words in dict.fromkeys(said) if words not in self._first]

    def _look(self, unmet: Sequence[Words], said: Sequence[Words], new: int) -> None:
        again = Counter(said[: len(said) - new])
        going = self._going()
        for words, sessions in self._kept(unmet).items():
            everything = max(sessions, default=-1) + 1
            before = max((n for n, session in sessions.items() if session != going), default=-1) + 1
            # What is sent again is of this conversation, unless it has more of these words than that has.
            own = again[words] <= everything - before
            self._first[words] = before if own else max(0, everything - again[words])

    def _going(self) -> str | None:
        """The conversation that is going on."""
        core = self._memory._core
        session, _, said = core.ledger.last_said(self._scope) or (None, 0, core.clock())
        return session if core.clock() - said <= PAUSE else None

    def _kept(self, unmet: Sequence[Words]) -> dict[Words, dict[int, str | None]]:
        """The numbers under which these words are kept already, and the conversation of each."""
        ledger = self._memory._core.ledger
        known: dict[Words, dict[int, str | None]] = {words: {} for words in unmet}
        asked, start, step = list(unmet), 0, 1
        while asked:
            ids = {message_id(*words, n): (words, n) for words in asked for n in range(start, start + step)}
            found = ledger.messages_known(list(ids), self._scope)
            for one, episode in zip(found, ledger.get(list(found.values())), strict=True):
                words, number = ids[one]
                known[words][number] = None if episode is None else episode.session
            # The words whose last number is taken may have been said more often still.
            start, step = start + step, 3 * step
            asked = [words for words in asked if start - 1 in known[words]]
        return known


def last_turn(roles: Sequence[str]) -> int:
    """Where the last turn starts: what a person said since an assistant or a tool last did, and all that follows."""
    start = max((n for n, role in enumerate(roles) if role == "user"), default=0)
    while start > 0 and roles[start - 1] not in ("assistant", "tool"):
        start -= 1
    return start


# Chat messages as LangChain and LangGraph have them


class ChatMessage(Protocol):
    """A message of either framework; both give it an id of their own, at the latest when it is kept in a thread."""

    @property
    def type(self) -> str:
        """human, ai, system, tool, or chat with a role of its own."""
        ...

    @property
    def text(self) -> Any:
        """The words."""
        ...

    @property
    def content(self) -> Any:
        """The words, or a list of blocks."""
        ...

    @property
    def name(self) -> str | None:
        """Who speaks."""
        ...

    @property
    def id(self) -> str | None:
        """The framework's id."""
        ...


_ROLES = {"human": "user", "ai": "assistant"}
# Blocks that a memory reads beside the words; sound, videos and what models think are not among them.
_PARTS = frozenset("image image_url input_image file input_file document text-plain".split())
# Ids that the framework gives anew to a message that comes without one, each time that it comes.
_MADE = re.compile(r"lc_|run-|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


def chat_question(messages: Sequence[ChatMessage]) -> str:
    """What the last human message asks; "" where there is none."""
    return next((str(m.text) for m in reversed(messages) if m.type == "human"), "").strip()


def chat_row(message: ChatMessage) -> dict[str, Any]:
    """One message for `Memory.add`, with its id."""
    role = getattr(message, "role", None) or _ROLES.get(message.type, message.type)
    return {"role": role, "content": _content(message), "name": message.name, "id": message.id}


def chat_rows(messages: Sequence[ChatMessage], *, threaded: bool, kept: str | None = None) -> list[dict[str, Any]]:
    """What people and models said, with its ids, so that nothing that is sent again counts twice.

    In a thread everything after the message `kept` is new: what came before it belongs to whose run brought it. Without
    a thread a conversation that comes again has new ids, so only its last turn is new, and earlier messages are those
    that bear an id of the caller's.
    """
    names = _names(messages)
    if kept in names:
        start = names.index(kept) + 1
    else:
        start = 0 if threaded and kept is None else last_turn([_ROLES.get(m.type, m.type) for m in messages])
    found = []
    for number, message in enumerate(messages):
        if message.type not in _ROLES:
            continue
        if number < start and (threaded or message.id is None or _MADE.match(message.id)):
            continue
        row = chat_row(message)
        if str(row["content"]).strip():
            found.append({**row, "id": names[number] if threaded else message.id})
    return found


def chat_mark(messages: Sequence[ChatMessage]) -> str:
    """What names the last message, for the run that goes on from here."""
    return _names(messages)[-1]


def _content(message: ChatMessage) -> str | list[Any]:
    """The words, and pictures and documents: the turn does not fail over one that cannot be read."""
    words = str(message.text)
    blocks = message.content if isinstance(message.content, list) else []
    parts = [{**b, "optional": True} for b in blocks if isinstance(b, dict) and b.get("type") in _PARTS]
    return [words, *parts] if parts else words


def _names(messages: Sequence[ChatMessage]) -> list[str]:
    """The ids of messages; those without one are told apart by what they say and how often it was said before."""
    seen: Counter[tuple[str, str | None, str]] = Counter()
    found = []
    for message in messages:
        if message.id:
            found.append(message.id)
            continue
        said = str(message.text) or json.dumps(_content(message), default=str)
        told = (message.type, message.name, said)
        found.append(message_id(_ROLES.get(message.type, message.type), said, seen[told], message.name))
        seen[told] += 1
    return found
