"""Reads the value of a slot off the words behind its verb, or declines."""

from __future__ import annotations

import re

from memlayer.extraction import _words as words

_STOP = re.compile(
    r"\s*[,;:.!(]|\s+(?:after all|because|since|for|with|when|whenever|so|but|at|on|in|to|as|that|which|who"
    r"|where|during"
    r"|every|from|than|after|before"
    r"|until|till|while|though|although|by|of|over|though|too|either|anymore|any more|any longer|again|instead"
    r"|right now|now|these days|lately"
    r"|a lot|so much|very much|as well|today|and I|and my|and it|anyway|though|everyday|daily|all the time"
    r"|together|more|most|best|back|up|out"
    r"|down|away|around|here|there|if|or not|since|once|twice|without|is|are|was|were|has|have|will|can|around"
    r"|near|called|named|yesterday"
    r"|except|unless|anywhere|at all|ever|last|next|this|per|per se|about|like|rather"
    r"|(?:along|across|through|throughout|inside|outside|under|between|beside|beyond|into|onto|towards?)(?=\s\w))\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_SOFT_STOP = re.compile(
    (
        r"\s*[,;:.!(]|\s+(?:after all|because|since|so|but|that|which|when|whenever|while|and|too|as well|though"
        r"|a lot"
        r"|at all|so much|very much|lately|now|these days|it|is)\b.*$"
    ),
    re.IGNORECASE | re.DOTALL,
)
_LIST = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|&|nor)\s+", re.IGNORECASE)
# "hazelnuts and carries an EpiPen": the second one is no noun.
_NEW_CLAUSE = re.compile(
    r"\b(?:is|are|was|were|it|they|he|she|we|has|have|will)\b|^(?!\w+ing )\w+ (?:an?|the|my|our|his|her|their) ",
    re.IGNORECASE,
)
_DETERMINER = re.compile(
    (r"^(?:a|an|the|my|our|some|any|all|most|all kinds of|lots of|both|eating|having|drinking)\s+"),
    re.IGNORECASE,
)
_VAGUE = frozenset(
    """where whether it that this them him her you me us they there here what how when everything anything something
    nothing things thing stuff one ones someone anyone everyone people lot lots way idea being seeing hearing
    having getting knowing your his their these those its who same challenge feeling feelings moment moments
    fact vibe vibes look sound detail details myself another other others either much doing making so too not
    no such about just i we he she both each going trying giving helping think thinking and or but
    work""".split()
)
# "making pasta" is a doing, "making sure" and "hearing that" say nothing.
_LIGHT = frozenset("making doing getting having seeing hearing trying helping giving going".split())
_AFTER_LIGHT = frozenset("a an the sure sense back about to out for up new more well better good great".split())
# What a doing cannot lose: "going for long (walks along the river)", "talking to people (about shoes)".
_DOING = re.compile(
    r"\w+ing (?:(?:out|up|down|time|together|back|over) )?(?:(?:to|for|with|on|in|at|about|into|through|from|by) )?"
    r"(?:(?:an?|the|my|our|their|his|her) )?\S+",
    re.IGNORECASE,
)
_SOME = frozenset("some any all most".split())
_POINTING = frozenset("it them him this that these those you your".split())
_JOINTS = frozenset({"to", "in", "of", "with", "for", "at", "on", "about", "from", "into", "by", "as"})
_EMPTY_VERBS = frozenset("be see hear know think say do have get keep make try use add help take give go".split())
_WHOLE = (
    "mac and cheese", "fish and chips", "peanut butter and jelly", "rock and roll", "dungeons and dragons",
    "bed and breakfast", "ham and eggs", "salt and vinegar", "gin and tonic", "r and b", "black and white",
)  # fmt: skip


