"""One call of a model over a network: tried again where that may help, with growing pauses and an end."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from memlayer.errors import ModelError

T = TypeVar("T")

_AGAIN = frozenset({408, 409, 425, 429, *range(500, 600)} - {501, 505})
_REFUSED = frozenset({400, 413, 415, 422})
# Of errors without a status; LiteLLM's plain APIError is what it cannot read.
_PASSING = re.compile(
    r"timeout|timedout|connect|unavailable|overloaded|ratelimit|remotedisconnected|apierror", re.IGNORECASE
)
_NOTHING = "No embedding data received"
"""What OpenAI's client says of an answer without any."""
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")
_BEARER = re.compile(r"\b(?:sk|gsk|xai|pk|key)-[\w*-]{6,}|(?<=Bearer )\S+|(?<=Basic )\S+")
_SECRET = re.compile(r"key|token|secret|passw|auth|credential|cookie", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a call is tried."""

    attempts: int = 4
    """Calls in all, the first included."""
    pause: float = 0.5
    """Seconds before the second call; doubled before each further one."""
    longest: float = 20.0
    """Most seconds of one pause, and the most that a server may ask for."""
    sleep: Callable[[float], None] = time.sleep
    """Waits; tests pass one that does not."""


def call(work: Callable[[], T], *, what: str, patience: Patience, secrets: tuple[str, ...] = ()) -> T:
    """What `work` returns; raises `ModelError` when it goes on failing, or fails in a way that will not pass.

    `what` names model and address for the message; `secrets` are blotted out of it.
    """
    attempt = 1
    while True:
        try:
            return work()
        except Exception as error:  # noqa: BLE001  (clients share no base class: status and name tell what it is)
            if not passing(error) or attempt >= patience.attempts:
                raise _failed(error, what, attempt, secrets) from cause(error, secrets)
            patience.sleep(_wait(error, attempt, patience))
        attempt += 1


def status(error: BaseException) -> int | None:
    """The HTTP status of a client's error; None where it has none."""
    for holder in (error, getattr(error, "response", None)):
        value = getattr(holder, "status_code", None)
        if isinstance(value, int):
            return value
    return None


def passing(error: BaseException) -> bool:
    """Says whether the same call may work a little later."""
    if str(getattr(error, "code", "")) in _SPENT or isinstance(error, ModelError):
        return False
    found = status(error)
    if found is not None and found not in (0, 200):
        return found in _AGAIN
    if isinstance(error, json.JSONDecodeError | IndexError) or _NOTHING in str(error):
        return True  # what came is not whole, holds nothing, or is a proxy's page
    names = "".join(kind.__name__ for kind in type(error).__mro__)
    return isinstance(error, TimeoutError | ConnectionError) or bool(_PASSING.search(names))


def secrets(options: Mapping[str, Any]) -> tuple[str, ...]:
    """What is secret in a client's options, by its name: keys, passwords, headers that let somebody in."""
    found: list[str] = []
    for name, value in options.items():
        if isinstance(value, Mapping):
            found += secrets(value)
        elif callable(told := getattr(value, "get_secret_value", None)):
            found.append(str(told()))
        elif isinstance(value, str) and _SECRET.search(name):
            found.append(value)
    return tuple(found)


def blot(text: str, secrets: tuple[str, ...]) -> str:
    """The text without keys."""
    for secret in secrets:
        # A client that shows a key may show what stands around it in another way: a line break, say.
        if len(secret.strip()) >= 4:
            text = text.replace(secret, "***").replace(secret.strip(), "***")
    return _BEARER.sub("***", text)


def cause(error: BaseException, secrets: tuple[str, ...]) -> BaseException | None:
    """The client's error, unless its words, or those of what led to it, hold a key: a traceback would show it."""
    told = "\n".join(f"{one} {one!r}" for one in _chain(error))
    return error if blot(told, secrets) == told else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that a traceback shows with it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _failed(error: BaseException, what: str, attempts: int, secrets: tuple[str, ...]) -> ModelError:
    if isinstance(error, ModelError):
        return error
    told = blot(" ".join(str(error).split()), secrets)[:300].rstrip(".") or type(error).__name__
    found = status(error)
    hint = ""
    if found in (401, 403):
        hint = "; check the key"
    elif found == 404:
        hint = "; check the model's name and the address"
    elif found is None and "Connect" in "".join(kind.__name__ for kind in type(error).__mro__):
        hint = "; check the address, and that its server runs"
    times = f" after {attempts} attempts" if attempts > 1 else ""
    failed = ModelError(f"{what} failed{times}: {told}{hint}")
    failed.refused = found in _REFUSED
    return failed


def _wait(error: BaseException, attempt: int, patience: Patience) -> float:
    asked = _asked(error)
    own: float = patience.pause * 2 ** (attempt - 1)
    if asked > own:
        return min(asked, patience.longest)
    # Clients that failed together shall not come back together.
    return min(own, patience.longest) * random.uniform(0.75, 1.0)


def _asked(error: BaseException) -> float:
    """Seconds that the server asks for, as a number of them or a date; 0 where it asks for none."""
    headers = getattr(error, "litellm_response_headers", None) or getattr(
        getattr(error, "response", None), "headers", None
    )
    told = headers or {}
    try:
        if "retry-after-ms" in told:
            return float(told["retry-after-ms"]) / 1000
        return float(told.get("retry-after", 0))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(told.get("retry-after", ""))
    except ValueError:
        return 0.0
    now = datetime.now(date.tzinfo or timezone.utc)
    return (date.replace(tzinfo=now.tzinfo) - now).total_seconds()
