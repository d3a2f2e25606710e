"""What the model sees of the tools, and what they do for whom."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from langchain_core.tools import BaseTool

from memlayer import AsyncMemory, ConfigurationError, Memory
from memlayer_langchain import memory_tools

NAMES = ["add_memory", "search_memory", "get_all_memory", "update_memory", "delete_memory"]


def tools(memory: Memory | AsyncMemory, user: str = "alex") -> dict[str, BaseTool]:
    return {tool.name: tool for tool in memory_tools(memory, user_id=user)}


def test_the_model_sees_what_to_do_and_never_whose_memory_it_is(memory: Memory) -> None:
    made = memory_tools(memory, user_id="alex", agent_id="cook")
    assert [tool.name for tool in made] == NAMES
    for tool in made:
        schema = tool.tool_call_schema.model_json_schema()
        assert tool.description.endswith(".")
        assert all(field["description"] for field in schema["properties"].values())
        assert not {"user_id", "agent_id", "run_id", "app_id", "config"} & schema["properties"].keys()


def test_a_memory_is_added_found_corrected_and_forgotten(memory: Memory) -> None:
    made = tools(memory)
    assert made["add_memory"].invoke({"text": "I live in Berlin."}).startswith("ADD ")
    assert made["add_memory"].invoke({"text": "Hm."}) == "Kept as it was said."
    [found] = json.loads(made["get_all_memory"].invoke({}))
    assert found["memory"] == "Lives in Berlin"
    assert found in json.loads(made["search_memory"].invoke({"query": "Where do I live?"}))
    made["update_memory"].invoke({"memory_id": found["id"], "text": "Lives in Paris"})
    assert memory.get(found["id"])["memory"] == "Lives in Paris"
    made["delete_memory"].invoke({"memory_id": found["id"]})
    assert json.loads(made["get_all_memory"].invoke({})) == []


def test_async_does_what_sync_does(memory: Memory) -> None:
    async def run() -> None:
        made = tools(AsyncMemory.of(memory))
        assert (await made["add_memory"].ainvoke({"text": "I live in Berlin."})).startswith("ADD ")
        [found] = json.loads(await made["search_memory"].ainvoke({"query": "Where do I live?"}))
        await made["update_memory"].ainvoke({"memory_id": found["id"], "text": "Lives in Paris"})
        assert "Paris" in await made["get_all_memory"].ainvoke({"limit": 1})
        await made["delete_memory"].ainvoke({"memory_id": found["id"]})

    asyncio.run(run())
    assert memory.get_all(user_id="alex")["results"] == []


@pytest.mark.parametrize("name", ["update_memory", "delete_memory"])
def test_a_wrong_id_or_somebody_elses_is_an_error_that_the_model_reads(memory: Memory, name: str) -> None:
    memory.add("I live in Rome.", user_id="bob")
    [theirs] = memory.get_all(user_id="bob")["results"]
    tool = tools(memory)[name]
    for wrong in (theirs["id"], "none"):
        call = {"type": "tool_call", "id": "1", "name": name, "args": {"memory_id": wrong, "text": "x"}}
        for message in (tool.invoke(call), asyncio.run(tool.ainvoke(call))):
            assert message.status == "error"
            assert wrong in message.content
    assert memory.get(theirs["id"])["memory"] == "Lives in Rome"


def test_an_immutable_memory_stays(memory: Memory) -> None:
    memory.add("I live in Berlin.", user_id="alex", immutable=True)
    [known] = memory.get_all(user_id="alex")["results"]
    said = tools(memory)["update_memory"].invoke({"memory_id": known["id"], "text": "x"})
    assert "immutable" in said


def test_without_a_user_nothing_is_read(memory: Memory) -> None:
    for tool in memory_tools(memory, agent_id="cook"):
        arguments = {"text": "x", "query": "x", "memory_id": "x"}
        with pytest.raises(ConfigurationError, match="whose memory is this"):
            tool.invoke({name: arguments[name] for name in tool.args if name in arguments})


def test_the_tools_work_without_langgraph() -> None:
    program = (
        "import sys; sys.modules['langgraph'] = sys.modules['langgraph.runtime'] = None\n"
        "from memlayer import Memory\nfrom memlayer.testing import HashEmbedder\n"
        "import memlayer_langchain as m\n"
        "tool = m.memory_tools(Memory(':memory:', embedder=HashEmbedder()), user_id='alex')[0]\n"
        "assert tool.invoke({'text': 'I live in Berlin.'}).startswith('ADD ')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_what_is_not_installed_is_named_with_the_line_that_installs_it() -> None:
    program = (
        "import sys; sys.modules['langchain'] = None\nimport memlayer, memlayer_langchain\n"
        "try:\n    memlayer_langchain.MemlayerMiddleware\n"
        "except memlayer.MissingDependencyError as error:\n    assert 'memlayer-langchain[agents]' in str(error)\n"
        "else:\n    raise SystemExit(1)\nmemlayer_langchain.MemlayerRetriever\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_import_loads_nothing_of_the_framework() -> None:
    program = "import sys, memlayer_langchain; sys.exit(any(n.startswith('langchain') for n in sys.modules))"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
