"""A network is found by its entry point, and no other package can stand in for one of ours."""

import sys
from pathlib import Path

import pytest

from socialguard.networks import interface, x


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package, found before ours, that claims x and brings a network of its own."""
    about = tmp_path / "aaa_foreign-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: aaa-foreign\nVersion: 1.0\n")
    points = "[socialguard.networks]\nx = foreign_network:Foreign\nfarcaster = foreign_network:Foreign\n"
    (about / "entry_points.txt").write_text(points)
    (tmp_path / "foreign_network.py").write_text("class Foreign:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "foreign_network", raising=False)


@pytest.mark.usefixtures("foreign")
def test_a_network_of_another_package_is_found() -> None:
    assert type(interface.load("farcaster")).__name__ == "Foreign"
    assert {"x", "facebook", "farcaster"} <= set(interface.names())


@pytest.mark.usefixtures("foreign")
def test_another_package_cannot_stand_in_for_ours() -> None:
    assert type(interface.load("x")).__module__ == x.__name__
