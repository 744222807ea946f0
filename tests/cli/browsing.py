"""A browser that is played: on this screen, or on a phone where nothing listens."""

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.office import Done, Office


class Browser:
    """Plays the browser: follows the consent page to wherever it sends us, in a thread of its own."""

    def __init__(self) -> None:
        self.visited: list[str] = []
        self.pages: list[str] = []
        self.change: Callable[[str], str] = lambda url: url
        self._threads: list[threading.Thread] = []

    def open(self, url: str) -> bool:
        """Stand in for `webbrowser.open`."""
        self.visited.append(url)
        thread = threading.Thread(target=self._follow, args=(self.change(url),), daemon=True)
        self._threads.append(thread)
        thread.start()
        return True

    def _follow(self, url: str) -> None:
        with urllib.request.urlopen(url, timeout=20) as answered:
            self.visited.append(answered.url)
            self.pages.append(answered.read().decode())

    def join(self) -> None:
        """Wait until every page was read."""
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    one = Browser()
    monkeypatch.setattr("webbrowser.open", one.open)
    yield one
    one.join()


def consent(url: str) -> str:
    """Follow a consent page as a browser on a phone does; return the address that nobody listens on."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_arguments: Any) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(url, timeout=20) as page:
            return str(page.read().decode())
    except urllib.error.HTTPError as answered:
        return str(answered.headers["Location"])


def said_and_stored(office: Office, done: Done) -> bytes:
    """Everything that a run left: both streams, and every file of workspace and identity."""
    files = b"".join(path.read_bytes() for path in office.base.rglob("*") if path.is_file())
    return (done.stdout + done.stderr).encode() + files
