"""A configuration that names a store whose package is not there is told the pip line."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from memlayer.backends.langchain import providers
from memlayer.errors import MissingDependencyError


@pytest.mark.parametrize(
    ("provider", "package", "line"),
    [
        (providers.chroma, "langchain_chroma", "pip install langchain-chroma"),
        (providers.faiss, "langchain_community", "pip install langchain-community faiss-cpu"),
        (providers.qdrant, "langchain_qdrant", "pip install langchain-qdrant"),
    ],
)
def test_the_pip_line_is_named(provider: Any, package: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=line):
        provider(collection_name="mem0")
