"""One person's memory as every interface here uses it: what was said goes in, what matters comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from memlayer import AsyncMemory, Memory
from memlayer.adapters import Numbers, faces, given, last_turn, person

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


class Store:
    """A memory, whose it is, and both of its faces."""

    def __init__(self, client: Memory | AsyncMemory | None, ids: Mapping[str, str | None], max_tokens: int) -> None:
        """Without a client the memory is the default file; at least one of the ids is given."""
        self.ids = given(**ids)
        self.owned = client is None
        self.sync, self.aio = faces(Memory() if client is None else client)
        self.max_tokens = max_tokens

    def numbers(self) -> Numbers:
        """What numbers the messages of one conversation."""
        return Numbers(self.aio, self.ids)

    def keep(self, said: list[Said], numbers: Numbers, new: int | None = None) -> None:
        """Keeps a conversation, or its `new` last messages; what has been seen of it is not stored again."""
        numbers.meet(words(said), new=_turn(said) if new is None else new)
        if messages := rows(said, numbers)[-new if new else 0 :]:
            self.sync.add(messages, **self.ids)

    async def akeep(self, said: list[Said], numbers: Numbers, new: int | None = None) -> None:
        """As `keep`."""
        await numbers.ameet(words(said), new=_turn(said) if new is None else new)
        if messages := rows(said, numbers)[-new if new else 0 :]:
            await self.aio.add(messages, **self.ids)

    def recall(self, said: list[Said], numbers: Numbers) -> str:
        """What is known about the newest words of a conversation, apart from what the conversation itself says."""
        query = question(said)
        numbers.meet(words(said), new=_turn(said))
        return headed(self.sync.context(query, **self._search(said, numbers))) if query else ""

    async def arecall(self, said: list[Said], numbers: Numbers) -> str:
        """As `recall`."""
        query = question(said)
        await numbers.ameet(words(said), new=_turn(said))
        return headed(await self.aio.context(query, **self._search(said, numbers))) if query else ""

    def _search(self, said: list[Said], numbers: Numbers) -> dict[str, Any]:
        """Keywords of a search: in every run of the person, and nothing that the model sees anyway."""
        seen = [one for each, times in Counter(words(said)).items() for one in numbers.ids(each, times)]
        found: dict[str, Any] = {"max_tokens": self.max_tokens, **person(self.ids)}
        return {**found, "filters": {"message_id": {"nin": seen}}} if seen else found

    async def close(self) -> None:
        """Closes a memory that was opened here; a client that was passed in is its owner's to close."""
        if self.owned:
            await self.aio.close()


def words(said: Iterable[Said]) -> list[tuple[str, str]]:
    """Who said what."""
    return [(one.role, one.text) for one in said]


def rows(said: list[Said], numbers: Numbers) -> list[dict[str, Any]]:
    """A conversation for `Memory.add`, each message with an id that it has whenever the conversation is sent."""
    found = []
    for (role, text, name, parts), message_id in zip(said, numbers.rows(words(said)), strict=True):
        content = [text, *({**part, "optional": True} for part in parts)] if parts else text
        one = {"role": role, "content": content, "id": message_id}
        found.append({**one, "name": name} if name else one)
    return found


def _turn(said: list[Said]) -> int:
    """How many messages the last turn has."""
    return len(said) - last_turn([one.role for one in said])


def question(said: list[Said]) -> str:
    """The newest words of the user, or of whoever spoke last where no user did."""
    users = [one.text for one in said if one.role == "user"]
    return (users[-1] if users else said[-1].text if said else "").strip()


def headed(recalled: str) -> str:
    """What was recalled under the line by which it is known again; "" for nothing."""
    return f"{HEAD}\n{recalled}" if recalled else ""
