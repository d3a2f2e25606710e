"""Which keyword of the guide, of mem0 1.x and of mem0 2.x means what: one table.

`MEANINGS` says what the keywords of the verbs' own signatures do. Every other one is either taken with the meaning
that `KEYWORDS` states, or refused by name with the mend. A keyword that nobody knows is refused with the nearest one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from inspect import CO_VARKEYWORDS, signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from memlayer.errors import ConfigurationError, UnsupportedError, brief
from memlayer.types import ID_FIELDS

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Keyword:
    """What a verb does with a keyword of another release."""

    meaning: str
    """What it means here, or why it is refused and what to write instead."""
    values: tuple[Any, ...] | None = None
    """The values that are taken; None for any; an empty tuple refuses the keyword."""


_WHOSE = "whose it is: a record has exactly the ids that it was added with, a read sees what has all ids that it names"
_GUIDE = "tells the language model that reads facts what to keep; refused without a model"
_TEXT = "the new text: three spellings of one keyword"
MEANINGS: dict[str, str] = {
    "messages": 'a string, one message or a list of messages {"role", "content", "name"?, "timestamp"?, "id"?}',
    "user_id": _WHOSE,
    "agent_id": _WHOSE,
    "run_id": _WHOSE,
    "app_id": _WHOSE,
    "metadata": "add, update: kept with each memory; search, get_all: short for a filter on metadata",
    "infer": "False keeps each message as a memory in its own words, system ones aside",
    "mode": '"deferred" answers when the messages are safe, and facts are read out of them later',
    "timestamp": "when messages were said that do not say so themselves",
    "expiration_date": "the last day, whole and in UTC, or the instant at which what comes of it expires",
    "immutable": "True: inference never replaces it and update refuses it; delete and delete_all take it",
    "categories": "add: these in place of assigned ones; search, get_all: only what has one of them",
    "custom_categories": "[{name: description}] to assign from, in place of the default ones",
    "includes": _GUIDE,
    "excludes": _GUIDE,
    "prompt": _GUIDE,
    "memory_type": '"procedural_memory" keeps how something is done, as a procedure beside the facts',
    "enable_graph": "True adds the relations to the result; they are always kept",
    "query": "what is asked, in any words; a time in it is read against as_of",
    "filters": "narrow; an id at their top, or in a top-level AND, is the scope, as the keyword would be",
    "limit": "the most results: 10, of get_all a page's 100",
    "top_k": "the same as limit",
    "threshold": "the least score, from 0 to 1",
    "as_of": "what was true then, in place of now",
    "known_at": "what had been written by then",
    "rerank": "True orders anew with the memory's reranker; without a reranker the order stays",
    "keyword_search": "always on: words and meaning are always both searched for",
    "filter_memories": "True leaves out what less likely answers than not",
    "kinds": '"fact", "procedure", "episode", "item": which of them; episodes are messages as they were said',
    "explain": "True adds to each result what its score is made of",
    "page": "which page, from 1",
    "page_size": "how many memories a page has: 100",
    "keywords": "words that the text must all have",
    "memory_id": "the id of a memory; ids of a scope given as well must match",
    "data": _TEXT,
    "text": _TEXT,
    "message": _TEXT,
}

_VERSION = Keyword("the two generations of the API behave alike here: filters and contextual add always work",
                   ("v1", "v2", "v3", "1", "2", None))  # fmt: skip
_FORMAT = Keyword(
    'results always come as {"results": [...]}, with relations where a graph is asked for: drop output_format, '
    'or write output_format="v1.1"',
    ("v1.1", "1.1", None),
)
_ACCOUNT = Keyword("belongs to the hosted platform; a memory is one file here: drop it, or give path=", ())
_ASYNC = Keyword('write mode="deferred" to be answered before facts are extracted, or use AsyncMemory', (False, None))
_EXPIRED = Keyword("write as_of= a time before it expired, or get(id)", (False, None))

KEYWORDS: dict[str, dict[str, Keyword]] = {
    "add": {
        "version": _VERSION,
        "output_format": _FORMAT,
        "async_mode": _ASYNC,
        "org_id": _ACCOUNT,
        "project_id": _ACCOUNT,
        "custom_instructions": Keyword("write prompt= for one call, or give it to Memory(custom_instructions=…)", ()),
        "filters": Keyword("add writes into exactly one scope: pass user_id=, agent_id=, run_id=, app_id=", ()),
        "actor_id": Keyword('write "name" into each message', ()),
        "llm": Keyword("a model is chosen once: Memory(llm=…)", ()),
    },
    "search": {
        "version": _VERSION,
        "output_format": _FORMAT,
        "org_id": _ACCOUNT,
        "project_id": _ACCOUNT,
        "fields": Keyword("results carry every field; pick the ones you want", ()),
        "only_metadata_based_search": Keyword("use get_all(filters=…), which reads without a query", ()),
        "reference_date": Keyword("write as_of=: what was true then, and what the query's times are read against", ()),
        "show_expired": _EXPIRED,
    },
    "get_all": {
        "version": _VERSION,
        "output_format": _FORMAT,
        "org_id": _ACCOUNT,
        "project_id": _ACCOUNT,
        "fields": Keyword("results carry every field; pick the ones you want", ()),
        "show_expired": _EXPIRED,
    },
    "get": {"output_format": _FORMAT, "version": _VERSION},
    "update": {
        "version": _VERSION,
        "timestamp": Keyword("the time of saying is kept; set valid times by add", ()),
        "expiration_date": Keyword("delete the memory, and add it again with expiration_date=", ()),
    },
    "delete": {"version": _VERSION},
    "delete_all": {"version": _VERSION, "org_id": _ACCOUNT, "project_id": _ACCOUNT},
    "history": {"version": _VERSION},
}

CONSTRUCTOR: dict[str, Keyword] = {
    "config": Keyword("write Memory.from_config(config)", ()),
    "config_dict": Keyword("write Memory.from_config(config_dict)", ()),
    "api_key": Keyword("a memory needs no key; a language model's goes into the config of llm=", ()),
    "org_id": _ACCOUNT,
    "project_id": _ACCOUNT,
}
"""Keywords with which others make a memory."""

_EXPORT = "export() gives everything at once, get_all(filters=…) what a filter selects"
_PROJECT = "a memory is one file, and its settings are arguments: Memory(custom_instructions=…, custom_categories=…)"
_WEBHOOK = (
    "a memory calls nobody: the result of add() says what was added, changed and ended, history() what was before"
)
METHODS: dict[str, str] = {
    "create_memory_export": _EXPORT,
    "get_memory_export": _EXPORT,
    "update_project": _PROJECT,
    "get_project": _PROJECT,
    "create_webhook": _WEBHOOK,
    "get_webhooks": _WEBHOOK,
    "update_webhook": _WEBHOOK,
    "delete_webhook": _WEBHOOK,
    "chat": "memlayer asks no model for you: put context(query) into your prompt, and add() the answer",
    "delete_user": "it is delete_users(user_id=…)",
}
"""Methods of the hosted platform, and what stands in their place here."""


class Elsewhere:
    """Says of a method that only the hosted platform has what to call instead."""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            mend = f"; {METHODS[name]}" if name in METHODS else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{mend}", name=name, obj=self)


def check(verb: str, given: Mapping[str, Any], method: Callable[..., Any]) -> None:
    """Raises for every keyword in `given` that the table does not take; `method` names the verb's own keywords."""
    if given:
        _check(verb, given, [p.name for p in signature(method).parameters.values() if p.kind is not p.VAR_KEYWORD])


