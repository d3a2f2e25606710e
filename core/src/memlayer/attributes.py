"""The slots that memlayer knows: what a statement can say about a person or thing, and what replaces what.

One table serves extraction (which slot a sentence fills), conflict (does a new value replace the old one), the
profile (exact facts by slot) and the graph (an edge's predicate and the type of its target).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """One slot."""

    name: str
    """snake_case, also the predicate of the graph's edge."""
    single: bool
    """True where a new value replaces the old one (one home, one name); False where values stand side by side."""
    target: str = "thing"
    """Type of the value as a node of the graph; "" for a plain value that is no node (a name, an age)."""
    opposite: str | None = None
    """The attribute that says the contrary about the same value (likes / dislikes)."""
    categories: tuple[str, ...] = ()
    """Default categories of a fact in this slot."""
    follows: tuple[str, ...] = ()
    """Slots that end, for the same value, when this one begins: who is married to Ann is no longer engaged to her."""
    ends: tuple[str, ...] = ()
    """Slots in which a denial of this one, or a change from it, may find what it ends: who gave up the cello may have
    played or learned it."""


_TOOLS = tuple(
    f"detail:{name}"
    for name in ("bank", "phone", "laptop", "browser", "editor", "phone_provider", "password_manager", "music_app")
)
_TABLE = (
    Attribute("name", True, "", categories=("personal_details",)),
    Attribute("nickname", True, "", categories=("personal_details",)),
    Attribute("age", True, "", categories=("personal_details",)),
    Attribute("birthday", True, "", categories=("personal_details",)),
    Attribute("pronouns", True, "", categories=("personal_details",)),
    Attribute("email", True, "", categories=("personal_details",)),
    Attribute("phone", True, "", categories=("personal_details",)),
    Attribute("address", True, "", categories=("personal_details",)),
    Attribute("time_zone", True, "", categories=("personal_details",)),
    Attribute("lives_in", True, "place", categories=("personal_details",)),
    Attribute("lives_with", True, "", categories=("personal_details",)),
    Attribute("born_in", True, "place", categories=("personal_details",)),
    Attribute("comes_from", True, "place", categories=("personal_details",)),
    Attribute("nationality", True, "", categories=("personal_details",)),
    Attribute("works_at", True, "organization", categories=("professional_details",), ends=("occupation",)),
    Attribute("occupation", True, "", categories=("professional_details",)),
    Attribute("reports_to", True, "person", categories=("professional_details",)),
    Attribute("studies_at", True, "organization", categories=("education",)),
    Attribute("studies", True, "", categories=("education",)),
    Attribute("married_to", True, "person", categories=("family",), follows=("engaged_to", "in_relationship_with")),
    Attribute("engaged_to", True, "person", categories=("family",), follows=("in_relationship_with",)),
    Attribute("in_relationship_with", True, "person", categories=("family",), ends=("relationship_status",)),
    Attribute("relationship_status", True, "", categories=("family",), ends=("in_relationship_with", "married_to")),
    Attribute("has_child", False, "person", categories=("family",)),
    Attribute("has_parent", False, "person", categories=("family",)),
    Attribute("has_sibling", False, "person", categories=("family",)),
    Attribute("has_relative", False, "person", categories=("family",)),
    Attribute("has_friend", False, "person", categories=("relationships",)),
    Attribute("has_colleague", False, "person", categories=("professional_details",)),
    Attribute("has_pet", False, "animal", categories=("pets",)),
    Attribute("has", False, "thing"),
    Attribute("drives", True, "thing", categories=("transport",), ends=("owns",)),
    Attribute("commutes_by", True, "", categories=("transport",)),
    Attribute("parked_at", True, "", categories=("transport",)),
    Attribute("speaks", False, "language", categories=("personal_details",)),
    Attribute("likes", False, "thing", opposite="dislikes", categories=("preferences",)),
    Attribute("dislikes", False, "thing", opposite="likes", categories=("preferences",)),
    Attribute("prefers", False, "thing", opposite="dislikes", categories=("preferences",)),
    Attribute("favorite", True, "thing", categories=("preferences",)),
    Attribute("diet", True, "", categories=("food", "health")),
    Attribute("eats", False, "food", categories=("food",), ends=("diet",)),
    Attribute("drinks", False, "food", categories=("food",)),
    Attribute("smokes", True, "", categories=("health",)),
    Attribute("allergic_to", False, "thing", categories=("health",)),
    Attribute("has_condition", False, "condition", categories=("health",)),
    Attribute("takes_medication", False, "medication", categories=("health",)),
    Attribute("plays_for", True, "organization", categories=("sports",)),
    Attribute("plays", False, "activity", categories=("hobbies",), ends=("does", "learns")),
    Attribute("does", False, "activity", categories=("hobbies",), ends=("plays", "learns", "member_of")),
    Attribute("learns", False, "activity", categories=("hobbies", "education"), ends=("plays", "does")),
    Attribute("reads", True, "thing", categories=("entertainment",)),
    Attribute("watches", True, "thing", categories=("entertainment",)),
    Attribute("volunteers_at", False, "organization", categories=("hobbies",)),
    Attribute("uses", False, "thing", categories=("technology",), ends=("owns", "member_of", *_TOOLS)),
    Attribute("visited", False, "place", categories=("travel",)),
    Attribute("plans", False, "", categories=("plans",)),
    Attribute("goal", False, "", categories=("plans",)),
    Attribute("owns", False, "thing", ends=("drives", "has_pet", "detail:phone")),
    Attribute("member_of", False, "organization", ends=("does",)),
    Attribute("wears", False, "thing"),
    Attribute("runs", False, "organization", categories=("professional_details",)),
    Attribute("state", True, ""),
    Attribute("where", True, "", categories=("personal_details",)),
    Attribute("count", True, ""),
    Attribute("figure", True, ""),
    Attribute("when", True, "", categories=("plans",), ends=("plans",)),
    Attribute("owed_by", True, "", categories=("finance",)),
    Attribute("owes", True, "", categories=("finance",)),
    Attribute("detail", True, "", categories=("personal_details",), ends=("studies",)),
)

ATTRIBUTES: dict[str, Attribute] = {a.name: a for a in _TABLE}
"""Every known slot by name. Some come with a topic (`favorite:color`, `detail:rent`), single per topic."""


def attribute(name: str | None) -> Attribute | None:
    """The slot of that name, topics such as ``favorite:color`` included; None where it is unknown."""
    if name is None:
        return None
    return ATTRIBUTES.get(name) or ATTRIBUTES.get(name.partition(":")[0])


def rivals(name: str) -> frozenset[str]:
    """The slots in which a fact of this slot may find what it repeats, contradicts or ends; itself included."""
    slot = attribute(name)
    if slot is None:
        return frozenset({name})
    against = {other.name for other in _TABLE if other.opposite == slot.name}
    return frozenset({name, *against, *slot.follows, *slot.ends, *((slot.opposite,) if slot.opposite else ())})
