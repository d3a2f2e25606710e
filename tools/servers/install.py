"""Installs the pinned servers from their packages: Weaviate with go, Neo4j with maven. Once for each version."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from places import folder, home, read_json, say, write_json

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>memlayer</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{version}</version></dependency>
  </dependencies>
</project>
"""
_STAMP = "installed.json"
_TOLD_EVERY = 20.0


def installed(name: str, version: str) -> bool:
    """Says whether the version is here whole: its stamp, and every file that the stamp names in its size."""
    where = folder(name, version)
    stamp = read_json(where / _STAMP)
    if stamp is None or stamp["version"] != version:
        return False
    files = stamp["files"]
    return all((where / f).is_file() and (where / f).stat().st_size == size for f, (size, _) in files.items())


def install(name: str, version: str) -> Path:
    """The folder of a version's program, installed first where it is not there yet."""
    where = folder(name, version)
    if installed(name, version):
        return where
    fresh = where.with_name(f".{where.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    say(f"installing {name} {version} (minutes, once)")
    (_weaviate if name == "weaviate" else _neo4j)(version, fresh)
    stamp(version, fresh)
    shutil.rmtree(where, ignore_errors=True)
    fresh.rename(where)
    say(f"installed {name} {version}")
    return where


def stamp(version: str, where: Path) -> None:
    """Notes size and SHA-256 of every program file: what makes an installation whole."""
    files = {}
    for path in sorted([*where.glob("bin/*"), *where.glob("lib/*.jar")]):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256") if hasattr(hashlib, "file_digest") else None
            digest = digest or hashlib.sha256(file.read())
        files[str(path.relative_to(where))] = (path.stat().st_size, digest.hexdigest())
    if not files:
        raise SystemExit(f"nothing was installed into {where}")
    write_json(where / _STAMP, {"version": version, "files": files})


def _weaviate(version: str, where: Path) -> None:
    package = f"github.com/weaviate/weaviate/cmd/weaviate-server@v{version}"
    env = {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOBIN": str(where / "bin")}
    _run(["go", "install", "-trimpath", "-ldflags=-s -w", package], where, env)


def _neo4j(version: str, where: Path) -> None:
    (where / "pom.xml").write_text(_POM.format(version=version), encoding="utf-8")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={where / 'lib'}"]
    _run(["mvn", "-B", "-q", "-f", str(where / "pom.xml"), *goal], where, {})


def _run(command: list[str], where: Path, env: dict[str, str]) -> None:
    """Runs an installer at a low priority, tells that it goes on, and ends with its output where it fails."""
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not on the PATH; it installs the servers that the tests need")
    log = where / "install.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["nice", "-n", "10", *command], cwd=home(), env={**os.environ, **env},
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
        told = time.monotonic()
        while process.poll() is None:
            time.sleep(0.5)
            if time.monotonic() - told > _TOLD_EVERY:
                told = time.monotonic()
                say(f"{command[0]} is still at it")
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise SystemExit(f"{' '.join(command)} failed ({process.returncode}):\n{tail}")
