"""Classic memory in classic chains."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest
from langchain_core.language_models import FakeListLLM
from langchain_core.load import dumps
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.prompts import PromptTemplate

from memlayer import AsyncMemory, ConfigurationError, Memory, UnsupportedError
from memlayer_langchain import MemlayerMemory


def test_what_was_said_comes_back_known_and_verbatim(memory: Memory) -> None:
    kept = MemlayerMemory(memory=memory, user_id="alex", run_id="1")
    assert kept.memory_variables == ["history"]
    assert kept.load_memory_variables({"input": "Hello"}) == {"history": ""}
    kept.save_context({"input": "I live in Berlin."}, {"output": "Nice."})
    found = kept.load_memory_variables({"input": "Where do I live?"})["history"]
    assert "Lives in Berlin" in found
    assert found.endswith("Human: I live in Berlin.\nAI: Nice.")


def test_another_run_knows_but_does_not_repeat(memory: Memory) -> None:
    MemlayerMemory(memory=memory, user_id="alex", run_id="1").save_context(
        {"input": "I live in Berlin."}, {"o": "Nice."}
    )
    other = MemlayerMemory(memory=memory, user_id="alex", run_id="2", return_messages=True)
    [known] = other.load_memory_variables({"input": "Where do I live?"})["history"]
    assert isinstance(known, SystemMessage)
    assert "Lives in Berlin" in known.text
    assert MemlayerMemory(memory=memory, user_id="bob").load_memory_variables({"input": "Where?"}) == {"history": ""}


def test_messages_are_given_as_messages(memory: Memory) -> None:
    kept = MemlayerMemory(memory=memory, user_id="alex", run_id="1", return_messages=True, window=2)
    for text in ("one", "two"):
        kept.save_context({"input": HumanMessage(text, id=f"m-{text}")}, {"output": AIMessage(f"{text}!")})
        kept.save_context({"input": HumanMessage(text, id=f"m-{text}")}, {"output": ""})
    *_, human, ai = kept.load_memory_variables({"input": "zzz"})["history"]
    assert (human, ai.content) == (HumanMessage("two", id="m-two"), "two!")
    assert len(memory.messages(user_id="alex")["results"]) == 4


def test_async_does_what_sync_does(memory: Memory) -> None:
    async def run(kept: MemlayerMemory) -> Any:
        await kept.asave_context({"input": "I live in Berlin."}, {"output": "Nice."})
        found = await kept.aload_memory_variables({"input": "Where do I live?"})
        await kept.aclear()
        return found, await kept.aload_memory_variables({"input": "Where do I live?"})

    for face in (memory, AsyncMemory.of(memory)):
        before, after = asyncio.run(run(MemlayerMemory(memory=face, user_id="alex", run_id="1")))
        assert "Lives in Berlin" in before["history"]
        assert after == {"history": ""}


def test_its_own_variable_is_never_saved(memory: Memory) -> None:
    kept = MemlayerMemory(memory=memory, user_id="alex", run_id="1", memory_key="known")
    kept.save_context({"question": "I live in Berlin.", "known": "secret", "stop": ["x"]}, {"text": "Nice."})
    assert [r["content"] for r in memory.messages(user_id="alex")["results"]] == ["I live in Berlin.", "Nice."]


def test_several_inputs_or_outputs_want_a_name(memory: Memory) -> None:
    kept = MemlayerMemory(memory=memory, user_id="alex", run_id="1")
    with pytest.raises(ConfigurationError, match="input_key="):
        kept.save_context({"a": "x", "b": "y"}, {"output": "z"})
    with pytest.raises(ConfigurationError, match="output_key="):
        kept.save_context({"a": "x"}, {"o": "y", "p": "z"})
    with pytest.raises(ConfigurationError, match="input_key="):
        kept.load_memory_variables({"a": "x", "b": "y"})
    named = MemlayerMemory(memory=memory, user_id="alex", run_id="1", input_key="a", output_key="o")
    named.save_context({"a": "said", "b": "y"}, {"o": "answered", "p": "z"})
    assert [r["content"] for r in memory.messages(user_id="alex")["results"]] == ["said", "answered"]
    with pytest.raises(ConfigurationError, match="'a' is not among"):
        named.save_context({"b": "y"}, {"o": "z"})


def test_clear_forgets_the_run_and_nothing_else(memory: Memory) -> None:
    one, two = (MemlayerMemory(memory=memory, user_id="alex", run_id=run) for run in "12")
    one.save_context({"input": "I live in Berlin."}, {"output": "Nice."})
    two.save_context({"input": "I like tea."}, {"output": "Me too."})
    one.clear()
    assert one.load_memory_variables({})["history"] == ""
    assert [r["content"] for r in memory.messages(user_id="alex")["results"]] == ["I like tea.", "Me too."]
    with pytest.raises(UnsupportedError, match="erase"):
        MemlayerMemory(memory=memory, user_id="alex").clear()
    assert memory.verify()["ok"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_classic_chain_remembers(memory: Memory, asynchronous: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # every part of a classic chain says that it is deprecated
        from langchain_classic.chains import LLMChain

        chain = LLMChain(
            llm=FakeListLLM(responses=["Nice.", "In Berlin."]),
            prompt=PromptTemplate.from_template("{history}\nHuman: {question}\nAI:"),
            memory=MemlayerMemory(memory=memory, user_id="alex", run_id="1"),
        )
        for question in ("I live in Berlin.", "Where do I live?"):
            found = asyncio.run(chain.ainvoke(question)) if asynchronous else chain.invoke(question)
    assert found["text"] == "In Berlin."
    assert "Lives in Berlin" in found["history"]
    assert len(memory.messages(user_id="alex")["results"]) == 4


def test_a_dump_holds_no_memory_and_no_key(memory: Memory) -> None:
    kept = MemlayerMemory(memory=memory, user_id="alex")
    kept.save_context({"input": "I live in Berlin."}, {"output": "Nice."})
    assert "Berlin" not in dumps(kept)
    assert "memory" not in kept.model_dump()
