"""The language of these tests is English unless one says otherwise."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from socialguard.cli import words
from tests.cli.spawned import Spawned


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "COLUMNS", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    words.look_in(lambda: tmp_path)
    yield
    words.look_in(lambda: tmp_path)


@pytest.fixture
def in_terminal(tmp_path: Path) -> Iterator[Callable[[str], Spawned]]:
    """Run Python code in a real terminal of its own."""
    started: list[Spawned] = []

    def start(code: str, **environment: str) -> Spawned:
        one = Spawned(code, tmp_path, environment)
        started.append(one)
        return one

    yield start
    for one in started:
        one.child.close(force=True)
        assert isinstance(one.child, pexpect.spawn)
