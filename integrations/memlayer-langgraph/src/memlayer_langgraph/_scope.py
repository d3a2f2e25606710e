"""Whose memory a run reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from memlayer import ConfigurationError, ConflictError
from memlayer.types import ID_FIELDS

ScopeOf = Callable[[Any], Mapping[str, str | None]]
"""Gets the run's `Runtime` (None outside of a graph) and returns ids by name."""


class Whose:
    """The ids given once for all runs, and those that each run's context names."""

    def __init__(self, given: Mapping[str, str | None], scope: ScopeOf | None = None, *, shared: bool = False) -> None:
        """`scope` reads the ids of a run; without it they are the fields of its context that bear an id's name."""
        self._given = {name: value for name, value in given.items() if value is not None}
        self._scope = scope
        self._shared = shared

    def writes(self, runtime: Any) -> dict[str, Any]:
        """The ids that a run's messages are kept under; its thread is the run where no run is named."""
        ids: dict[str, Any] = dict(self._given)
        for name, value in (named(runtime) if self._scope is None else self._scope(runtime)).items():
            if value is None:
                continue
            if ids.get(name, value) != value:
                raise ConflictError(
                    f"{name} is {ids[name]!r} for all runs and {value!r} for this one; give one of them"
                )
            ids[name] = value
        if not self._shared and not {"user_id", "run_id"} & ids.keys():
            # Without a user, all users of an agent would read each other's memories: never by oversight.
            raise ConfigurationError(
                "whose memory is this? Give user_id=, or run with a context that has a user_id; "
                "shared=True says that all users of an agent or app share one memory"
            )
        if "run_id" not in ids and (thread := thread_of(runtime)):
            ids["run_id"] = thread
        return ids

    def reads(self, runtime: Any) -> dict[str, Any]:
        """The ids whose memories a run recalls: what is known of a person is known in each of their conversations."""
        ids = self.writes(runtime)
        return {name: value for name, value in ids.items() if name != "run_id"} or ids


def named(runtime: Any) -> dict[str, str | None]:
    """The ids among the fields of a run's context: a dict, a dataclass or a model."""
    context = getattr(runtime, "context", None)
    if isinstance(context, Mapping):
        return {name: context.get(name) for name in ID_FIELDS}
    return {name: getattr(context, name, None) for name in ID_FIELDS}


def thread_of(runtime: Any) -> str | None:
    """The id of the thread that a checkpointer keeps for this run."""
    thread = getattr(getattr(runtime, "execution_info", None), "thread_id", None)
    return None if thread is None else str(thread)
