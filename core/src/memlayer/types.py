"""The values that the engine moves: frozen dataclasses inside, TypedDicts at the facade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

Kind = Literal["fact", "episode", "procedure"]
Status = Literal["live", "superseded", "retracted"]
Action = Literal["ADD", "UPDATE", "DELETE", "NONE"]

ID_FIELDS = ("user_id", "agent_id", "run_id", "app_id")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose memory is meant: an id that is given must equal, one that is None matches any."""

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None

    @property
    def owner(self) -> str:
        """The partition that a record of exactly this scope lives in: user, else agent, else app, else run."""
        if self.user_id is not None:
            return f"u:{self.user_id}"
        for letter, value in (("a", self.agent_id), ("p", self.app_id), ("r", self.run_id)):
            if value is not None:
                return f"{letter}:{value}"
        return "-"

    @property
    def spans_owners(self) -> bool:
        """Says whether a read in this scope may meet more than one owner (every scope without a user may)."""
        return self.user_id is None

    def covers(self, other: Scope) -> bool:
        """Says whether a record written in the scope `other` belongs to this one."""
        return (
            (self.user_id is None or self.user_id == other.user_id)
            and (self.agent_id is None or self.agent_id == other.agent_id)
            and (self.run_id is None or self.run_id == other.run_id)
            and (self.app_id is None or self.app_id == other.app_id)
        )

    def ids(self) -> dict[str, str]:
        """The ids that are given, by field name."""
        return {f: v for f in ID_FIELDS if (v := getattr(self, f)) is not None}


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that was said, as the extractor sees it."""

    role: str
    """Who spoke in the conversation's terms: user, assistant, system, tool."""
    text: str
    """What was said, pictures and documents already turned into text."""
    timestamp: datetime
    """When it was said (aware UTC)."""
    name: str | None = None
    """The speaker's name, where the caller gave one."""
    id: str | None = None
    """The caller's own id of the message."""
    episode_id: str = ""
    """Id of the episode that keeps this message; what a candidate cites in `sources`."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One directed edge between two named things."""

    source: str
    predicate: str
    """In snake_case: lives_in, works_at, likes."""
    target: str
    source_type: str = "thing"
    """person, place, organization, animal, food, thing, …"""
    target_type: str = "thing"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fact that an extractor proposes; `resolve` decides what becomes of it."""

    text: str
    """The fact as a short sentence that stands by itself: "Lives in San Francisco"."""
    sources: tuple[str, ...]
    """Ids of the episodes it was read from; never empty."""
    subject: str = "user"
    """Whom it is about: "user" for the speaking user, else a name or "the user's sister"."""
    attribute: str | None = None
    """The slot it fills, in snake_case (lives_in, name, likes …); None where no slot was read."""
    value: str | None = None
    """What fills the slot, as said: "San Francisco"."""
    negated: bool = False
    """True where the statement says that attribute and value do not, or no longer, hold."""
    created_at: datetime | None = None
    """When it was said; the source message's time."""
    valid_from: datetime | None = None
    """Since when it is true, where the text says so; else the time it was said."""
    valid_to: datetime | None = None
    """Until when it is true (exclusive), where the text says so."""
    categories: tuple[str, ...] = ()
    importance: float = 0.5
    """How much it matters, 0 to 1."""
    replaces: tuple[str, ...] = ()
    """Ids of shown records that this one replaces (a language model says so; local rules leave it empty)."""
    retracts: tuple[str, ...] = ()
    """Ids of shown records that are no longer true and get no successor."""
    correction: bool = False
    """True where the speaker takes back what was said before ("Actually, …", "I meant …")."""
    relations: tuple[Relation, ...] = ()
    entities: tuple[tuple[str, str], ...] = ()
    """(name, type) of the people and things it names."""
    role: str | None = None
    """Role of the speaker it was read from."""
    name: str | None = None
    """Name of the speaker it was read from."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guidance:
    """What a caller of `add` wishes of a language model that reads the messages."""

    includes: str | None = None
    """What to prefer, in words."""
    excludes: str | None = None
    """What never to keep, in words."""
    prompt: str | None = None
    """Further instructions for this call."""
    categories: tuple[Mapping[str, str], ...] | None = None
    """The caller's own categories, each {name: description}; None for the memory's."""
    procedure: bool = False
    """True for one record of how a task was done, instead of facts."""


@dataclass(frozen=True, slots=True)
class Record:
    """One memory as the ledger keeps it."""

    id: str
    kind: Kind
    text: str
    scope: Scope
    created_at: datetime
    """When it was said."""
    recorded_at: datetime
    """When memlayer wrote it first."""
    valid_from: datetime
    """Since when it is true."""
    valid_to: datetime | None = None
    """Until when it was true (exclusive)."""
    updated_at: datetime | None = None
    """When it was last changed; None for never."""
    expires_at: datetime | None = None
    """From this instant on it leaves default results."""
    status: Status = "live"
    superseded_by: str | None = None
    """Id of the record that replaced this one."""
    supersedes: tuple[str, ...] = ()
    """Ids of the records that this one replaced."""
    immutable: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    categories: tuple[str, ...] = ()
    importance: float = 0.5
    feedback: str | None = None
    """POSITIVE, NEGATIVE, VERY_NEGATIVE or None."""
    role: str | None = None
    name: str | None = None
    message_id: str | None = None
    """The caller's own id of the message (episodes only)."""
    session: str | None = None
    """Key of the conversation it was said in; neighbours in ranking share it."""
    position: int = 0
    """Place within the session, from 0."""
    sources: tuple[str, ...] = ()
    """Ids of the episodes that a fact was read from."""
    subject: str | None = None
    attribute: str | None = None
    value: str | None = None
    negated: bool = False
    memory_type: str | None = None
    unread: bool = False
    """True for an episode whose facts have not been extracted yet."""
    reinforced: int = 0
    """How many times the same fact was said again."""
    relations: tuple[Relation, ...] = ()
    """Edges of the graph that this record says."""


