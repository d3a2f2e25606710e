"""Word stems: Porter's algorithm for English, and light endings for the other languages."""

from __future__ import annotations

import re

_STEP2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize", "abli": "able", "alli": "al",
    "entli": "ent", "eli": "e", "ousli": "ous", "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al",
    "iveness": "ive", "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble",
}  # fmt: skip
_STEP3 = {"icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": ""}
_STEP4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion",
    "al", "er", "ic", "ou",
)  # fmt: skip


def porter(word: str) -> str:
    """The stem of a lower-case English word (Porter, 1980)."""
    if len(word) < 3:
        return word
    word = _plural(word)
    word = _past(word)
    if word.endswith("y") and "v" in _shape(word[:-1]):
        word = word[:-1] + "i"
    word = _swap(word, _STEP2)
    word = _swap(word, _STEP3)
    word = _drop(word)
    return _final(word)


def _shape(word: str) -> str:
    """The word as c (consonant) and v (vowel), one letter each."""
    out: list[str] = []
    for i, letter in enumerate(word):
        vowel = letter in "aeiou" or (letter == "y" and i > 0 and out[-1] == "c")
        out.append("v" if vowel else "c")
    return "".join(out)


def _measure(stem: str) -> int:
    """How many times a vowel run is followed by a consonant run: Porter's m."""
    return len(re.findall("v+c+", _shape(stem)))


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) else word
    for ending in ("ed", "ing"):
        stem = word[: -len(ending)]
        if word.endswith(ending) and "v" in _shape(stem):
            if stem.endswith(("at", "bl", "iz")):
                return stem + "e"
            if len(stem) > 1 and stem[-1] == stem[-2] and _shape(stem)[-1] == "c" and stem[-1] not in "lsz":
                return stem[:-1]
            return stem + "e" if _measure(stem) == 1 and _short(stem) else stem
    return word


def _short(stem: str) -> bool:
    """Says whether the stem ends consonant, vowel, consonant, the last not w, x or y: Porter's *o."""
    return _shape(stem)[-3:] == "cvc" and stem[-1] not in "wxy"


def _swap(word: str, endings: dict[str, str]) -> str:
    for length in range(7, 2, -1):
        ending = word[-length:]
        if ending in endings and len(word) > length:
            stem = word[:-length]
            return stem + endings[ending] if _measure(stem) > 0 else word
    return word


def _drop(word: str) -> str:
    for ending in _STEP4:
        if word.endswith(ending):
            stem = word[: -len(ending)]
            allowed = _measure(stem) > 1 and (ending != "ion" or stem.endswith(("s", "t")))
            return stem if allowed else word
    return word


def _final(word: str) -> str:
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _short(word[:-1])):
            word = word[:-1]
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


_LATIN = re.compile(
    "(?:amientos|amiento|aciones|acion|iones|ion|mente|ungen|ung|ando|iendo|aron|ieron|aban|aba|ados|adas|ado|ada|idos"
    "|idas|ido|ida|amos|emos|imos|aste|iste|est|et|ern|en|er|es|em|ar|ir|os|as|is|e|n|s|o|a|i)$"
)
# German verbs: "spielt" is of "spielen" as "gekauft" is of "kaufen".
_THIRD = re.compile(r"(?<=.{3}[^aeiou])t$")
_PARTICIPLE = re.compile(r"^ge(?=.{3,}[^aeiou]t$)")
_CYRILLIC = re.compile(
    "(?:иями|ями|ами|ого|его|ому|ему|ыми|ими|ться|тся|ешь|ет|ит|ют|ят|ал|ала|али|ла|ли|ть|ов|ев|ей|ам|ям|ах|ях|ом|ем"
    "|ый|ий|ой|ая|яя|ое|ее|ые|ие|ую|юю|[аеиоуыэюяйьъ])$"
)
_ARABIC_HEAD = re.compile(r"^(?:وال|بال|كال|فال|ولل|لل|ال|و(?=.{4}))")
_ARABIC_TAIL = re.compile(r"(?:تها|تهم|ها|ات|ان|ون|ين|هم|نا|يه|ية|ته|تي|ه|ي|ت)$")
_INDIC = re.compile(r"(?:ियों|ियाँ|ियां|ाओं|ुओं|ता|ते|ती|ना|ने|नी|ूंगा|ूंगी|ेंगे|[\u093e-\u094d\u0901-\u0903]+)$")


def latin(word: str) -> str:
    """The word without the endings of Spanish, German, French, Italian or Portuguese; accents already folded."""
    short = _cut(_LATIN, word, 3)
    return _THIRD.sub("", _PARTICIPLE.sub("", short))


def cyrillic(word: str) -> str:
    """The word without its commonest Russian ending."""
    return _cut(_CYRILLIC, word, 3)


def arabic(word: str) -> str:
    """The word without article, joined prepositions and pronouns, its letters in one spelling."""
    return _cut(_ARABIC_TAIL, _cut(_ARABIC_HEAD, word, 3), 3)


def hindi(word: str) -> str:
    """The word without its ending vowel signs and commonest endings."""
    return _cut(_INDIC, word, 2)


def _cut(ending: re.Pattern[str], word: str, least: int) -> str:
    short = ending.sub("", word, count=1)
    return short if len(short) >= least else word
