"""Categories of a fact without a model: word lists for the default ones, the words of a description for custom ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from memlayer.attributes import attribute as slot

_LEXICON = {
    "travel": "travel trip trips vacation holiday flight flights flew fly hotel "
    "airport visit visited tour tourist abroad passport "
    "cruise backpacking itinerary airbnb luggage sightseeing road-trip",
    "sports": "sport sports gym workout running run ran marathon race soccer "
    "football basketball tennis golf swim swimming cycling "
    "hiking hike yoga fitness training team match tournament climbing skiing surfing coach league athlete exercise",
    "food": "food eat eats eating cook cooking cooked bake baking baked recipe "
    "restaurant dinner lunch breakfast meal cheese meat "
    "pizza pasta coffee tea wine beer vegan vegetarian cake chocolate "
    "vegetables fruit fish chicken drink drinks snack dish sushi",
    "personal_details": "name birthday born age address phone email live lives living nationality hometown pronouns",
    "family": "family mother father mom mum dad sister brother son daughter kid "
    "kids child children wife husband parents aunt uncle "
    "cousin grandma grandpa grandmother grandfather married wedding baby niece nephew sibling siblings",
    "relationships": (
        "friend friends girlfriend boyfriend partner dating relationship date neighbor roommate engaged breakup ex"
    ),
    "professional_details": "work works working job career boss colleague colleagues company office manager promotion "
    "promoted interview resume client clients engineer developer startup business "
    "salary meeting project hired employer profession",
    "education": "school college university degree study studies studying student "
    "class classes course exam teacher thesis graduated "
    "graduate major phd lecture homework learning learn professor semester workshop certification",
    "health": "health doctor hospital allergic allergy allergies sick illness "
    "diagnosed medication medicine therapy therapist diet "
    "asthma diabetes anxiety depression pain injury injured surgery sleep dentist symptoms smoke smoking weight mental",
    "hobbies": "hobby hobbies painting paint painted drawing pottery knitting "
    "gardening garden photography photo reading read crafts "
    "collecting collection camping fishing chess puzzles woodworking sewing hiking dancing dance art writing",
    "entertainment": "movie movies film films show shows series tv netflix game games "
    "gaming book books novel theater theatre comedy "
    "anime podcast cinema concert festival museum streaming",
    "technology": "computer laptop phone software app apps code coding programming "
    "python javascript website linux iphone android "
    "ai data server database keyboard camera gadget robot tech",
    "finance": "money budget bank loan mortgage invest investing investment stocks "
    "savings save saving salary tax taxes debt rent "
    "insurance credit pension crypto",
    "shopping": (
        "buy bought buying shop shopping store ordered order purchase purchased sale discount amazon price gift"
    ),
    "pets": "pet pets dog dogs cat cats puppy kitten rabbit hamster parrot vet horse leash",
    "preferences": "like likes love loves hate hates prefer prefers favorite favourite enjoy enjoys dislike dislikes",
    "plans": "plan plans planning planned going want wants hope hopes goal upcoming dream dreams intends",
    "transport": (
        "car drive drives driving bike bicycle bus train subway commute motorcycle truck license garage scooter ride"
    ),
    "home": (
        "house apartment home kitchen bedroom furniture moved rent renovate "
        "renovating roommate couch garden neighborhood flat"
    ),
    "events": "party wedding birthday concert conference festival event ceremony "
    "anniversary celebration celebrated meetup reunion "
    "graduation parade",
    "music": (
        "music song songs band guitar piano violin sing sings singing album "
        "concert drums playlist jazz rock choir orchestra"
    ),
}
DEFAULT_CATEGORIES: tuple[str, ...] = (*_LEXICON, "misc")
"""Names of the categories that are given without a model; "misc" where nothing else fits."""

_BY_WORD: dict[str, tuple[str, ...]] = {}
for _name, _words in _LEXICON.items():
    for _word in _words.split():
        _BY_WORD[_word] = (*_BY_WORD.get(_word, ()), _name)
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_COMMON = frozenset(
    "about also and any are can for from has have her his into its "
    "like more not other such that the their them these they "
    "things this user user's users what which who with you your information details related related-to anything".split()
)


def categorize(
    text: str, attribute: str | None = None, custom: Iterable[Mapping[str, str]] | None = None, *, most: int = 3
) -> tuple[str, ...]:
    """The categories of a fact, surest first, at most so many.

    Custom ones (``{name: description}``) replace the default ones. Where no default one fits it is "misc"; of custom
    ones none may fit.
    """
    spoken = [w.lower() for w in _WORD.findall(text)]
    if custom is not None:
        return _custom(spoken, custom, most)
    known = slot(attribute)
    scores: dict[str, float] = {c: 10.0 - i for i, c in enumerate(known.categories)} if known else {}
    for word in spoken:
        for name in _BY_WORD.get(word, ()):
            scores[name] = scores.get(name, 0) + 1
    ranked = sorted(scores, key=lambda c: -scores[c])
    return tuple(ranked[:most]) or ("misc",)


def _custom(spoken: list[str], custom: Iterable[Mapping[str, str]], most: int) -> tuple[str, ...]:
    """Custom categories whose name, description or default namesake shares words with the text."""
    stems = {_stem(w) for w in spoken}
    scores: dict[str, float] = {}
    for entry in custom:
        for name, description in entry.items():
            key = name.lower().replace(" ", "_").replace("-", "_")
            wanted = {
                _stem(w) for w in _WORD.findall((f"{key.replace('_', ' ')} {description}").lower()) if w not in _COMMON
            }
            wanted |= {_stem(w) for w in _LEXICON.get(key, "").split()}
            if hits := len(stems & wanted):
                scores[name] = hits
    return tuple(sorted(scores, key=lambda c: -scores[c])[:most])


def _stem(word: str) -> str:
    """The word without the commonest English endings; long enough to stay itself."""
    for end in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word[: -len(end)]
    return word.removesuffix("e")
