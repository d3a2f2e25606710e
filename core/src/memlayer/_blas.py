"""Keeps NumPy's matrix products on the calling thread where that is what scales."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache
from importlib import import_module

from memlayer import _forks

_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "")


class _OneThread:
    """Runs a block's matrix products on one thread each; any number of threads may be in such a block.

    OpenBLAS splits even small products over all cores and waits for every part: on an idle machine of 2 cores that is
    1.3 times as fast for one text, but next to another busy thread or process 10 to 100 times slower. Cores are used
    by working on several things at once instead. OpenBLAS knows one number for the whole process, so products that the
    program runs elsewhere meanwhile stay on one thread as well; the number is put back when the last block ends.
    Does nothing where NumPy uses another library (Accelerate, MKL).
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 1

    def __enter__(self) -> None:
        if found := _openblas():
            get, put = found
            with self._lock:
                if self._inside == 0:
                    self._before = get()
                    put(1)
                self._inside += 1

    def __exit__(self, *_: object) -> None:
        if found := _openblas():
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    found[1](self._before)

    def born(self) -> None:
        """Start afresh in a forked child: other threads that were in a block, or held the lock, are not there."""
        if self._inside and (found := _openblas()):
            found[1](self._before)
        self._reset()


@cache
def _openblas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return the functions that read and set the number of threads, found through NumPy's own extension module."""
    try:
        extension = import_module("numpy._core._multiarray_umath")
    except ImportError:  # NumPy 1.26
        extension = import_module("numpy.core._multiarray_umath")
    try:
        library = ctypes.CDLL(str(extension.__file__))
    except OSError:
        return None
    for prefix in _PREFIXES:
        for suffix in _SUFFIXES:
            get = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
            put = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
            if get is not None and put is not None:
                get.argtypes, get.restype = [], ctypes.c_int
                put.argtypes, put.restype = [ctypes.c_int], None
                return get, put
    return None


one_thread = _OneThread()
_forks.follow(one_thread)
