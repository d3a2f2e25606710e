"""Finds another project's distribution called ``memlayer``, which writes into this package's folder.

The name ``memlayer`` on PyPI is not ours, and what it installs has our import name. Its wheel and ours share
``memlayer/__init__.py`` and ``memlayer/config.py``; whichever came last has overwritten the other's.

- It first, then ours: our ``__init__`` runs, and modules of theirs lie between ours. An import sees the clash.
- Ours first, then it: *their* ``__init__`` runs, so an import of ``memlayer`` cannot speak. The ``memlayer``
  command can, because neither ``memlayer/cli`` nor this file is overwritten: ``memlayer doctor`` names the clash
  as long as it asks here before it imports anything from ``memlayer`` itself.
- Uninstalling it takes the shared files along in both orders, so the mend always installs ours again.
- In two folders of ``sys.path`` (an editable install, a user site) nothing is mixed: the first folder wins whole.
  Where theirs wins, no code of ours runs; where ours wins, there is no clash to report.
"""

import os
import sys

_MEND = "pip uninstall --yes memlayer && pip install --force-reinstall --no-deps memlayer-core"


def clash(site: str | None = None) -> str | None:
    """Names a foreign ``memlayer`` installed into the folder that holds this package, and the mend; None without one.

    It lists that one folder and reads no metadata, so an import can afford it. A folder that cannot be listed
    (a package inside a zip file) holds no installed distribution, and gives None. ``site`` is the folder to look
    into, by default the one around this package.
    """
    folder = site if site is not None else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        entries = os.listdir(folder)
    except OSError:
        return None
    versions = [version for entry in sorted(entries) if (version := _foreign_version(entry))]
    if not versions:
        return None
    return (
        f"Another project's package, memlayer {versions[-1]}, is installed in the same environment ({sys.prefix}). "
        f"It has the import name of memlayer-core, and each overwrites files of the other. Mend: {_MEND} "
        "(from a checkout, ./core in place of memlayer-core)."
    )


def _foreign_version(entry: str) -> str | None:
    """Reads the version out of ``memlayer-1.2.dist-info``; None for ours (``memlayer_core-…``) and all others."""
    stem, dot, kind = entry.rpartition(".")
    name, _, version = stem.partition("-")
    if not dot or kind not in ("dist-info", "egg-info") or name != "memlayer" or not version[:1].isdigit():
        return None
    return version.partition("-")[0]