def noun(text: str, most: int = 4, *, whole: bool = False) -> str | None:
    """The noun or gerund that the words begin with, without its article; None where it is vague or too long.

    `whole` keeps what narrows it: "animals with fur".
    """
    doing = whole or (text.split(" ", 1)[0].lower().endswith("ing") and most >= 4)
    value = (_SOFT_STOP if doing else _STOP).sub("", text, count=1).strip(" '\"")
    most = 6 if doing else most
    if doing and not whole and len(value.split()) > most:
        head = m.end() if (m := _DOING.match(value)) else 0
        value, most = value[:head] + _STOP.sub("", value[head:], count=1), 8
    bare = _DETERMINER.sub("", value).strip()
    parts = bare.lower().split()
    if (
        not parts
        or len(parts) > most
        or (parts[0] in _VAGUE | _SOME and not (doing and _is_done(parts)))
        or parts[-1] in _VAGUE | _JOINTS
        or (doing and not whole and not _POINTING.isdisjoint(parts))
        or not re.search(r"[^\W\d_]", bare)
    ):
        return None
    return bare


def _is_done(parts: list[str]) -> bool:
    """Whether a light verb has something to do: "making pasta", "going for long walks"."""
    if parts[0] not in _LIGHT or len(parts) < 2:
        return False
    if parts[0] == "going":
        return parts[1].endswith("ing") or (parts[1] in {"to", "for", "on"} and len(parts) > 2)
    return parts[1] not in _VAGUE | _AFTER_LIGHT


def nouns(text: str, most: int = 4, *, whole: bool = False) -> list[str]:
    """The nouns of a list, each by itself: "cats, dogs and horses"; one noun where it is no list."""
    head = re.split(r"[;:.!(]|\s(?:because|since|but|when|so|that|which)\b", text, maxsplit=1)[0]
    low = head.lower().strip()
    if any(low.startswith(w) for w in _WHOLE):
        return [low]
    parts = [p for p in _LIST.split(head) if p.strip()][:6]
    if len(parts) < 2 or any(len(p.split()) > 3 for p in parts[:-1]):
        first = noun(re.split(r",|\sand\s", text, maxsplit=1)[0], most, whole=whole)
        return [first] if first else []
    values = []
    for part in parts:
        value = None if _NEW_CLAUSE.search(part) else noun(part, most, whole=whole)
        if value is None:
            break
        values.append(value)
    return values


def title(text: str) -> str | None:
    """A quoted title, a name, or a short noun."""
    if m := re.match(r"\"([^\"]{1,80})\"", text):
        return m[1]
    if m := re.match(
        (r"(?:the )?[A-Z][\w'’:&.-]*(?:\s(?:(?:of|the|and|in|a|to|for)\s){0,2}[A-Z0-9][\w'’:&.-]*){0,7}"), text
    ):
        return m.group().rstrip(".:")
    return noun(text)


_TO_GO = re.compile(r"go (?:(?:out )?(?:for|to|on) (?:an? |the )?[a-z]+|[a-z]+ing\b)")
# Any smell of bread is a kind of thing; "the sound of that" is not.
_SENSED = re.compile(r"the (smell|scent|taste|sound|noise|sight|view|feel) of ")


# What an assistant just said or offered.
_AT_HAND = frozenset(
    "sound idea ideas look help option options version versions answer answers draft drafts suggestion suggestions"
    " choice choices approach explanation explanations".split()
)


