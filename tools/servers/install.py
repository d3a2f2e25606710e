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
_TOLD_EVERY = 15.0
_AT_MOST = 45 * 60.0
"""Seconds after which an installer hangs."""
_OUT_OF_REACH = (
    "dial tcp", "no such host", "i/o timeout", "TLS handshake", "proxyconnect", "connection refused", "Bad Gateway",
    "Could not transfer", "Unknown host", "Connect timed out", "Connection refused", "Network is unreachable",
)  # fmt: skip
_REGISTRY = {
    "go": "the module proxy of go (see `go env GOPROXY`)",
    "mvn": "the repository of maven (see its settings.xml)",
}


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
    _run(["go", "install", "-v", "-trimpath", "-ldflags=-s -w", package], where, env)


def _neo4j(version: str, where: Path) -> None:
    (where / "pom.xml").write_text(_POM.format(version=version), encoding="utf-8")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={where / 'lib'}"]
    _run(["mvn", "-B", "-f", str(where / "pom.xml"), *goal], where, {})


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
        began = told = time.monotonic()
        while process.poll() is None:
            time.sleep(0.5)
            if time.monotonic() - told > _TOLD_EVERY:
                told = time.monotonic()
                say(f"{command[0]}: {_progress(log)}")
            if time.monotonic() - began > _AT_MOST:
                process.kill()
                process.wait()
    if process.returncode:
        raise SystemExit(_failure(command, process.returncode, log.read_text(encoding="utf-8", errors="replace")))


def _progress(log: Path) -> str:
    """How far an installer is, by the lines that it has written."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    fetched = sum(line.startswith("go: downloading ") or "Downloaded from " in line for line in lines)
    built = sum("/" in line and ":" not in line and " " not in line for line in lines)
    return f"{fetched} files fetched" + (f", {built} packages built" if built else "")


def _failure(command: list[str], code: int, log: str) -> str:
    """Why an installer failed, and what to do."""
    tail = log[-2000:]
    tool = command[0]
    if any(sign in tail for sign in _OUT_OF_REACH):
        return (
            f"{tool} cannot reach {_REGISTRY[tool]}. Mend that, or name servers that run already: "
            f"MEMLAYER_TEST_WEAVIATE_URL and MEMLAYER_TEST_NEO4J_URI. What {tool} said last:\n{tail}"
        )
    return f"{' '.join(command)} failed ({code}):\n{tail}"
