"""Turns what a speaker says about themselves into the third person: "I live with my dog" -> "Lives with their dog"."""

from __future__ import annotations

import re

_PRONOUNS = {
    "i": "they", "me": "them", "my": "their", "mine": "theirs", "myself": "themselves", "we": "they", "us": "them",
    "our": "their", "ours": "theirs", "ourselves": "themselves",
}  # fmt: skip
_FIRST = re.compile(r"(?<!-)\b(?:I|me|my|mine|myself|we|us|our|ours|ourselves)\b(?!-)", re.IGNORECASE)
_NUMERAL = re.compile(r"[A-Z][\w'-]+ $")
_AND_VERB = re.compile(
    r"(?<= and )(?P<how>(?:also|always|often|now|sometimes|still|usually) )?"
    r"(?P<verb>(?:need|want|have|am|are|do|like|love|hate|enjoy|live|work|go|play|use|feel|think|plan|hope|prefer|spend"
    r"|wonder)\b(?= )"
    r"|(?:bring|carry|coach|collect|cook|drink|drive|eat|get|grow|help|keep|lead|make|manage|own|run|sell|take"
    r"|teach|wear"
    r"|write)\b(?= (?:an?|the|my|our|some|two|three|\d+) ))"
)
_PRESENT = re.compile(
    r"(?:am|are|have|need|want|live|work|love|like|hate|enjoy|play|use|plan|hope|prefer|feel"
    r"|think|go|do|take|own|drive|eat|get|keep|make|run|teach|wear)\b"
)
_THEY_AM = re.compile(r"\bthey (am|was|have|is)\b")
_PAST = frozenset(
    """was were had did went got bought met saw came took made began became found left quit lost won ran ate drank
    drove rode flew swam wrote read spoke taught thought brought built broke chose felt fell forgot gave grew
    heard held hurt kept knew learnt led lent let lit paid put sang sat sent set shot slept sold spent stood
    swept threw told understood woke wore cut hit beat dealt caught hung hid could would should will can
    cannot may might must used sought tore spread split bet cost picked outgrew overcame hung""".split()
)
_ADVERB = re.compile(
    r"(?:really|just|also|still|now|currently|always|never|usually|often|sometimes|recently|finally|already"
    r"|actually|absolutely"
    r"|definitely|even|ever|rarely|only|mostly|totally|truly|both|all|genuinely|simply|kind of|sort of|no longer"
    r"|once|then|video(?= call)|(?!(?:fly|rely|reply|apply|supply|comply)\s)\w+ly)\s"
)
# The same in the past and in the present: what is done "every day" is of the present.
_UNCHANGED = frozenset("read put cut let hit set cost spread".split())
_USUALLY = re.compile(r"\b(?:usually|normally|always|often|never|rarely|sometimes|every|each)\b")
_S_ENDS = ("s", "x", "z", "ch", "sh", "o")
_BACK = {"their": "my", "theirs": "mine", "themselves": "myself", "them": "me", "they": "I"}
_THIRD = re.compile(r"\b(?:they|them|theirs?|themselves)\b", re.IGNORECASE)
_PLAIN = {"is": "am", "has": "have", "does": "do"}
_AUX = {"am": "is", "are": "is", "have": "has", "do": "does", "'m": "is", "was": "was", "were": "was"}


def inflect(verb: str) -> str:
    """Third person singular of a verb in the present; a verb in the past stays as it is."""
    low = verb.lower()
    if low in _AUX:
        return _AUX[low]
    if low in _PAST or (low.endswith("ed") and low not in {"need", "feed", "breed", "bleed", "speed"}):
        return low
    if not low.isalpha():
        return verb
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        return f"{low[:-1]}ies"
    return f"{low}es" if low.endswith(_S_ENDS) else f"{low}s"


def third_person(predicate: str) -> str:
    """A predicate of "I" or "we" as one of "he" or "she", its pronouns shifted too."""
    lead, verb, rest = _parted(predicate)
    if verb in _UNCHANGED and _USUALLY.search(f"{lead}{rest}"):
        return shift(f"{lead}{verb}s {rest}".strip())
    if _PRESENT.fullmatch(verb):
        rest = _AND_VERB.sub(lambda m: f"{m['how'] or ''}{inflect(m['verb'])}", rest)
    return shift(f"{lead}{inflect(verb)} {rest}".strip())


def plain_form(predicate: str) -> str:
    """A predicate of somebody else with its verb as one of "I" has it: "always calls her" -> "always call her"."""
    lead, verb, rest = _parted(predicate)
    return f"{lead}{_uninflect(verb)} {rest}".strip()


def _parted(predicate: str) -> tuple[str, str, str]:
    """The adverbs in front, the verb, and the rest."""
    lead = ""
    while m := _ADVERB.match(predicate):
        lead, predicate = lead + m.group(), predicate[m.end() :]
    verb, _, rest = predicate.partition(" ")
    return lead, verb, rest


def first_person(fact: str) -> str:
    """A fact about a speaker as they would say it: "Lives with their dog" -> "I live with my dog"."""
    lead, verb, rest = _parted(fact[:1].lower() + fact[1:])
    said = _THIRD.sub(lambda m: _BACK[m.group().lower()], rest)
    plain = _uninflect(verb)
    if plain == verb and verb not in _PAST and not verb.endswith("ed"):
        return f"My {lead}{verb} {said}".strip()  # "Name is Ann"
    return f"I {lead}{plain} {said}".strip()


def _uninflect(verb: str) -> str:
    """The inverse of `inflect`; a verb that is not in the third person stays as it is."""
    if verb in _PLAIN:
        return _PLAIN[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    if verb.endswith("es") and verb[:-2].endswith(_S_ENDS):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith("ss") and verb not in _PAST else verb


def _third(m: re.Match[str]) -> str:
    """The pronoun in the third person; the I of "Mustang I" and "World War I" is a numeral."""
    if m.group() == "I" and _NUMERAL.search(m.string, max(0, m.start() - 24), m.start()):
        after = m.string[m.end() : m.end() + 2].strip()
        if not after or not after.isalpha() or after.isupper():
            return "I"
    return _PRONOUNS[m.group().lower()]


def shift(text: str) -> str:
    """The text with the first person replaced by the third."""
    text = _FIRST.sub(_third, text)
    return _THEY_AM.sub(
        lambda m: {"am": "they are", "was": "they were", "have": "they have", "is": "they are"}[m[1]],
        text,
    )


def sentence(text: str) -> str:
    """One tidy sentence: single spaces, a capital in front, no mark at the end."""
    text = re.sub(r"\s+", " ", text).strip(" ,.;:!-")
    if text.count('"') % 2:
        text += '"'
    return text[:1].upper() + text[1:]


def whole_words(text: str, most: int) -> str:
    """The text; the whole words of its beginning, and a mark, where it has more than so many letters."""
    return text if len(text) <= most else f"{text[: most - 1].rpartition(' ')[0].rstrip(' ,;:-') or text[: most - 1]}…"
