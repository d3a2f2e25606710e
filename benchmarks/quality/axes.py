"""Finds the axes of `memlayer/models/word_pieces.npz`: the directions in which the vectors of pieces differ most.

    python benchmarks/quality/axes.py --longmemeval longmemeval_oracle.json --out word_pieces.npz

The mean and the 64 first principal axes of the pieces of 250 turns, drawn from LongMemEval, whose text is MIT.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from sets import longmemeval

from memlayer.models.minilm import MiniLMEmbedder
from memlayer.text import spoken

TURNS = 250
AXES = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longmemeval", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    talks = longmemeval(options.longmemeval, pool=50, seed=0)
    texts = [spoken(turn.text) for talk in talks for session in talk.sessions for turn in session.turns]
    random.Random(0).shuffle(texts)
    pieces = np.concatenate([found.tokens for found in MiniLMEmbedder().embed_tokens(texts[:TURNS])])
    mean = pieces.mean(axis=0)
    _, spread, axes = np.linalg.svd((pieces - mean)[::2], full_matrices=False)
    kept = (spread[:AXES] ** 2).sum() / (spread**2).sum()
    np.savez_compressed(options.out, mean=mean.astype(np.float16), axes=axes[:AXES].T.astype(np.float16))
    print(f"{len(pieces)} pieces; {AXES} axes hold {100 * kept:.0f} % of their variance")


if __name__ == "__main__":
    main()
