"""Starts a server on loopback, on free ports, with a secret of its own; waits until it answers; stops it by its id."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from install import install
from places import read_json, run_folder, say, write_json

READY_WITHIN = 300.0
"""Seconds that a server has to answer."""
STOP_WITHIN = 30.0
_PORTS = (20_000, 30_000)
_OPENS = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
_NEO4J_CONF = """server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{bolt}
server.bolt.advertised_address=127.0.0.1:{bolt}
server.http.enabled=false
server.https.enabled=false
dbms.usage_report.enabled=false
server.memory.pagecache.size=64m
db.transaction.timeout=30s
"""
_BOLT_HELLO = bytes.fromhex("6060b017" + "00000805" + "00000405" + "00000004" + "00000000")

State = dict[str, Any]


def state_of(name: str) -> State | None:
    """What is noted about a server; None where it was never started, or stopped."""
    found: State | None = read_json(run_folder(name) / "state.json")
    return found


def running(state: State | None) -> bool:
    """Says whether the process that was started is there: the same number, begun at the same time."""
    return state is not None and state.get("pid") is not None and _begun(state["pid"]) == state["begun"]


def start(name: str, version: str) -> State:
    """Starts a server that does not run; one that was killed comes back with its data, its ports and its secret."""
    state = state_of(name)
    if running(state):
        assert state is not None
        return state
    program = install(name, version)
    folder = run_folder(name)
    if state is None or state["version"] != version:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        state = {"name": name, "version": version, "secret": secrets.token_urlsafe(24), "ports": _ports(name)}
        if name == "neo4j":
            _prepare_neo4j(program, folder, state)
    command, env = (_weaviate if name == "weaviate" else _neo4j)(program, folder, state)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    state |= {"pid": process.pid, "begun": _begun(process.pid), "url": _url(state)}
    write_json(folder / "state.json", state)
    _wait(process, state, folder / "server.log")
    say(f"{name} {version} answers on 127.0.0.1:{state['ports'][0]} (process {process.pid})")
    return state


def stop(name: str) -> None:
    """Ends a server that this tool started, by its id, and removes its data."""
    state = state_of(name)
    if state is not None and running(state):
        os.kill(state["pid"], signal.SIGTERM)
        if not _until(lambda: not running(state), STOP_WITHIN):
            os.kill(state["pid"], signal.SIGKILL)
            _until(lambda: not running(state), STOP_WITHIN)
        say(f"{name} stopped")
    shutil.rmtree(run_folder(name), ignore_errors=True)


def kill(name: str) -> None:
    """Ends a server that this tool started in the middle of what it does (SIGKILL); its data stays for `start`."""
    state = state_of(name)
    if state is None or not running(state):
        raise SystemExit(f"{name} does not run")
    os.kill(state["pid"], signal.SIGKILL)
    if not _until(lambda: not running(state), STOP_WITHIN):
        raise SystemExit(f"{name} (process {state['pid']}) survived SIGKILL")


def _weaviate(program: Path, folder: Path, state: State) -> tuple[list[str], dict[str, str]]:
    rest, grpc, gossip, data, raft, internal = (str(port) for port in state["ports"])
    env = {
        "PERSISTENCE_DATA_PATH": str(folder / "data"), "DEFAULT_VECTORIZER_MODULE": "none",
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false", "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": state["secret"], "AUTHENTICATION_APIKEY_USERS": "memlayer",
        "AUTHORIZATION_RBAC_ENABLED": "true", "AUTHORIZATION_RBAC_ROOT_USERS": "memlayer",
        "CLUSTER_HOSTNAME": "node1", "CLUSTER_IN_LOCALHOST": "true", "CLUSTER_BIND_ADDR": "127.0.0.1",
        "CLUSTER_ADVERTISE_ADDR": "127.0.0.1", "CLUSTER_GOSSIP_BIND_PORT": gossip, "CLUSTER_DATA_BIND_PORT": data,
        "RAFT_PORT": raft, "RAFT_INTERNAL_RPC_PORT": internal, "RAFT_JOIN": f"node1:{raft}",
        "RAFT_BOOTSTRAP_EXPECT": "1", "GRPC_PORT": grpc, "DISABLE_TELEMETRY": "true", "GO_PROFILING_DISABLE": "true",
        "AUTOSCHEMA_ENABLED": "false", "API_BASED_MODULES_DISABLED": "true", "GOMEMLIMIT": "4GiB",
        "LOG_LEVEL": "warning", "OBJECTS_TTL_DELETE_SCHEDULE": "@every 1m",
    }  # fmt: skip
    command = [str(program / "bin" / "weaviate-server"), "--scheme", "http", "--host", "127.0.0.1", "--port", rest,
               "--read-timeout=600s", "--write-timeout=600s"]  # fmt: skip
    return command, env


def _neo4j(program: Path, folder: Path, state: State) -> tuple[list[str], dict[str, str]]:
    new = int(state["version"].split(".")[0]) >= 2025
    main = "Neo4jCommunity" if new else "CommunityEntryPoint"
    more = ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"] if new else []
    opens = [f"--add-opens=java.base/{part}=ALL-UNNAMED" for part in _OPENS]
    command = [
        _java(new=new), "-Xms256m", "-Xmx1g", "-XX:+UseG1GC", "-Dfile.encoding=UTF-8",
        "-Dio.netty.tryReflectionSetAccessible=true", "-Dlog4j2.disable.jmx=true", *opens,
        "--add-modules=jdk.incubator.vector", *more, "-cp", f"{program / 'lib'}/*", f"org.neo4j.server.{main}",
        f"--home-dir={folder}", f"--config-dir={folder / 'conf'}", "--console-mode",
    ]  # fmt: skip
    return command, {"NEO4J_HOME": str(folder), "NEO4J_CONF": str(folder / "conf")}


def _prepare_neo4j(program: Path, folder: Path, state: State) -> None:
    for name in ("data", "logs", "run", "plugins", "import", "conf"):
        (folder / name).mkdir()
    (folder / "conf" / "neo4j.conf").write_text(_NEO4J_CONF.format(bolt=state["ports"][0]), encoding="utf-8")
    new = int(state["version"].split(".")[0]) >= 2025
    subprocess.run(
        [_java(new=new), "-cp", f"{program / 'lib'}/*", "org.neo4j.server.startup.Neo4jAdminCommand",
         "dbms", "set-initial-password", state["secret"]],
        env={**os.environ, "NEO4J_HOME": str(folder), "NEO4J_CONF": str(folder / "conf")},
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def _java(*, new: bool) -> str:
    """A java that this generation of Neo4j runs on, wherever the machine keeps it; else the one of the PATH."""
    wanted = ("25", "21") if new else ("17", "21")
    kept = [java for version in wanted for java in sorted(Path("/usr/lib/jvm").glob(f"*-{version}*/bin/java"))]
    found = kept or [path for path in [shutil.which("java")] if path and not new]
    if not found:
        raise SystemExit(f"Neo4j needs a JDK of {' or '.join(wanted)} under /usr/lib/jvm")
    return str(found[0])


def _ports(name: str) -> list[int]:
    """Free ports: REST, gRPC, gossip and data, raft and its internal one (neighbours each); or Bolt alone."""
    return [_free()] if name == "neo4j" else [_free(), _free(), *_pair(), *_pair()]


def _pair() -> tuple[int, int]:
    while not _is_free((port := _free()) + 1):
        pass
    return port, port + 1


def _free() -> int:
    """A port that no client is given: one that is killed finds it free when it comes back."""
    while not _is_free(port := random.randrange(*_PORTS)):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _url(state: State) -> str:
    if state["name"] == "neo4j":
        return f"neo4j://neo4j:{state['secret']}@127.0.0.1:{state['ports'][0]}"
    return f"weaviate://:{state['secret']}@127.0.0.1:{state['ports'][0]}?grpc={state['ports'][1]}"


def _wait(process: subprocess.Popen[bytes], state: State, log: Path) -> None:
    ready = _weaviate_ready if state["name"] == "weaviate" else _neo4j_ready
    if _until(lambda: process.poll() is not None or ready(state), READY_WITHIN) and process.poll() is None:
        return
    if process.poll() is None:
        process.kill()
    process.wait()
    tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
    raise SystemExit(f"{state['name']} did not answer within {READY_WITHIN:.0f} s:\n{tail}")


def _weaviate_ready(state: State) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{state['ports'][0]}/v1/.well-known/ready", timeout=2) as answer:
            if answer.status != 200:
                return False
        socket.create_connection(("127.0.0.1", state["ports"][1]), timeout=2).close()
    except (OSError, urllib.error.URLError):
        return False
    return True


def _neo4j_ready(state: State) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", state["ports"][0]), timeout=2) as one:
            one.settimeout(2)
            one.sendall(_BOLT_HELLO)
            return len(one.recv(4)) == 4
    except OSError:
        return False


def _until(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.2)
    return False


def _begun(pid: int) -> str | None:
    """When a process began, as the system tells it; None where it is gone, or only waits to be buried."""
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    told = found.stdout.strip()
    return None if not told or told.startswith("Z") else told.split(maxsplit=1)[1]
