"""A foreign ``memlayer`` beside ours is named; anything else is not. Real wheels meet in tests/test_wheels.py."""

import sys
from pathlib import Path

import pytest

from memlayer._clash import clash
from memlayer.cli import main


@pytest.mark.parametrize(
    "entry", ["memlayer-0.1.8.dist-info", "memlayer-0.1.8-py3.11.egg-info", "memlayer-0.1.8.egg-info"]
)
def test_a_foreign_distribution_is_named_with_the_mend(entry: str, tmp_path: Path) -> None:
    (tmp_path / "memlayer_core-0.1.0.dist-info").mkdir()
    (tmp_path / entry).mkdir()
    said = clash(str(tmp_path))
    assert said is not None
    assert "memlayer 0.1.8," in said
    assert "pip uninstall --yes memlayer && pip install --force-reinstall --no-deps memlayer-core" in said


@pytest.mark.parametrize(
    "entry",
    ["memlayer_core-0.1.0.dist-info", "memlayer_minilm-0.1.0.dist-info", "memlayer-core-0.1.0.egg-info", "memlayer",
     "memlayer-0.1.8.whl", "memlayer.dist-info", "amemlayer-1.0.dist-info"],
)  # fmt: skip
def test_what_is_ours_or_another_s_is_no_clash(entry: str, tmp_path: Path) -> None:
    (tmp_path / entry).mkdir()
    assert clash(str(tmp_path)) is None


def test_a_package_that_lies_in_no_folder_has_no_clash(tmp_path: Path) -> None:
    assert clash(str(tmp_path / "bundle.zip")) is None


def test_by_default_the_folder_around_the_package_is_looked_into() -> None:
    assert clash() is None


def test_an_installation_that_lost_files_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Uninstalling the other package takes the files that both had along."""
    monkeypatch.setitem(sys.modules, "memlayer.cli.app", None)
    assert main(["doctor"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: files of memlayer-core are missing (")
    assert "Mend: pip install --force-reinstall --no-deps memlayer-core" in said


def test_a_missing_package_of_others_is_their_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "memlayer.cli.app", raising=False)
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(ImportError, match="click"):
        main(["doctor"])
