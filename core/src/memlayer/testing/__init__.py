"""Contract suites for anybody's stores, models and adapters: subclass one, give one fixture, run pytest.

    class TestMyLedger(LedgerContract):
        @pytest.fixture
        def ledger(self, tmp_path):
            return MyLedger(tmp_path / "memory")

Every promise in a protocol's docstring has a test here. A test that cannot pass yet is overridden with
`@pytest.mark.xfail(strict=True, reason="…")` and nothing else: any other override fails. The suites need pytest;
`HashEmbedder`, `FixedClock`, `Ids` and `OpenAIServer` do not.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from memlayer.testing.fakes import FixedClock, HashEmbedder, Ids, SeeingModel
from memlayer.testing.openai_server import Fault, OpenAIServer, Reply

if TYPE_CHECKING:
    from memlayer.testing.adapter import AdapterContract, AdapterHooks
    from memlayer.testing.graph import GraphStoreContract
    from memlayer.testing.indexes import KeywordIndexContract, VectorIndexContract
    from memlayer.testing.items import ItemStoreContract
    from memlayer.testing.ledger import LedgerContract
    from memlayer.testing.memory import MemoryContract
    from memlayer.testing.models import EmbedderContract, ExtractorContract, LanguageModelContract, RerankerContract

__all__ = [
    "AdapterContract",
    "AdapterHooks",
    "EmbedderContract",
    "ExtractorContract",
    "Fault",
    "FixedClock",
    "GraphStoreContract",
    "HashEmbedder",
    "Ids",
    "ItemStoreContract",
    "KeywordIndexContract",
    "LanguageModelContract",
    "LedgerContract",
    "MemoryContract",
    "OpenAIServer",
    "Reply",
    "RerankerContract",
    "SeeingModel",
    "VectorIndexContract",
]

_MODULES = {
    "AdapterContract": "adapter",
    "AdapterHooks": "adapter",
    "EmbedderContract": "models",
    "ExtractorContract": "models",
    "GraphStoreContract": "graph",
    "ItemStoreContract": "items",
    "KeywordIndexContract": "indexes",
    "LanguageModelContract": "models",
    "LedgerContract": "ledger",
    "MemoryContract": "memory",
    "RerankerContract": "models",
    "VectorIndexContract": "indexes",
}
_PIECES = {"memory": (f"{__name__}.memory_rules", f"{__name__}.memory_verbs", f"{__name__}.memory_views")}


def __getattr__(name: str) -> Any:
    """Loads a suite, and pytest with it, when it is asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import pytest

    module = f"{__name__}.{_MODULES[name]}"
    if module not in sys.modules:
        # A failing assert of a suite says what stood on both sides, like one in the caller's own tests.
        pytest.register_assert_rewrite(module, *_PIECES.get(_MODULES[name], ()))
    return getattr(import_module(module), name)
