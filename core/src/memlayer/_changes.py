"""Words by which a text says that something is no longer as it was, or takes back what was said just before."""

from __future__ import annotations

import re
from collections.abc import Iterable

CHANGED = re.compile(
    r"\b(?:actually|i meant?|correction|scratch that|never ?mind|no longer|any ?more|any ?longer|stopped|quit(?:ting)?"
    r"|gave up|given up|cancel(?:l?ed)?|changed?|switch(?:ed|ing)?|moved|swapped|replaced|instead|now|nowadays|updated?"
    r"|became|turn(?:s|ed) out|broke up|split up|divorced|sold|from now on|rescheduled|postponed|extended|promoted"
    r"|ended|dropped)\b",
    re.IGNORECASE,
)
# "Actually" and its like correct only where a sentence begins: "I'm actually thinking of …" goes on.
CORRECTED = re.compile(
    r"(?:^|[.!?…\n][\"')]*\s+|^(?:oh|hm+|ah|well|ok(?:ay)?|hey|no|wait|sorry|oops)[,.!]*\s+)"
    r"(?:actually|sorry|correction|oops|wait|no,|scratch that|never ?mind|forget that|i meant?\b|i said\b.*\bbut\b)"
    r"|\b(?:i meant|i mis\w+|mis(?:read|spoke|heard|typed|remembered|counted|took)|typo|my mistake|was wrong"
    r"|got (?:that|it) wrong|turn(?:s|ed) out|not (?:any ?more|any ?longer)|no longer|let me correct|to correct)\b",
    re.IGNORECASE,
)
# One word at least of everything that the patterns find: most texts have none, and are not searched.
_WORDS = frozenset(
    (
        "actually any anylonger anymore became broke cancel canceled cancelled change changed correct "
        "correction divorced dropped ended extended forget gave given instead longer mean meant mind mistake "
        "moved nevermind no now nowadays oops postponed promoted quit quitting replaced rescheduled "
        "scratch sold sorry split stopped swapped switch switched switching turned turns typo update updated "
        "wait wrong"
    ).split()
)


def said(text: str, words: Iterable[str]) -> tuple[bool, bool]:
    """Whether a text of these words says a change, and whether it corrects; one that corrects says a change, too."""
    line = " " + " ".join(words).replace("'", " ")
    parts = line.split()
    if _WORDS.isdisjoint(parts) and " mis" not in line and not ("said" in parts and "but" in parts):
        return False, False
    corrected = bool(CORRECTED.search(text))
    return corrected or bool(CHANGED.search(text)), corrected
