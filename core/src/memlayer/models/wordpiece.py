"""BERT's WordPiece tokenizer (uncased), as the model was trained with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

# A longer word becomes one [UNK], as in the reference.
_MAX_WORD = 100
# The cache of words is emptied at this size: about 10 MB.
_MAX_CACHED = 50_000
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_SPECIAL_SPLIT = re.compile("(" + "|".join(map(re.escape, _SPECIAL)) + ")")
_CJK = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """Cuts text into the ids of a vocabulary's pieces; safe for many threads."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Take the pieces in the order of their ids."""
        self._ids = {piece: number for number, piece in enumerate(vocabulary)}
        self._longest = max(map(len, vocabulary))
        self._characters = _Characters()
        self._words: dict[str, tuple[int, ...]] = {}
        self.cls = self._ids["[CLS]"]
        self.sep = self._ids["[SEP]"]
        self._unknown = (self._ids["[UNK]"],)

    @classmethod
    def load(cls, file: Path) -> WordPiece:
        """Read a `vocab.txt`: one piece a line."""
        return cls(file.read_text(encoding="utf-8").rstrip("\n").split("\n"))

    def encode(self, text: str, *, limit: int | None = None) -> list[int]:
        """Return the ids of the text's pieces, at most `limit` of them, without [CLS] and [SEP] around them."""
        ids: list[int] = []
        for word in self._split(text):
            ids.extend(self._words.get(word) or self._pieces(word))
            if limit is not None and len(ids) >= limit:
                return ids[:limit]
        return ids

    def words(self, text: str, *, limit: int) -> list[str]:
        """Return the word that each piece of `encode` belongs to."""
        found: list[str] = []
        for word in self._split(text):
            found.extend([word] * len(self._words.get(word) or self._pieces(word)))
            if len(found) >= limit:
                return found[:limit]
        return found

    def _split(self, text: str) -> Iterator[str]:
        # The names of special pieces are read as these pieces, as in the reference.
        if "[" not in text:
            yield from text.translate(self._characters).split()
            return
        for part in _SPECIAL_SPLIT.split(text):
            if part in _SPECIAL:
                yield part
            else:
                yield from part.translate(self._characters).split()

    def _pieces(self, word: str) -> tuple[int, ...]:
        found = (self._ids[word],) if word in _SPECIAL else self._greedy(word)
        if len(self._words) >= _MAX_CACHED:
            self._words.clear()
        if len(word) <= _MAX_WORD:
            self._words[word] = found
        return found

    def _greedy(self, word: str) -> tuple[int, ...]:
        if len(word) > _MAX_WORD:
            return self._unknown
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                number = self._ids.get(mark + word[start:end])
                if number is not None:
                    break
            else:
                return self._unknown
            ids.append(number)
            start = end
        return tuple(ids)


class _Characters(dict[int, str]):
    """What each character becomes, worked out when it is first met, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        made = self[code] = _normalise(chr(code))
        return made


def _normalise(character: str) -> str:
    """Drop controls, set CJK and punctuation apart, strip accents and lower the rest.

    Character by character this equals the whole-text order of the reference: its decomposition moves only marks,
    which are dropped, and its lower case knows no final sigma. The reference has older tables: some marks and signs
    of rare scripts that Unicode added since are unknown pieces there, and dropped or set apart here.
    """
    category = unicodedata.category(character)
    if character in "\t\n\r" or category in ("Zs", "Zl", "Zp"):
        return " "
    if character == "\ufffd" or category in ("Cc", "Cf", "Co", "Cs"):
        return ""
    kept = "".join(
        f" {part} " if _is_punctuation(part) else part
        for part in unicodedata.normalize("NFD", character)
        if unicodedata.category(part) != "Mn"
    ).lower()
    code = ord(character)
    return f" {kept} " if any(first <= code <= last for first, last in _CJK) else kept


def _is_punctuation(character: str) -> bool:
    # BERT counts every ASCII character that is no letter, digit or space.
    return unicodedata.category(character).startswith("P") or ("!" <= character <= "~" and not character.isalnum())
