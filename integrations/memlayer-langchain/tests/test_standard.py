"""LangChain's own suites, as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    RetrieversIntegrationTests,
    ToolsIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import ToolsUnitTests

from memlayer import AsyncMemory, Memory
from memlayer.testing import HashEmbedder
from memlayer_langchain import MemlayerRetriever, MemlayerVectorStore, memory_tools

SAID = ["I live in Berlin.", "I work in Berlin.", "I was born in Berlin.", "I like Berlin."]


MADE: list[Memory] = []


@pytest.fixture(autouse=True)
def no_memory_stays_open() -> Iterator[None]:
    yield
    while MADE:
        MADE.pop().close()


def filled() -> Memory:
    memory = Memory(":memory:", embedder=HashEmbedder())
    memory.add([{"role": "user", "content": one} for one in SAID], user_id="alex", infer=False)
    MADE.append(memory)
    return memory


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, memory: Memory) -> VectorStore:
        return MemlayerVectorStore(memory, user_id="alex")


class TestVectorStoreOfAnAsyncMemory(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, memory: Memory) -> VectorStore:
        return MemlayerVectorStore(AsyncMemory.of(memory), app_id="shop", namespace=["a.b", "c"])


class TestRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MemlayerRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": filled(), "user_id": "alex"}

    @property
    def retriever_query_example(self) -> str:
        return "What about Berlin?"


class Tool:
    name: str
    arguments: dict[str, Any]

    @property
    def tool_constructor(self) -> BaseTool:
        memory = filled()
        self.known = memory.get_all(user_id="alex")["results"][0]["id"]
        return next(tool for tool in memory_tools(memory, user_id="alex") if tool.name == self.name)

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        known = {"memory_id": getattr(self, "known", "some")} if "memory_id" in self.arguments else {}
        return {**self.arguments, **known}


class TestAdd(Tool, ToolsIntegrationTests):
    name, arguments = "add_memory", {"text": "I like olives."}


class TestSearch(Tool, ToolsIntegrationTests):
    name, arguments = "search_memory", {"query": "Berlin", "limit": 2}


class TestGetAll(Tool, ToolsIntegrationTests):
    name, arguments = "get_all_memory", {"limit": 2}


class TestUpdate(Tool, ToolsIntegrationTests):
    name, arguments = "update_memory", {"memory_id": "", "text": "Lives in Paris"}


class TestDelete(Tool, ToolsIntegrationTests):
    name, arguments = "delete_memory", {"memory_id": ""}


class TestAddUnit(Tool, ToolsUnitTests):
    name, arguments = "add_memory", {"text": "I like olives."}


class TestSearchUnit(Tool, ToolsUnitTests):
    name, arguments = "search_memory", {"query": "Berlin", "limit": 2}


class TestGetAllUnit(Tool, ToolsUnitTests):
    name, arguments = "get_all_memory", {"limit": 2}


class TestUpdateUnit(Tool, ToolsUnitTests):
    name, arguments = "update_memory", {"memory_id": "", "text": "Lives in Paris"}


class TestDeleteUnit(Tool, ToolsUnitTests):
    name, arguments = "delete_memory", {"memory_id": ""}


def test_every_tool_meets_the_suites(memory: Memory) -> None:
    met = {suite.name for suite in Tool.__subclasses__()}
    assert {tool.name for tool in memory_tools(memory, user_id="alex")} == met
