"""Every check of the repository: ``nox`` runs the tests, ``nox -l`` lists the rest, ``nox -t ci`` is what CI adds.

A session exists when what it runs exists: one ``adapters`` session per folder in integrations/, ``servers`` once
tools/servers can start some, ``bench`` once there is a benchmark. Each has an environment of its own, with the core
and its model installed from the checkout.
"""

import atexit
import shutil
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
SETTINGS = nox.project.load_toml(ROOT / "pyproject.toml")
MODEL = "packages/memlayer-minilm"
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
ADAPTERS = sorted(path.parent.name for path in ROOT.glob("integrations/*/pyproject.toml"))

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["tests"]
nox.options.error_on_missing_interpreters = True
# Not uv, even where it is installed: it keeps wheels of local folders by their pyproject.toml alone, and a changed
# module would be tested as it was. (`nox -db uv` is quicker for the frameworks.)
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"

ran: set[str] = set()


def group(name: str) -> list[str]:
    """Returns the requirements of a dependency group in pyproject.toml."""
    return list(nox.project.dependency_groups(SETTINGS, name))


def install_core(session: nox.Session, *also: str, extras: str = "") -> None:
    """Installs the model and the core from the checkout, and what is asked for beside them, in one resolution."""
    session.install(f"./{MODEL}", "-e", f"./core{extras}", *also)


def pytest(session: nox.Session, *args: str) -> None:
    """Runs pytest with the settings of the root, wherever the tests are, over a data folder that starts empty."""
    data = Path(session.create_tmp()) / "memlayer"
    shutil.rmtree(data, ignore_errors=True)
    config = ("--config-file", "pyproject.toml", "--rootdir", ".")
    session.run("python", "-m", "pytest", *config, *args, *session.posargs, env={"MEMLAYER_DIR": str(data)})


@nox.session
def tests(session: nox.Session) -> None:
    """Tests core, contracts, documents and the rules of the house: no framework, no server."""
    ran.add("tests")
    install_core(session, *group("test"), extras="[documents]")
    pytest(session, "-m", "not slow and not servers", *test_folders(session))


@nox.session(tags=["ci"])
def lint(session: nox.Session) -> None:
    """Checks style and format; ``nox -s lint -- --fix`` mends what can be mended."""
    ran.add("lint")
    session.install(*group("lint"))
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []), ".")
    session.run("ruff", "format", *([] if fix else ["--check"]), ".")


@nox.session(tags=["ci"])
def types(session: nox.Session) -> None:
    """Checks the types of the core and of the packages beside it, strictly."""
    ran.add("types")
    if sys.version_info < (3, 11):
        session.skip("the newest NumPy, whose types are the ones checked against, needs Python 3.11 or newer")
    install_core(session, *group("types"), *group("test"))
    session.run("mypy", "core/src", *(str(path.relative_to(ROOT) / "src") for path in PACKAGES))


@nox.session(tags=["ci"])
def slow(session: nox.Session) -> None:
    """Runs the tests marked slow: wheels into an empty environment, the README's first command, long properties."""
    ran.add("slow")
    install_core(session, *group("test"), "uv", extras="[documents]")
    # The workspace as a whole has a solution, for those who work with uv.
    session.run("uv", "lock", "--dry-run", silent=True)
    pytest(session, "-m", "slow and not servers", *test_folders(session))


if ADAPTERS:

    @nox.session(tags=["ci"])
    @nox.parametrize("adapter", ADAPTERS, ids=ADAPTERS)
    def adapters(session: nox.Session, adapter: str) -> None:
        """Tests one adapter and its README with the newest framework that it allows, and checks its types."""
        ran.add("adapters")
        folder = f"integrations/{adapter}"
        install_core(session, "-e", f"./{folder}[test]", *group("test"), *group("types"))
        if sys.version_info >= (3, 11):
            session.run("mypy", f"{folder}/src")
        readme = f"tests/test_documents.py::test_the_blocks_of_a_page_run[{folder}/README.md]"
        pytest(session, "-m", "not servers", f"{folder}/tests", readme)

    @nox.session(name="adapters-lowest")
    @nox.parametrize("adapter", ADAPTERS, ids=ADAPTERS)
    def adapters_lowest(session: nox.Session, adapter: str) -> None:
        """Tests one adapter with the oldest versions that it says it works with."""
        ran.add("adapters-lowest")
        folder = f"integrations/{adapter}"
        session.install("uv")
        # pip can only take the newest. uv would keep the model's wheel by its pyproject.toml alone.
        uv = ("uv", "pip", "install", "--python", session.virtualenv.location, "--reinstall-package", "memlayer-minilm")
        targets = (f"./{MODEL}", "-e", "./core", "-e", f"./{folder}[test]", *group("test"))
        session.run(*uv, "--resolution", "lowest-direct", *targets)
        pytest(session, "-m", "not servers", f"{folder}/tests")

    @nox.session(tags=["ci"])
    def frameworks(session: nox.Session) -> None:
        """Tests one memory in five frameworks, in one environment, and the examples; ``-- -m servers`` on servers."""
        ran.add("frameworks")
        install_core(session, *every_adapter(), *group("test"), extras="[weaviate,neo4j,documents]")
        pytest(session, "-m", "not servers", "tests/frameworks", "tests/test_documents.py::test_an_example_runs")


