"""Overwrites what SQLite leaves of moved rows in the unused middle of its pages.

`secure_delete` zeroes a row where it lies when it is deleted. But when SQLite splits or joins pages it copies rows and
leaves the old copies in the gap between a page's directory and its first row (`rebuildPage` in btree.c), where nothing
reads them and nothing clears them, except `grep`. VACUUM would, at the cost of the whole file; this costs a read.
"""

from __future__ import annotations

import os

_DIRECTORY = {2: 12, 5: 12, 10: 8, 13: 8}
"""Where the directory of a b-tree page begins, by its type: inner and leaf pages of indexes and tables."""
_AT_ONCE = 1 << 16
"""Bytes that are read at once: the largest page there is, so whole pages of any size. More at once takes longer."""
_MAX_PAGES = 1 << 24
"""Up to here no other kind of page begins with such a type: it begins with the high byte of a page's number."""


def scrub(descriptor: int) -> int:
    """Zeroes the gaps of a database file that nobody writes to meanwhile; says how many pages held something.

    Only bytes that SQLite does not use are written, so a reader may go on. The caller holds the write lock, and the
    write-ahead log is empty. The file is read, not mapped: a map has a descriptor of its own, and closing that one
    would drop the locks that SQLite has on the file (see `_files`).
    """
    header = os.pread(descriptor, 100, 0)
    size = int.from_bytes(header[16:18], "big")
    size = 65536 if size == 1 else size
    length = min(os.fstat(descriptor).st_size, size * _MAX_PAGES)
    zeros = bytes(size)
    dirty = 0
    for begin in range(0, length, _AT_ONCE):
        block = os.pread(descriptor, min(_AT_ONCE, length - begin), begin)
        # The first page holds the schema, which names nobody.
        for base in range(0 if begin else size, len(block), size):
            directory = _DIRECTORY.get(block[base])
            if directory is None:
                continue
            head = block[base + 3 : base + 7]
            start = directory + 2 * (head[0] << 8 | head[1])
            end = head[2] << 8 | head[3] or 65536
            if start < end <= size and block[base + start : base + end] != zeros[: end - start]:
                os.pwrite(descriptor, zeros[: end - start], begin + base + start)
                dirty += 1
    if dirty:
        os.fsync(descriptor)
    return dirty
