"""The firm, and terminals on it: opened once for each worker, as a new workspace knows no context."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.office import Office
from tests.wrong_account.firm import firm
from tests.wrong_account.terminal import Terminal

__all__ = ["firm"]


@pytest.fixture(scope="session")
def idle_terminals() -> Iterator[list[Terminal]]:
    """Terminals that no test uses."""
    idle: list[Terminal] = []
    yield idle
    for one in idle:
        one.close()


@pytest.fixture
def open_terminal(
    firm: Office, tmp_path: Path, idle_terminals: list[Terminal]
) -> Iterator[Callable[[], Terminal]]:
    """Open terminals on the firm."""
    used: list[Terminal] = []

    def start() -> Terminal:
        one = idle_terminals.pop() if idle_terminals else Terminal(firm, tmp_path / f"terminal{len(used)}")
        one.office = firm
        used.append(one)
        return one

    yield start
    for one in used:
        if one.is_idle and not one.child.closed:
            idle_terminals.append(one)
        else:
            one.close()


@pytest.fixture
def terminal(open_terminal: Callable[[], Terminal]) -> Terminal:
    """One terminal on the firm."""
    return open_terminal()
