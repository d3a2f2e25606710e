"""The skeleton that tools/new_adapter.py makes keeps the rules of the house, and the contract, as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT
from test_house import adapter_problems


def make(host: str, into: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "new_adapter.py"), host, "--into", str(into)]
    options = ["--requires", "agno>=3.1,<4", "--imports", "agno"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("integrations")
    done = make("some-host", into)
    assert done.returncode == 0, done.stderr
    return into / "memlayer-some-host"


def test_the_skeleton_keeps_the_rules(folder: Path) -> None:
    assert list(adapter_problems(folder)) == []
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert '"agno>=3.1,<4"' in (folder / "pyproject.toml").read_text(encoding="utf-8")


def test_the_contract_of_the_skeleton_passes(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", str(folder)]
    path = os.pathsep.join([str(folder / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_folder_that_is_there_and_a_wrong_name_are_refused(folder: Path) -> None:
    assert "FileExistsError" in make("some-host", folder.parent).stderr
    assert "lower case" in make("Some_Host", folder.parent).stderr
