"""memlayer for LangChain: middleware, tools, retriever, chat history, vector store and classic memory.

agent = create_agent(model, tools, middleware=[MemlayerMiddleware(memory)], context_schema=Context)
agent.invoke({"messages": "Where should we eat?"}, context=Context(user_id="alex"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from memlayer import MissingDependencyError

if TYPE_CHECKING:
    from memlayer_langchain.history import MemlayerChatMessageHistory
    from memlayer_langchain.memory import MemlayerMemory
    from memlayer_langchain.middleware import MemlayerMiddleware
    from memlayer_langchain.retriever import MemlayerRetriever
    from memlayer_langchain.tools import memory_tools
    from memlayer_langchain.vectorstore import MemlayerVectorStore

__all__ = [
    "MemlayerChatMessageHistory",
    "MemlayerMemory",
    "MemlayerMiddleware",
    "MemlayerRetriever",
    "MemlayerVectorStore",
    "memory_tools",
]

_HOMES = {
    "MemlayerChatMessageHistory": "history",
    "MemlayerMemory": "memory",
    "MemlayerMiddleware": "middleware",
    "MemlayerRetriever": "retriever",
    "MemlayerVectorStore": "vectorstore",
    "memory_tools": "tools",
}


def __getattr__(name: str) -> Any:
    # Each part of LangChain takes up to a second to import, and most programs use one.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "langchain":
            raise
        raise MissingDependencyError("langchain", '"memlayer-langchain[agents]"') from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
