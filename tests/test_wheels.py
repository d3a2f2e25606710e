"""What a user installs: wheels without the repository, and the first minute from a bare copy of it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from repository import ROOT, files

pytestmark = pytest.mark.slow

MODEL = ROOT / "packages" / "memlayer-minilm"
MOST_DISTRIBUTIONS = 12
MOST_BYTES = 130_000_000
# pip and what an environment begins with are no part of memlayer.
BEGINNING = {"pip", "setuptools", "wheel"}


def environment(home: Path) -> dict[str, str]:
    """Returns the variables of a user who has only a home: no way back to this test run or the repository."""
    dropped = ("MEMLAYER_DIR", "PYTHON", "VIRTUAL_ENV", "COV", "NOX")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    # The model's cache and pip's stay those of the machine: a build without a network is a test of the model's own.
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return kept | {"HOME": str(home), "XDG_CACHE_HOME": cache, "PYTHONUTF8": "1", "PIP_NO_INPUT": "1"}


def call(*command: str | Path, home: Path, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd or home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels of the core and its model, each built from a copy of its folder alone."""
    folder = tmp_path_factory.mktemp("wheels")
    for project in (MODEL, ROOT / "core"):
        copy = folder / "source" / project.name
        for path in files():
            if path.is_relative_to(project):
                target = copy / path.relative_to(project)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, copy, home=folder)
    return folder


@pytest.fixture(scope="module")
def user(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an environment in .venv that holds the wheels and what they need."""
    home = tmp_path_factory.mktemp("user")
    call(sys.executable, "-m", "venv", home / ".venv", home=home)
    call(home / ".venv/bin/pip", "install", "-q", *sorted(wheels.glob("*.whl")), home=home)
    return home


def test_the_core_s_wheel_holds_the_package_and_nothing_else(wheels: Path) -> None:
    (wheel,) = wheels.glob("memlayer_core-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"memlayer/__init__.py", "memlayer/py.typed", "memlayer/memory.py", "memlayer/cli/__init__.py"} <= names
    assert {name.split("/")[0] for name in names} == {"memlayer", wheel.name.split("-py3")[0] + ".dist-info"}
    package = ROOT / "core" / "src"
    ours = {str(path.relative_to(package)) for path in files() if path.is_relative_to(package)}
    assert {name for name in names if name.startswith("memlayer/")} == ours


def test_an_installation_is_small(user: Path) -> None:
    listed = json.loads(call(user / ".venv/bin/pip", "list", "--format", "json", home=user))
    names = sorted({entry["name"] for entry in listed} - BEGINNING)
    assert {"memlayer-core", "memlayer-minilm"} <= set(names)
    assert len(names) <= MOST_DISTRIBUTIONS, names
    site = next((user / ".venv/lib").glob("python*/site-packages"))
    begun = [folder for name in BEGINNING for folder in (site / name, *site.glob(f"{name}-*"))]
    size = sum(
        path.stat().st_size
        for path in site.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not any(path.is_relative_to(folder) for folder in begun)
    )
    assert size < MOST_BYTES, f"{size / 1e6:.0f} MB"


def test_the_installed_package_is_the_one_that_runs(user: Path) -> None:
    where = call(user / ".venv/bin/python", "-c", "import memlayer; print(memlayer.__file__)", home=user)
    assert Path(where.strip()).is_relative_to(user / ".venv")


def test_doctor_is_content_with_an_installation(user: Path) -> None:
    assert call(user / ".venv/bin/memlayer", "doctor", home=user)


def test_an_installation_checks(user: Path) -> None:
    call(user / ".venv/bin/pip", "check", home=user)


def test_a_foreign_memlayer_is_named_whichever_came_first(wheels: Path, user: Path, tmp_path: Path) -> None:
    foreign = foreign_wheel(tmp_path)
    (core,) = wheels.glob("memlayer_core-*.whl")
    pip = [user / ".venv/bin/pip", "-q"]
    where = "import memlayer; print(memlayer.__file__)"
    try:
        # Ours, then theirs: their __init__ has replaced ours, and the command still says so.
        call(*pip, "install", "--no-deps", foreign, home=user)
        assert "theirs" in call(user / ".venv/bin/python", "-c", "import memlayer; print(memlayer.WHOSE)", home=user)
        assert_doctor_names_it(user)
        # Theirs, then ours: an import of ours says so.
        call(*pip, "install", "--no-deps", "--force-reinstall", core, home=user)
        python = [user / ".venv/bin/python", "-W", "always", "-c", where]
        done = subprocess.run(python, env=environment(user), cwd=user, capture_output=True, text=True, check=False)
        assert "memlayer 9.9" in done.stderr
        assert "pip uninstall --yes memlayer" in done.stderr
        assert_doctor_names_it(user)
    finally:
        # The mend that the message gives, in its order.
        call(*pip, "uninstall", "--yes", "memlayer", home=user)
        call(*pip, "install", "--no-deps", "--force-reinstall", core, home=user)
    assert "memlayer 9.9" not in call(user / ".venv/bin/memlayer", "doctor", home=user)


def assert_doctor_names_it(user: Path) -> None:
    doctor = [user / ".venv/bin/memlayer", "doctor"]
    done = subprocess.run(doctor, env=environment(user), cwd=user, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert "memlayer 9.9" in said
    assert "pip uninstall --yes memlayer" in said


def foreign_wheel(folder: Path) -> Path:
    """Makes a wheel of another project's ``memlayer`` that overwrites the files which the real one overwrites."""
    path = folder / "memlayer-9.9-py3-none-any.whl"
    info = "memlayer-9.9.dist-info"
    members = {
        "memlayer/__init__.py": "WHOSE = 'theirs'\n",
        "memlayer/client.py": "",
        "memlayer/config.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: memlayer\nVersion: 9.9\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*members, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_the_first_command_of_the_readme_runs_in_a_bare_copy(tmp_path: Path) -> None:
    """No git history, no environment, no memory: the copy, python3 and the command, twice."""
    copy = tmp_path / "memlayer"
    for path in files():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    command = next(line for line in lines if line.startswith("python3 -m venv .venv && "))
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python3").symlink_to(sys.executable)
    home = tmp_path / "home"
    home.mkdir()
    command = f'PATH="{tools}:$PATH"; {command}'
    first = call("bash", "-euo", "pipefail", "-c", command, home=home, cwd=copy)
    assert len(first.splitlines()) > 20
    assert call(copy / ".venv/bin/memlayer", "demo", home=home, cwd=copy)