def _check(verb: str, given: Mapping[str, Any], own: Sequence[str]) -> None:
    table = CONSTRUCTOR if verb in ("Memory", "from_config") else KEYWORDS.get(verb, {})
    for name, value in given.items():
        keyword = table.get(name)
        if keyword is None:
            near = get_close_matches(name, [*own, *table], n=1)
            hint = f"did you mean {near[0]}=?" if near else f"it takes {', '.join(own) or 'none'}"
            raise UnsupportedError(f"{verb}() has no keyword {name!r}; {hint}")
        if keyword.values is not None and value not in keyword.values:
            raise UnsupportedError(f"{verb}({name}={brief(value)}): {keyword.meaning}")


def strict(made: type[C]) -> type[C]:
    """The class; its methods refuse a keyword that they have not as the verbs with a table do: with the nearest one."""
    for name, method in list(vars(made).items()):
        if isinstance(method, FunctionType) and (name == "__init__" or not name.startswith("_")):
            setattr(made, name, _strict(method))
    return made


def _strict(method: FunctionType) -> Callable[..., Any]:
    code = method.__code__
    own = list(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
    if code.co_flags & CO_VARKEYWORDS:
        if code.co_varnames[len(own) + 1] != "ids":
            return method  # looks at the others itself
        own += ID_FIELDS
    side, _, name = method.__qualname__.rpartition(".")
    verb = side if name == "__init__" else name if side == "Memory" else f"{side.lower()}.{name}"
    known = frozenset(own)

    @wraps(method)
    def call(*args: Any, **given: Any) -> Any:
        if not given.keys() <= known:
            _check(verb, {name: value for name, value in given.items() if name not in known}, own)
        return method(*args, **given)

    return call


def one_of(verb: str, **spellings: Any) -> Any:
    """The one value among several spellings of a keyword; None where none is given; two different ones raise."""
    given = {name: value for name, value in spellings.items() if value is not None}
    if any(value != first for first in list(given.values())[:1] for value in given.values()):
        raise ConfigurationError(f"{verb}() got different values for one thing: {', '.join(sorted(given))}; give one")
    return next(iter(given.values()), None)