@dataclass(frozen=True, slots=True, eq=False)
class WordPieces:
    """A text's vector, and small ones of the words or parts of words that it consists of."""

    vector: Vector
    """That of the whole text, unit length."""
    states: NDArray[np.int8]
    """One row a piece: a unit vector times 127."""
    words: tuple[str, ...]
    """The word that each piece belongs to."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What one transaction does to one record; a Change without a vector leaves the stored one as it is."""

    action: Literal["ADD", "UPDATE", "DELETE"]
    record: Record
    """The record as it is afterwards."""
    vector: Vector | None = None
    """Unit vector of the text; given whenever the text is new."""
    index: bool = True
    """False for a record that is kept and never searched (a message that a fact repeats word for word)."""
    reason: str | None = None
    """supersede, retract, reinforce, expire, feedback, edit …: why it changed."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the ledger: what was, what is, who and when."""

    sequence: int
    """Strictly increasing over the whole ledger."""
    action: str
    record_id: str
    at: datetime
    """When it was written."""
    actor: str | None
    before: Record | None
    after: Record | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Which records a read sees, besides scope and filter."""

    now: datetime
    kinds: tuple[str, ...] | None = None
    """Kinds to show; None for all."""
    as_of: datetime | None = None
    """What was true then, superseded facts included; None for what is true now."""
    known_at: datetime | None = None
    """What had been written by then."""
    cited: bool = False
    """True shows episodes even where a fact cites them (`kinds` asked for them by name)."""
    transcript: bool = False
    """True shows what was said whatever became of its facts, unless all of them were deleted."""
    everything: bool = False
    """True shows superseded, expired and retracted records too (export, verify)."""


@dataclass(frozen=True, slots=True)
class Match:
    """One hit of an index: a record's id and its raw signal."""

    id: str
    score: float
    """In [0, 1], higher is better."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What an index keeps of a record."""

    id: str
    scope: Scope
    record: Record
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A person or thing in the graph, one per scope and name."""

    uid: str
    scope: Scope
    name: str
    type: str = "thing"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation in the graph with its lifetime and the record that says it."""

    uid: str
    scope: Scope
    source: str
    """uid of the node it starts at."""
    predicate: str
    target: str
    """uid of the node it ends at."""
    record_id: str
    valid_from: datetime
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Nodes and the edges between them; nodes nearest first, edges in the order of their uid."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said what a memory came from, and when."""

    episode_id: str
    message_id: str | None
    role: str | None
    name: str | None
    said_at: datetime
    contradicted: bool = False
    """True where the memory says the opposite: what held before it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox: what a server has not heard of yet."""

    sequence: int
    operation: str
    """put (the record as it is now), delete (the record) or erase (the scope)."""
    record_id: str | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result inside the engine."""

    record: Record
    score: float
    """In [0, 1]; comparable between queries."""
    sources: tuple[Origin, ...] = ()
    """The messages it came from, the newest first; behind them those that it contradicts."""
    signals: Mapping[str, float] = field(default_factory=dict)
    """Each signal's share in the score, where it was asked for."""


