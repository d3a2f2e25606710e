"""Real servers for the tests: ``python tools/servers start``, ``status``, ``stop``.

Installs the pinned Weaviate (with go) and Neo4j (with maven) into a cache outside of the repository
(`MEMLAYER_SERVERS_DIR`), starts them on free ports of loopback with authentication on, and stops them by their ids.
``start`` is idempotent and brings a killed server back with its data; ``stop`` removes the data, never the programs.
Neither server is part of memlayer.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from install import install, installed
from places import NEO4J, NEO4J_NEWEST, WEAVIATE, alone, home, say
from run import kill, running, start, state_of, stop

NAMES = ("weaviate", "neo4j")


def main() -> int:
    """Does what the command line asks."""
    parser = argparse.ArgumentParser(prog="tools/servers", description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=("install", "start", "stop", "kill", "status"))
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(NAMES)}; all where none is named")
    parser.add_argument("--newest-neo4j", action="store_true", help=f"Neo4j {NEO4J_NEWEST} instead of {NEO4J}")
    parser.add_argument("--json", action="store_true", help="status as JSON, addresses with their secrets")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    names = tuple(asked.names) or NAMES
    # One that was started, and killed, comes back as what it was.
    noted = (state_of("neo4j") or {}).get("version", NEO4J)
    versions = {"weaviate": WEAVIATE, "neo4j": NEO4J_NEWEST if asked.newest_neo4j else noted}
    if asked.command == "status":
        return status(names, as_json=asked.json)
    with alone(), ThreadPoolExecutor(len(names)) as pool:
        if asked.command == "stop":
            list(pool.map(stop, names))
        elif asked.command == "kill":
            list(pool.map(kill, names))
        elif asked.command == "install":
            list(pool.map(install, names, (versions[n] for n in names)))
        else:
            list(pool.map(start, names, (versions[n] for n in names)))
    return 0


def status(names: tuple[str, ...], *, as_json: bool) -> int:
    """Tells what runs; the exit code is 1 where one of the servers does not."""
    states = {name: state_of(name) for name in names}
    up = {name: running(state) for name, state in states.items()}
    if as_json:
        print(json.dumps({n: {**state, "running": up[n]} for n, state in states.items() if state is not None}))
    else:
        say(f"programs and data: {home()}")
        for name, state in states.items():
            version = {"weaviate": WEAVIATE, "neo4j": NEO4J}[name] if state is None else state["version"]
            told = f"runs as process {state['pid']}, port {state['ports'][0]}" if state and up[name] else "does not run"
            say(f"{name} {version}: {told}" + ("" if installed(name, version) else " (not installed)"))
    return 0 if all(up.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
