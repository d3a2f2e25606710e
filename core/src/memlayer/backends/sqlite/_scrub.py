"""Overwrites what SQLite leaves of moved rows in the unused middle of its pages.

`secure_delete` zeroes a row where it lies when it is deleted. But when SQLite splits or joins pages it copies rows and
leaves the old copies in the gap between a page's directory and its first row (`rebuildPage` in btree.c), where nothing
reads them and nothing clears them, except `grep`. VACUUM would, at the cost of the whole file; this costs a read.
"""

from __future__ import annotations

import os

_CHUNK = 512
"""Pages that are read at once."""
_DIRECTORY = {2: 12, 5: 12, 10: 8, 13: 8}
"""Where the directory of a b-tree page begins, by its type: inner and leaf pages of indexes and tables."""
_MAX_PAGES = 1 << 24
"""Up to here no other kind of page begins with such a type: it begins with the high byte of a page's number."""


def scrub(descriptor: int) -> int:
    """Zeroes the gaps of a database file that nobody writes to meanwhile; says how many pages held something.

    Only bytes that SQLite does not use are written, so a reader may go on. The caller holds the write lock, and the
    write-ahead log is empty.
    """
    header = os.pread(descriptor, 100, 0)
    size = int.from_bytes(header[16:18], "big")
    size = 65536 if size == 1 else size
    zeros = bytes(size)
    pages = min(os.fstat(descriptor).st_size // size, _MAX_PAGES)
    dirty = 0
    # The first page holds the schema, which names nobody.
    for first in range(1, pages, _CHUNK):
        chunk = os.pread(descriptor, size * min(_CHUNK, pages - first), size * first)
        for base in range(0, len(chunk), size):
            directory = _DIRECTORY.get(chunk[base])
            if directory is None:
                continue
            start = directory + 2 * int.from_bytes(chunk[base + 3 : base + 5], "big")
            end = int.from_bytes(chunk[base + 5 : base + 7], "big") or 65536
            if start < end <= size and chunk[base + start : base + end] != zeros[: end - start]:
                os.pwrite(descriptor, zeros[: end - start], size * first + base + start)
                dirty += 1
    if dirty:
        os.fsync(descriptor)
    return dirty
