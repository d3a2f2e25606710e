"""Everything memlayer raises.

    MemlayerError
    ├── ConfigurationError (ValueError)          a setting or an argument is wrong
    │   └── MissingDependencyError (ImportError) a package is not installed; names the pip line
    ├── FilterError (ValueError)                 a filter is malformed or names an unknown operator
    ├── NotFoundError (LookupError)              no record has that id, or not in that scope
    ├── ConflictError                            two values that cannot both hold
    ├── ImmutableError                           a record that is protected from change
    ├── DimensionMismatchError (ValueError)      a vector of another length than the store's
    ├── UnsupportedError (NotImplementedError)   a keyword or an ability that this memory does not have
    ├── DocumentError (ValueError)               a document or a picture cannot be read
    │   └── FetchError(rule)                     an address is not fetched; names the rule that says so
    ├── BackendError(backend, operation)         a store failed
    │   ├── BackendUnavailableError (ConnectionError)
    │   └── BackendTimeoutError (TimeoutError)
    └── ModelError                               a model or an embedder failed
        └── ExtractionError                      a model's answer could not be used; the messages are stored

A driver's own error is kept as ``__cause__``. A message says what happened, to what, and what to do.
"""

from __future__ import annotations

from reprlib import Repr

_short = Repr()
_short.maxstring = _short.maxother = 80


def brief(value: object) -> str:
    """A value as an error tells it: short, however large or deep it is."""
    return _short.repr(value)


class MemlayerError(Exception):
    """Base of every error that memlayer raises on purpose."""


class ConfigurationError(MemlayerError, ValueError):
    """A setting or an argument has a value that memlayer cannot use."""


class MissingDependencyError(ConfigurationError, ImportError):
    """A package that this feature needs is not installed."""

    def __init__(self, package: str, install: str) -> None:
        """Names the missing `package` and the pip arguments that bring it (`install`)."""
        super().__init__(f"{package} is not installed. Install it with: pip install {install}")
        self.package = package
        self.install = install


class FilterError(MemlayerError, ValueError):
    """A filter is malformed, or names an operator that does not exist."""


class NotFoundError(MemlayerError, LookupError):
    """No record has that id, or it lies outside of the scope that was given."""


class ConflictError(MemlayerError):
    """Two values were given, or two writers met, that cannot both hold."""


class ImmutableError(MemlayerError):
    """A record is marked immutable and is not changed."""


class DimensionMismatchError(MemlayerError, ValueError):
    """A vector has another number of dimensions than the store holds."""


class UnsupportedError(MemlayerError, NotImplementedError):
    """A keyword or an ability that this memory does not have; the message names what to use instead."""


class DocumentError(MemlayerError, ValueError):
    """A document or a picture cannot be read; nothing of it was stored."""


class FetchError(DocumentError):
    """An address is not fetched, or what it gave is not taken."""

    def __init__(self, message: str, *, rule: str) -> None:
        """Keeps the `rule` that refused it: scheme, loopback, private, redirects, size, time …"""
        super().__init__(f"{message} (rule: {rule})")
        self.rule = rule


class BackendError(MemlayerError):
    """A store failed while it carried out an operation."""

    def __init__(self, message: str, *, backend: str = "", operation: str = "") -> None:
        """Keeps the name of the `backend` and of the `operation` beside the message."""
        super().__init__(message)
        self.backend = backend
        self.operation = operation


class BackendUnavailableError(BackendError, ConnectionError):
    """A store cannot be reached."""


class BackendTimeoutError(BackendError, TimeoutError):
    """A store did not answer before its deadline."""


class ModelError(MemlayerError):
    """A language model or an embedder failed."""

    refused = False
    """True where its server is well and will not take this very request, as a filter of contents does."""


class ExtractionError(ModelError):
    """A model's answer could not be used after repair and retries; the messages themselves are stored."""
