"""One person's memory as every interface here uses it: what was said goes in, what matters comes back."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from memlayer import AsyncMemory, ConfigurationError, Memory, UnsupportedError

HEAD = "What is remembered from earlier conversations:"
"""First line of what is recalled, by which it is known again and never stored."""


class Said(NamedTuple):
    """What somebody said."""

    role: str
    """user or assistant."""
    text: str
    name: str | None
    parts: tuple[dict[str, Any], ...] = ()
    """Pictures and documents beside the words, as `Memory.add` takes them."""

    def __bool__(self) -> bool:
        """Says whether there is anything to keep."""
        return bool(self.text.strip() or self.parts)


_KINDS = {"user": "human", "assistant": "ai"}


class Store:
    """A memory, whose it is, and both of its faces."""

    def __init__(self, client: Memory | AsyncMemory | None, ids: Mapping[str, str | None], max_tokens: int) -> None:
        """Without a client the memory is the default file; at least one of the ids is given."""
        self.ids: dict[str, Any] = {name: value for name, value in ids.items() if value is not None}
        if not self.ids:
            raise ConfigurationError("give at least one of user_id, agent_id, run_id, app_id")
        self.owned = client is None
        self.sync = Memory() if client is None else client.sync if isinstance(client, AsyncMemory) else client
        self.aio = client if isinstance(client, AsyncMemory) else AsyncMemory.of(self.sync)
        self.max_tokens = max_tokens

    def keep(self, said: list[Said], new: int | None = None) -> None:
        """Keeps a conversation, or its `new` last messages; what has been seen of it is not stored again."""
        if messages := rows(said)[-new if new else 0 :]:
            self.sync.add(messages, **self.ids)

    async def akeep(self, said: list[Said], new: int | None = None) -> None:
        """As `keep`."""
        if messages := rows(said)[-new if new else 0 :]:
            await self.aio.add(messages, **self.ids)

    def recall(self, said: list[Said]) -> str:
        """What is known about the newest words of a conversation, apart from what the conversation itself says."""
        query = question(said)
        return headed(self.sync.context(query, **self.search(said))) if query else ""

    async def arecall(self, said: list[Said]) -> str:
        """As `recall`."""
        query = question(said)
        return headed(await self.aio.context(query, **self.search(said))) if query else ""

    def search(self, said: Iterable[Said] = ()) -> dict[str, Any]:
        """Keywords of a search: in every run of the person, and nothing that the model sees anyway."""
        seen = [row["id"] for row in rows(said)]
        found: dict[str, Any] = {"max_tokens": self.max_tokens, **self.person()}
        return {**found, "filters": {"message_id": {"nin": seen}}} if seen else found

    def person(self) -> dict[str, Any]:
        """The ids without the run: what a person said holds in every conversation."""
        return {name: value for name, value in self.ids.items() if name != "run_id"} or self.ids

    def run(self, verb: str) -> dict[str, Any]:
        """The ids of the one conversation that `verb` forgets."""
        if "run_id" not in self.ids:
            raise UnsupportedError(
                f"{verb}() forgets one conversation, and this memory has no run_id; "
                "give it one, or call Memory.erase(user_id=…) to forget a person"
            )
        return self.ids

    async def close(self) -> None:
        """Closes a memory that was opened here; a client that was passed in is its owner's to close."""
        if self.owned:
            await self.aio.close()


def rows(said: Iterable[Said]) -> list[dict[str, Any]]:
    """A conversation for `Memory.add`, each message with an id that it has whenever the conversation is sent."""
    times: Counter[tuple[str, str]] = Counter()
    found = []
    for role, text, name, parts in said:
        number, times[role, text] = times[role, text], times[role, text] + 1
        content = [text, *({**part, "optional": True} for part in parts)] if parts else text
        one = {"role": role, "content": content, "id": message_id(role, text, number)}
        found.append({**one, "name": name} if name else one)
    return found


def message_id(role: str, text: str, number: int) -> str:
    """The id of the `number`th message of a conversation, from 0, with this role and these words.

    Every adapter of memlayer counts like this, so that a conversation has the same ids in each of them.
    """
    told = json.dumps([_KINDS[role], None, text])
    return hashlib.sha256(f"{number} {told}".encode()).hexdigest()[:32]


def question(said: list[Said]) -> str:
    """The newest words of the user, or of whoever spoke last where no user did."""
    users = [one.text for one in said if one.role == "user"]
    return (users[-1] if users else said[-1].text if said else "").strip()


def headed(recalled: str) -> str:
    """What was recalled under the line by which it is known again; "" for nothing."""
    return f"{HEAD}\n{recalled}" if recalled else ""
