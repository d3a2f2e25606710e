"""One call of a model over a network: tried again where that may help, with growing pauses and an end."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from memlayer.errors import ModelError

T = TypeVar("T")

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_PASSING = re.compile(r"timeout|timedout|connect|unavailable|overloaded|ratelimit|remotedisconnected", re.IGNORECASE)
_SPENT = ("insufficient_quota", "billing_hard_limit_reached")
_BEARER = re.compile(r"\b(?:sk|gsk|xai|pk|key)-[\w*-]{6,}|(?<=Bearer )\S+")


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
    names = "".join(kind.__name__ for kind in type(error).__mro__)
    return isinstance(error, TimeoutError | ConnectionError) or bool(_PASSING.search(names))


def blot(text: str, secrets: tuple[str, ...]) -> str:
    """The text without keys."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    return _BEARER.sub("***", text)


def cause(error: BaseException, secrets: tuple[str, ...]) -> BaseException | None:
    """The client's error, unless its words hold a key: a traceback would show it."""
    told = str(error)
    return error if blot(told, secrets) == told else None


def _failed(error: BaseException, what: str, attempts: int, secrets: tuple[str, ...]) -> ModelError:
    if isinstance(error, ModelError):
        return error
    told = blot(" ".join(str(error).split()), secrets)[:300] or type(error).__name__
    found = status(error)
    hint = ""
    if found in (401, 403):
        hint = "; check the key"
    elif found == 404:
        hint = "; check the model's name and the address"
    times = f" after {attempts} attempts" if attempts > 1 else ""
    return ModelError(f"{what} failed{times}: {told}{hint}")


def _wait(error: BaseException, attempt: int, patience: Patience) -> float:
    held = getattr(error, "litellm_response_headers", None) or getattr(
        getattr(error, "response", None), "headers", None
    )
    headers = held or {}
    try:
        asked = float(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        asked = 0.0
    own: float = patience.pause * 2 ** (attempt - 1)
    if asked > own:
        return min(asked, patience.longest)
    # Clients that failed together shall not come back together.
    return min(own, patience.longest) * random.uniform(0.75, 1.0)