@dataclass(frozen=True, slots=True)
class Item:
    """One JSON value of the key-value side."""

    namespace: tuple[str, ...]
    key: str
    value: Any
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    score: float | None = None
    """Only in the answer to a query."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemEntry:
    """A value on its way into the key-value side."""

    namespace: tuple[str, ...]
    key: str
    value: Mapping[str, Any]
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    """Unit vector by the path of the field that it was made from; empty for a value that is only looked up."""
    ttl: float | None = None
    """Seconds until it expires; None for never."""
    carried: Item | None = None
    """As another memory kept it; then its times stay."""


# What the facade returns: plain dicts with the keys that users of this kind of memory know.
class _Said(TypedDict):
    episode_id: str
    message_id: str | None
    role: str | None
    name: str | None
    timestamp: str


class Source(_Said, total=False):
    """One message that a memory came from, or one that it contradicts."""

    contradicted: bool
    """Only there, and true, where the message said the opposite before."""


class MemoryItem(TypedDict, total=False):
    """One memory as `get`, `get_all` and `search` return it; times are ISO 8601 in UTC."""

    id: str
    memory: str
    hash: str
    kind: str
    score: float
    metadata: dict[str, Any] | None
    categories: list[str]
    immutable: bool
    expiration_date: str | None
    created_at: str
    updated_at: str | None
    recorded_at: str
    valid_from: str
    valid_to: str | None
    status: str
    superseded_by: str | None
    user_id: str | None
    agent_id: str | None
    run_id: str | None
    app_id: str | None
    role: str | None
    name: str | None
    actor_id: str | None
    importance: float
    feedback: str | None
    memory_type: str | None
    sources: list[Source]
    signals: dict[str, float]


class AddItem(TypedDict, total=False):
    """What `add` did with one fact; `previous_memory` and `old_memory` only on UPDATE and DELETE."""

    id: str
    memory: str
    event: str
    previous_memory: str
    old_memory: str


class GraphRelation(TypedDict):
    """One edge in the guide's shape."""

    source: str
    source_type: str
    relationship: str
    target: str
    target_type: str


class AddResult(TypedDict, total=False):
    """What `add` returns."""

    results: list[AddItem]
    relations: list[GraphRelation]
    episodes: list[str]


class SearchResult(TypedDict, total=False):
    """What `search` returns: results best first."""

    results: list[MemoryItem]
    relations: list[GraphRelation]
    degraded: bool


class Page(TypedDict, total=False):
    """What `get_all` returns; `next` and `previous` are page numbers or None."""

    results: list[MemoryItem]
    count: int
    next: int | None
    previous: int | None
    relations: list[GraphRelation]


class HistoryItem(TypedDict, total=False):
    """One change of a memory under both namings of its fields."""

    id: str
    memory_id: str
    previous_value: str | None
    new_value: str | None
    old_memory: str | None
    new_memory: str | None
    action: str
    event: str
    created_at: str
    updated_at: str | None
    is_deleted: bool
    actor_id: str | None
    role: str | None
    reason: str | None


Messages = str | Mapping[str, Any] | Sequence[Mapping[str, Any] | str]
