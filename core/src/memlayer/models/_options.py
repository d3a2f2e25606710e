"""A provider's settings, read strictly: keys that are known, keys that went away, values from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from memlayer.errors import ConfigurationError, UnsupportedError

GONE = {
    "http_client_proxies": "set HTTPS_PROXY in the environment",
    "http_client": "pass an object with `complete` (or `embed`) that uses your client",
    "response_callback": "wrap the model in an object with `complete`",
    "models": "name one model",
    "route": "use the provider's own settings",
    "openrouter_base_url": 'write "base_url"',
    "site_url": 'write "headers": {"HTTP-Referer": …}',
    "app_name": 'write "headers": {"X-Title": …}',
    "store": "nothing is kept at the provider: drop it",
    "lmstudio_response_format": "the form is found out with the first answer: drop it",
    "memory_add_embedding_type": "queries and documents are told apart by themselves: drop it",
    "memory_update_embedding_type": "queries and documents are told apart by themselves: drop it",
    "memory_search_embedding_type": "queries and documents are told apart by themselves: drop it",
    "is_reasoning_model": "a parameter that a model refuses is left out by itself: drop it",
}
"""Keys of mem0's model settings that are refused, with what to do instead."""


class Options:
    """The settings given for one part of one provider, taken one by one; what is left over is an error."""

    def __init__(self, kind: str, provider: str, given: Mapping[str, Any]) -> None:
        """None stands for "not given", as in typed configurations."""
        self.kind = kind
        self.provider = provider
        self._given = {k: v for k, v in given.items() if v is not None}
        self._known: list[str] = []

    def take(self, *names: str, env: Iterable[str] = (), default: Any = None) -> Any:
        """The first of these keys that is given, else the first of these variables that is set, else the default."""
        self._known += names
        found = [self._given.pop(name) for name in names if name in self._given]
        if found:
            return found[0]
        return next((os.environ[name] for name in env if os.environ.get(name)), default)

    def many(self, *names: str) -> dict[str, Any]:
        """Those of these keys that are given."""
        self._known += names
        return {name: self._given.pop(name) for name in names if name in self._given}

    def key(self, *, env: tuple[str, ...], needed: bool) -> str | None:
        """The API key; raises with the variables that may hold it where one is needed and none is there."""
        key = self.take("api_key", env=env)
        if key is None and needed:
            where = f"set {' or '.join(env)}, or " if env else ""
            raise ConfigurationError(f'{self.kind} {self.provider!r} needs a key: {where}give "api_key"')
        if key is not None and not isinstance(key, str):
            raise ConfigurationError(f"{self.kind} {self.provider!r}: api_key must be a string")
        # A line break behind it, as files and variables have, is no part of a key and fits no header.
        return key and key.strip()

    def whole(self, *names: str) -> int | None:
        """A positive whole number, or None."""
        value = self.take(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not str(value).isdigit() or int(value) < 1:
            raise ConfigurationError(
                f"{self.kind} {self.provider!r}: {names[0]} must be a positive whole number, not {value!r}"
            )
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        """A positive number."""
        value = self.take(name, default=default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise ConfigurationError(f"{self.kind} {self.provider!r}: {name} must be a positive number of seconds")
        return float(value)

    def end(self) -> None:
        """Raises for every key that nobody took: removed ones with the mend, unknown ones with the nearest."""
        for name, value in self._given.items():
            if name in GONE:
                if value is False:
                    continue
                raise UnsupportedError(f"{self.kind} {self.provider!r}: {name!r} is not used: {GONE[name]}")
            near = get_close_matches(name, self._known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(set(self._known)))}"
            raise ConfigurationError(f"{self.kind} {self.provider!r}: unknown key {name!r}; {hint}")
