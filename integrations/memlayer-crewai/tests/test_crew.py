"""Real crews and agents with a model that needs no network, and every verb of CrewAI's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, BaseLLM, Crew, Task
from crewai.memory.storage.backend import StorageBackend
from crewai.memory.storage.factory import set_memory_storage_factory
from crewai.memory.types import MemoryRecord
from crewai.memory.unified_memory import Memory as CrewMemory
from pydantic import PrivateAttr

from memlayer import ConfigurationError, Memory, ModelError, UnsupportedError
from memlayer.testing import FixedClock, HashEmbedder
from memlayer_crewai import MemlayerMemory, MemlayerStorage, memory_config, register


class Model(BaseLLM):
    """Answers every prompt alike, and keeps what it is shown."""

    _shown: list[str] = PrivateAttr(default_factory=list)
    answer: str = "Noted."

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        self._shown.append(messages if isinstance(messages, str) else "\n".join(str(m["content"]) for m in messages))
        return f"Thought: I now can give a great answer\nFinal Answer: {self.answer}"

    async def acall(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        return self.call(messages)

    def supports_function_calling(self) -> bool:
        return False

    def seen(self) -> str:
        return self._shown[-1]

    def calls(self) -> int:
        return len(self._shown)


@pytest.fixture
def client() -> Iterator[Memory]:
    with Memory(":memory:", embedder=HashEmbedder()) as memory:
        yield memory


def of(client: Memory, run: str | None = "one", user: str = "ann", **options: Any) -> MemlayerMemory:
    return MemlayerMemory(client, user_id=user, run_id=run, **options)


def kickoff(text: str, memory: MemlayerMemory, *, own: bool = False, **options: Any) -> Model:
    """Runs a crew of one agent with one task; `own` gives the memory to the agent instead of the crew."""
    model = Model(model="none")
    agent = Agent(role="helper", goal="help", backstory="none", llm=model, memory=memory if own else None)
    task = Task(description=text, expected_output="an answer", agent=agent)
    Crew(agents=[agent], tasks=[task], memory=None if own else memory, **options).kickoff()
    return model


def said(client: Memory) -> list[tuple[str, str, str | None]]:
    return [(m["role"], m["content"], m["name"]) for m in client.messages(user_id="ann")["results"]]


@pytest.mark.parametrize("own", [False, True])
def test_a_crew_remembers_another_run_and_no_other_user(client: Memory, own: bool) -> None:
    model = kickoff("I live in Lisbon.", of(client, "one"), own=own)
    assert said(client) == [("user", "I live in Lisbon.", None), ("assistant", "Noted.", "helper")]
    assert model.calls() == 1
    assert "Lives in Lisbon" in kickoff("Where do I live?", of(client, "two"), own=own).seen()
    assert "Lisbon" not in kickoff("Where do I live?", of(client, "two", "bob"), own=own).seen()


def test_the_same_task_again_doubles_nothing_and_is_not_its_own_answer(client: Memory) -> None:
    kickoff("Where is my blue bicycle?", of(client))
    before = said(client)
    again = kickoff("Where is my blue bicycle?", of(client))
    assert said(client) == before
    assert again.seen().count("Where is my blue bicycle?") == 1


def test_without_a_run_the_same_task_on_another_day_is_a_task_of_its_own() -> None:
    clock, task = FixedClock(), [("user", "Where is my blue bicycle?", None), ("assistant", "Noted.", "helper")]
    with Memory(":memory:", embedder=HashEmbedder(), clock=clock) as client:
        for day in (1, 1, 2):
            clock.advance(days=day - 1)
            again = kickoff("Where is my blue bicycle?", of(client, None))
            assert said(client) == task * day
        assert again.seen().count("Where is my blue bicycle?") == 1


def test_an_agent_on_its_own_remembers(client: Memory) -> None:
    model = Model(model="none")
    agent = Agent(role="helper", goal="help", backstory="none", llm=model, memory=of(client))
    agent.kickoff("I live in Lisbon.")
    agent.memory.drain_writes()
    assert ("user", "I live in Lisbon.", None) in said(client)
    agent.kickoff("Where do I live?")
    assert "Lives in Lisbon" in model.seen()


def test_a_crew_that_is_awaited_and_its_copy_remember(client: Memory) -> None:
    model = Model(model="none")
    agent = Agent(role="helper", goal="help", backstory="none", llm=model)
    task = Task(description="{said}", expected_output="an answer", agent=agent)
    crew = Crew(agents=[agent], tasks=[task], memory=of(client))
    asyncio.run(crew.kickoff_async(inputs={"said": "I live in Lisbon."}))
    crew.copy().kickoff(inputs={"said": "Where do I live?"})
    assert "Lives in Lisbon" in model.seen()


def test_crew_agent_and_user_scopes_are_kept_apart(client: Memory) -> None:
    kickoff("I live in Lisbon.", of(client, root_scope="/crew/travel"))
    kickoff("My bicycle is blue.", of(client, root_scope="/crew/repair"))
    everything = of(client)
    assert everything.list_scopes("/") == ["/crew"]
    assert everything.list_scopes("/crew") == ["/crew/repair", "/crew/travel"]
    assert everything.info("/crew/travel").child_scopes == ["/crew/travel/agent"]
    assert "/crew/travel/agent (1 records)" in everything.tree()
    travel = of(client, root_scope="/crew/travel")
    assert [m.record.content for m in travel.recall("bicycle or city?") if "bicycle" in m.record.content] == []
    assert travel.recall("Where do I live?")[0].record.scope == "/crew/travel/agent/helper"
    assert {m.record.scope for m in everything.scope("/crew/repair").recall("bicycle")} == {"/crew/repair/agent/helper"}
    both = everything.slice(["/crew/travel", "/crew/repair"])
    assert len(both.recall("Lisbon bicycle")) >= 2


def test_what_was_said_elsewhere_is_recalled_at_the_root(client: Memory) -> None:
    client.add("I live in Lisbon.", user_id="ann", run_id="elsewhere")
    [record] = of(client).list_records()
    assert (record.content, record.scope, record.private) == ("Lives in Lisbon", "/", False)


def test_the_tools_of_an_agent_work(client: Memory) -> None:
    from crewai.tools.memory_tools import create_memory_tools

    search, save = create_memory_tools(of(client))
    assert "Saved to memory (scope=/" in save.run(contents=["I live in Lisbon."])
    assert "Saved to memory" in save.run(contents=["The sky over the harbour."])
    save.run(contents=["My bicycle is blue.", "I am allergic to peanuts."])
    assert "Lives in Lisbon" in search.run(queries=["Where do I live?"])
    assert "blue" in search.run(queries=["bicycle"])


def test_remember_keeps_what_it_is_told(client: Memory) -> None:
    memory = of(client)
    record = memory.remember(
        "I live in Lisbon.", scope="/home", categories=["city"], metadata={"from": "form"}, importance=0.9, source="ann"
    )
    assert record is not None
    assert (record.scope, record.importance, record.source) == ("/home", 0.9, "ann")
    assert (record.categories, record.metadata) == (["city"], {"from": "form"})
    assert memory.list_categories() == {"city": 1}
    assert [m.record.id for m in memory.recall("Where do I live?", categories=["city"])] == [record.id]
    assert memory.recall("Where do I live?", categories=["food"]) == []
    changed = memory.update(record.id, "Lives in Porto", importance=0.2, categories=["town"])
    assert (changed.content, changed.importance, changed.categories) == ("Lives in Porto", 0.2, ["town"])
    assert client.history(record.id)[0]["previous_value"] == "Lives in Lisbon"
    with pytest.raises(ValueError, match="not found"):
        memory.update("nobody", "x")


def test_private_records_are_there_for_their_source(client: Memory) -> None:
    memory = of(client)
    memory.remember("I live in Lisbon.", source="ann", private=True)
    where = "Where do I live?"
    assert memory.recall(where) == []
    assert memory.recall(where, source="bob") == []
    assert "Lives in Lisbon" in {m.record.content for m in memory.recall(where, source="ann")}
    assert "Lives in Lisbon" in {m.record.content for m in memory.recall(where, include_private=True)}


def test_read_only_stores_nothing(client: Memory) -> None:
    memory = of(client, read_only=True)
    assert memory.remember("I live in Lisbon.") is None
    kickoff("I live in Lisbon.", memory)
    assert said(client) == []


def test_forget_by_each_criterion(client: Memory) -> None:
    memory = of(client)
    for n, text in enumerate(["I live in Lisbon.", "My bicycle is blue.", "I am allergic to peanuts."]):
        memory.remember(text, scope=f"/n/{n}", categories=[f"c{n}"], metadata={"n": n})
    assert memory.forget(older_than=datetime.now(timezone.utc) - timedelta(days=1)) == 0
    assert memory.forget(scope="/n/0") == 1
    assert memory.forget(metadata_filter={"n": 1}, categories=["c1"]) == 1
    [left] = memory.list_records()
    assert memory.forget(record_ids=[left.id, "nobody"]) == 1
    assert memory.list_records() == []
    with pytest.raises(UnsupportedError, match="erase"):
        memory.forget()


def test_a_scope_is_reset_and_a_run_and_nothing_else(client: Memory) -> None:
    client.add("I live in Lisbon.", user_id="ann", run_id="elsewhere")
    memory = of(client)
    memory.remember("My bicycle is blue.", scope="/a")
    memory.remember("I am allergic to peanuts.", scope="/b")
    memory.reset("/a")
    assert {r.scope for r in memory.list_records()} == {"/", "/b"}
    memory.reset()
    assert [r.content for r in memory.list_records()] == ["Lives in Lisbon"]
    agent = Agent(role="helper", goal="help", backstory="none", llm=Model(model="none"))
    task = Task(description="Help.", expected_output="help", agent=agent)
    crew = Crew(agents=[agent], tasks=[task], memory=of(client, None))
    with pytest.raises(RuntimeError, match="erase"):
        crew.reset_memories("memory")
    assert client.verify()["ok"]


def test_background_saves_are_flushed_and_their_errors_rise(client: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = of(client)
    assert memory.remember_many(["I live in Lisbon.", "My bicycle is blue."]) == []
    memory.drain_writes()
    assert len(said(client)) == 2

    def fail(*args: object, **kwargs: object) -> None:
        raise ModelError("out of order")

    monkeypatch.setattr(client, "add", fail)
    memory.remember_many(["I am allergic to peanuts."])
    with pytest.raises(ModelError):
        memory.drain_writes()
    memory.drain_writes()


def test_an_id_is_needed_and_a_dump_holds_no_client(client: Memory) -> None:
    with pytest.raises(ConfigurationError, match="user_id"):
        MemlayerMemory(client)
    assert '"user_id":"ann"' in of(client).model_dump_json()
    assert "storage" not in repr(of(client))


# The store beneath CrewAI's own memory


def embed(texts: list[str]) -> list[list[float]]:
    return HashEmbedder(64).embed(texts).tolist()  # type: ignore[no-any-return]


def test_crewais_own_memory_on_this_store(client: Memory) -> None:
    register(client, user_id="ann")
    try:
        memory = CrewMemory(storage="memlayer", embedder=embed, llm=Model(model="none"))
    finally:
        set_memory_storage_factory(None)
    full: dict[str, Any] = {"scope": "/home", "categories": ["city"], "importance": 0.7, "metadata": {"n": 1}}
    kept = memory.remember("Ann lives in Lisbon", **full)
    assert kept is not None
    memory.remember("Ann has a blue bicycle", **{**full, "scope": "/things"})
    best = memory.recall("blue bicycle", depth="shallow")[0].record
    assert (best.content, best.scope, best.importance) == ("Ann has a blue bicycle", "/things", 0.7)
    assert [m.record.scope for m in memory.recall("Ann", scope="/home", depth="shallow")] == ["/home"]
    assert memory.update(kept.id, content="Ann lives in Porto").content == "Ann lives in Porto"
    assert "Porto" in client.search("Where does Ann live?", user_id="ann")["results"][0]["memory"]
    assert memory.list_scopes() == ["/home", "/things"]
    assert memory.forget(record_ids=[kept.id]) == 1
    assert [r.content for r in memory.list_records()] == ["Ann has a blue bicycle"]


def test_the_store_is_a_storage_backend(client: Memory) -> None:
    storage = MemlayerStorage(client, user_id="ann", run_id="one")
    assert isinstance(storage, StorageBackend)
    record = MemoryRecord(content="Ann lives in Lisbon", embedding=embed(["Ann lives in Lisbon"])[0])

    async def use() -> list[tuple[MemoryRecord, float]]:
        await storage.asave([record, record])
        return await storage.asearch(embed(["Lisbon"])[0], limit=3)

    [(found, score)] = asyncio.run(use())
    assert found.id == record.id
    assert 0 < score < 1
    assert (storage.count(), storage.count("/x")) == (1, 0)
    with pytest.raises(ConfigurationError, match="embedder"):
        storage.search([1.0, 0.0])
    assert asyncio.run(storage.adelete(record_ids=[record.id])) == 1
    assert storage.get_record("nobody") is None


# The old configuration


def test_the_old_dict_gives_a_memory_that_crewai_takes(tmp_path: Path) -> None:
    local = {"history_db_path": str(tmp_path / "m.db")}
    memory = memory_config({"provider": "mem0", "config": {"user_id": "ann", "local_mem0_config": local}})
    kickoff("I live in Lisbon.", memory)
    memory.close()
    with Memory(tmp_path / "m.db") as again:
        assert said(again)[0][1] == "I live in Lisbon."


def test_what_the_old_dict_says_in_vain_is_refused_by_name(client: Memory) -> None:
    with pytest.raises(UnsupportedError, match="api_key"):
        memory_config({"provider": "mem0", "config": {"user_id": "ann", "api_key": "m0-secret"}})
    with pytest.raises(ConfigurationError, match="client="):
        memory_config({"provider": "mem0", "vector_store": {}}, client, user_id="ann")
    assert memory_config({"provider": "mem0", "config": {"user_id": "ann"}}, client).user_id == "ann"
