"""The server that plays tricks."""

from tricks import tricks

__all__ = ["tricks"]
