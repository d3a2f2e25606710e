"""The weights and the vocabulary of all-MiniLM-L6-v2, in 8 bits, as files."""

from pathlib import Path

__all__ = ["__version__", "path"]
__version__ = "0.1.0"


def path() -> Path:
    """Return the folder that holds `weights.safetensors`, `vocab.txt` and `manifest.json`."""
    return Path(__file__).resolve().parent / "data"