CLIENTS = {
    "openai2": ("openai>=2.30,<3", "litellm>=1.80,!=1.107.*,<2"),
    "openai3": ("openai>=3,<4", "langchain-openai>=1.1,<2", "onnx>=1.17"),
}


@nox.session(tags=["ci"])
@nox.parametrize("clients", list(CLIENTS), ids=list(CLIENTS))
def models(session: nox.Session, clients: str) -> None:
    """Tests language models and embedders through the real clients, against the scripted server."""
    ran.add("models")
    install_core(session, *CLIENTS[clients], *group("test"), extras="[onnx,documents]")
    commands = ("core/tests/cli/test_files.py", "core/tests/cli/test_doctor.py")
    pytest(session, "core/tests/llm", "core/tests/documents", *commands, "tests/test_end_to_end.py")


@nox.session(tags=["ci"])
def stores(session: nox.Session) -> None:
    """Tests LangChain's vector stores as the index of a memory: Chroma, FAISS, Qdrant and one that nobody knows."""
    ran.add("stores")
    kinds = ("langchain-chroma>=1,<2", "langchain-community>=0.4,<0.5", "faiss-cpu>=1.12", "langchain-qdrant>=1,<2")
    install_core(session, *kinds, *group("test"))
    pytest(session, "core/tests/stores")


if (ROOT / "tools" / "servers").exists():

    @nox.session(tags=["ci"])
    def servers(session: nox.Session) -> None:
        """Runs the tests marked servers on a real Weaviate and Neo4j, started and stopped by tools/servers."""
        ran.add("servers")
        on_servers(session, "servers and not slow")

    @nox.session(name="servers-long")
    def servers_long(session: nox.Session) -> None:
        """Kills a server in the middle of a thousand adds, twenty times; then all of it on the newest Neo4j as well."""
        ran.add("servers-long")
        on_servers(session, "servers and slow")
        on_servers(session, "servers and not slow", "--newest-neo4j")

    def on_servers(session: nox.Session, marks: str, *options: str) -> None:
        """Runs the tests with these marks, on servers that are new and go afterwards."""
        install_core(session, *group("test"), extras="[weaviate,neo4j]")
        session.run("python", "tools/servers", "stop")
        session.run("python", "tools/servers", "start", *options)
        try:
            pytest(session, "-m", marks, *test_folders(session))
        finally:
            session.run("python", "tools/servers", "stop")


@nox.session
def docs(session: nox.Session) -> None:
    """Runs every program of README, docs/, examples/ and the adapters' READMEs, with all adapters installed."""
    ran.add("docs")
    install_core(session, *every_adapter(), *group("test"), extras="[documents]")
    pytest(session, "tests/test_documents.py")


@nox.session
def coverage(session: nox.Session) -> None:
    """Measures which lines and branches of the core the default tests reach."""
    ran.add("coverage")
    install_core(session, *group("test"), *group("coverage"), extras="[documents]")
    session.run("coverage", "erase")
    arguments = ("-m", "not slow and not servers", *test_folders(session), *session.posargs)
    session.run("coverage", "run", "-m", "pytest", *arguments)
    session.run("coverage", "combine")
    session.run("coverage", "report")


BENCHMARKS = sorted(path for path in ROOT.glob("benchmarks/**/*.py") if not path.name.startswith(("_", "test_")))

if BENCHMARKS:

    @nox.session
    def bench(session: nox.Session) -> None:
        """Runs the benchmarks of speed, or one of any kind: ``nox -s bench -- benchmarks/speed/limits.py --json``."""
        ran.add("bench")
        extras = "[weaviate,neo4j]" if any("benchmarks/servers" in arg for arg in session.posargs) else "[documents]"
        install_core(session, "-r", "benchmarks/requirements.txt", extras=extras)
        if session.posargs:
            session.run("python", *session.posargs)
            return
        for program in BENCHMARKS:
            # The others need data, servers that run, or frameworks: see there.
            if program.parent.name == "speed" and not program.name.startswith("adapter_"):
                session.run("python", str(program.relative_to(ROOT)))


def every_adapter() -> list[str]:
    """Returns the requirements of all adapters, and of frameworks that share one environment."""
    folders = [part for name in ADAPTERS for part in ("-e", f"./integrations/{name}")]
    return [*folders, "-r", "tests/frameworks/requirements.txt"]


def test_folders(session: nox.Session) -> list[str]:
    """Returns the folders whose tests need no framework; none where the arguments name what is to be run."""
    if any(Path(argument.partition("::")[0]).exists() for argument in session.posargs):
        return []
    folders = [ROOT / "core", *PACKAGES, ROOT]
    return [str((folder / "tests").relative_to(ROOT)) for folder in folders if (folder / "tests").is_dir()]


def say_what_did_not_run() -> None:
    """Names the checks that a run of the tests left out, as the last line of its output."""
    if "tests" not in ran:
        return
    every = "lint types slow adapters adapters-lowest frameworks models stores servers servers-long docs coverage bench"
    left = [name for name in every.split() if name not in ran and name.replace("-", "_") in globals()]
    if left:
        print(f"Not run: {', '.join(left)}. Run one with: nox -s NAME", file=sys.stderr, flush=True)


atexit.register(say_what_did_not_run)
