"""`MemlayerHook`: a memory for ConversableAgent, the agent of AutoGen 0.2 and of AG2 before 1.0."""

from __future__ import annotations

from typing import Any

from memlayer import AsyncMemory, ConfigurationError, Memory
from memlayer.adapters import Numbers, one_run
from memlayer_autogen._chat import Said, Store
from memlayer_autogen._packages import instead, require


class MemlayerHook:
    """Recalls before an agent replies and keeps what was said; the agent's own history stays as it is.

    Works through `process_all_messages_before_reply` and `process_message_before_send`, in a reply that is awaited,
    too. `generate_reply`, called directly, sends nothing: its answer is kept with the agent's next turn, if there is
    one.
    """

    def __init__(
        self,
        client: Memory | AsyncMemory | None = None,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        app_id: str | None = None,
        max_tokens: int = 2000,
        assistants: tuple[str, ...] = (),
    ) -> None:
        """Works on `client`, or on the memory in the default file; `run_id` is one conversation.

        `assistants` are the names of agents whose messages to this one are no person's words, as in a group chat.
        """
        require("autogen", "MemlayerHook")
        ids = {"user_id": user_id, "agent_id": agent_id, "run_id": run_id, "app_id": app_id}
        self._store = Store(client, ids, max_tokens)
        self._assistants = assistants
        self._numbers, self._length = self._store.numbers(), 0

    def add_to_agent(self, agent: Any) -> None:
        """Gives a ConversableAgent this memory."""
        if not hasattr(agent, "register_hook"):
            raise ConfigurationError(f"{type(agent).__name__} is no ConversableAgent and has no hooks; {instead()}")
        agent.register_hook("process_all_messages_before_reply", self.before_reply)
        agent.register_hook("process_message_before_send", self.before_send)

    def before_reply(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages, led by what is recalled about the newest of them; keeps those that are new."""
        said = self._said(messages)
        numbers = self._counted(said)
        recalled = self._store.recall(said, numbers)
        self._store.keep(said, numbers)
        return [{"role": "system", "content": recalled}, *messages] if recalled else messages

    def before_send(
        self, sender: Any, message: dict[str, Any] | str, recipient: Any, silent: bool | None
    ) -> dict[str, Any] | str:
        """The message as it is, kept as the agent's words."""
        history: list[dict[str, Any]] = list(sender.chat_messages[recipient])
        content = message if isinstance(message, str) else message.get("content")
        new = self._said([{"role": "assistant", "content": content}])
        if new:
            said = [*self._said(history), *new]
            self._store.keep(said, self._counted(said), new=1)
        return message

    def clear(self) -> None:
        """Forgets this conversation and nothing else; raises without a `run_id`, which is what names it."""
        self._store.sync.erase(**one_run(self._store.ids, "clear"))

    def _counted(self, said: list[Said]) -> Numbers:
        """What numbers this conversation; one that is shorter than before is another."""
        if len(said) < self._length:
            self._numbers = self._store.numbers()
        self._length = len(said)
        return self._numbers

    def _said(self, messages: list[dict[str, Any]]) -> list[Said]:
        found: list[Said] = []
        for message in messages:
            text, name = _text(message.get("content")), message.get("name")
            if message.get("role") not in ("user", "assistant"):
                continue
            human = message["role"] == "user" and name not in self._assistants
            said = Said("user" if human else "assistant", text, None if human else name, _parts(message.get("content")))
            if said:
                found.append(said)
        return found


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return content or ""


def _parts(content: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(content, list):
        return ()
    return tuple(part for part in content if part.get("type") in ("image_url", "file"))