def taste(text: str) -> list[str]:
    """What is liked or not: kinds of things and doings, no single thing that is being looked at."""
    if text[:1] == '"' or (text[:1].isupper() and text.split(" ")[0].lower() not in _VAGUE):
        named = title(text)
        if named and (text[:1] == '"' or not re.search(r"^[^.;]{0,40}(?:,| and )", text[len(named) :])):
            longer = noun(text) if text[:1] != '"' else None
            return [longer if longer and longer.startswith(named) else named]
    low = text.lower()
    if m := re.match(
        r"(?:my|our) (work|job|commute|school|studies|neighbou?rhood|hometown|new job)(?=$|[,.;!]"
        r"| (?:a lot|so much))",
        low,
    ):
        return [f"their {m[1]}"]
    if (mine := re.match(r"(?:my|our) ([a-z]+) ([a-z-]+)(?=$|[,.;!]| and\b)", low)) and mine[1] in words.FOODS:
        return [f"{mine[1]} {mine[2]}"]  # "my steak rare"
    m = re.match(r"(?:the|a|an|my|our|all the|all my|all of|some of)\s+", low)
    if m:
        article, rest = m.group().strip(), low[m.end() :]
        head = _STOP.sub("", rest, count=1)
        if (sensed := _SENSED.match(low)) and (value := noun(text[sensed.end() :], 3)):
            return [f"{sensed[1]} of {value}"]
        if not (article == "the" and (head in words.SCENERY or text[4:5].isupper()) and "?" not in text):
            return []
    if verb := re.match(r"to (?:just )?(?!\w+ your?\b)([a-z]+(?:\s[a-z]+){0,2})", low):
        if gone := _TO_GO.match(verb[1]):
            return [gone[0]]
        doing = _STOP.sub("", verb[1], count=1)
        return [] if not doing or doing.split()[0] in _EMPTY_VERBS else [doing]
    found = nouns(text) or [v for v in nouns(text, 12) if not _NEW_CLAUSE.search(v)]
    return [v for v in found if v.lower() not in _AT_HAND]


def job(text: str, *, sure: bool = False) -> str | None:
    """The job that the words name: its last word is one, and nothing in front makes it a figure of speech.

    `sure`: the words before say that it is one, so it need not be known.
    """
    text = re.sub(r"^(?:an?|the)\s+", "", text, flags=re.IGNORECASE)
    value = re.split(
        (
            r"\s*[,;.!(]|\s+(?:at|for|with|in|on|who|and|but|by|of|from|here|there|now|since|based|specializing|working"
            r"|so|because|to|these|right|that|which|yesterday|today|last|this|next|again|already"
            r"|until|when|after|before)\b"
        ),
        text,
        maxsplit=1,
    )[0]
    parts = value.lower().split()
    if not 1 <= len(parts) <= 4 or any(w in words.NOT_A_JOB for w in parts):
        return None
    last = parts[-1]
    known = (
        last.rpartition("-")[2] in words.JOBS
        or " ".join(parts[-2:]) in words.JOBS
        or _JOB_ENDS.search(last) is not None
    )
    if sure and not known:
        known = value[:1].islower() and last not in _NO_TITLE and last not in _VAGUE and parts[0] not in _VAGUE
    return value.strip() if known else None


_JOB_ENDS = re.compile(r"\w(?:keeper|maker|ologist|odontist|iatrist|metrist|ographer|ician|smith)$")
_NO_TITLE = frozenset(
    "team unit group whole couple pair family class grade level usual normal result day favor".split()
)


_MEDICINE = re.compile(
    r"(?:an? |my |some )?([a-z]{3,}(?:xen|profen|pril|statin|olol|azole|oxetine|cillin|mycin|formin|sartan|zepam"
    r"|zolam|gliptin"
    r"|thyroxine|tidine|gabalin|dipine|lukast|triptan|traline|pramine|lopram|semide|tadine|irizine|glutide|parin))\b"
)


def medicine(text: str) -> str | None:
    """The medicine that the words begin with: a known one, or one by the ending that its kind has."""
    m = _MEDICINE.match(text.lower())
    return listed(text, words.MEDICATIONS) or (m[1] if m else None)


def listed(text: str, known: frozenset[str]) -> str | None:
    """The longest known word or phrase that the words begin with."""
    low = re.sub(r"^(?:an?|the|my|some|severe|mild|chronic|bad|really bad|terrible)\s+", "", text.lower())
    parts = re.split(r"[^\w'’-]+", low)
    for size in (3, 2, 1):
        head = " ".join(parts[:size])
        if head in known:
            return head
    return None
