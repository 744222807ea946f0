"""The person's browser in a login: it is shown an address, and comes back with another, which holds a code.

That second address is never printed, logged or kept. It comes to a listener on this machine, or is pasted where
the browser is elsewhere: on a phone, or on the computer in front of a server."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from socialguard import errors
from socialguard.cli import loopback, terminal
from socialguard.cli.face import Face
from socialguard.cli.words import _
from socialguard.model.credential import guard

PORT: Final = 8741
PATH: Final = "/callback"
_DOCUMENT_LIMIT: Final = 64 * 1024
_ANSWER_LIMIT: Final = 16 * 1024


class Begun(Protocol):
    """A login under way, as the adapters return it."""

    @property
    def url(self) -> str:
        """The address for the browser."""
        ...

    @property
    def state(self) -> str:
        """What the answer must carry."""
        ...


B = TypeVar("B", bound=Begun)


@dataclass(frozen=True, slots=True)
class Way:
    """How the browser is reached: with `no_browser` nothing is opened or listened for, and the address that it
    comes back to, `redirect_uri` or the one that a listener on `port` would have, is pasted."""

    no_browser: bool = False
    port: int = PORT
    redirect_uri: str | None = None

    def __str__(self) -> str:
        return "paste" if self.no_browser else "browser"


def go(face: Face, way: Way, begin: Callable[[str], B]) -> tuple[B, str]:
    """Begin a login with the address to come back to, show it, and return it with the address it came back with.

    Raises Busy where the port is taken, LoginTimedOut after five minutes, UsageError where nothing was pasted."""
    if way.redirect_uri is not None and not way.no_browser:
        raise errors.UsageError(detail="--redirect-uri goes with --no-browser: nothing listens there.")
    if way.no_browser:
        begun = begin(way.redirect_uri or f"http://{loopback.HOST}:{way.port}{PATH}")
        show(face, begun.url, opened=False)
        return begun, answer(face, _("Paste the whole address of the page that you come to:"))
    with loopback.Listener.open(way.port, PATH) as listener:
        begun = begin(listener.redirect_uri)
        show(face, begun.url, opened=True)
        returned = listener.wait(
            begun.state, _("Done here. Close this page and go back to the terminal."), limit=loopback.LIMIT
        )
        return begun, returned.reveal()


def show(face: Face, url: str, *, opened: bool) -> None:
    """Tell the person where to log in, on stderr, and open it where there is a browser on this screen."""
    face.printer.note("Log in here, as the account that you mean:")
    face.printer.note_line(f"  {url}")
    if opened and _has_screen():
        import webbrowser

        webbrowser.open(url)


def answer(face: Face, question: str) -> str:
    """Return what the person types after `question` (nothing shows), or without a terminal the next line of stdin.

    Raises UsageError where it is empty."""
    if face.has_terminal:
        given = terminal.ask_secret(question)
    else:
        face.printer.note_line(question)
        given = sys.stdin.buffer.readline(_ANSWER_LIMIT).decode("utf-8", "replace").strip()
        guard([given])
    if not given.strip():
        raise errors.UsageError(detail="Nothing was given. Nothing was added.")
    return given


def app_document(place: str) -> dict[str, str]:
    """Return the keys of an app: the JSON object in a file, or the first one on stdin (`-`), of which the rest is
    left for an answer. No value of it is ever repeated.

    Raises UsageError where it is not an object of texts of at most 64 KiB, Unreadable."""
    try:
        found = _first_on_stdin() if place == "-" else _parsed(_head(Path(place)))
    except OSError as problem:
        raise errors.Unreadable(
            path=place, detail=problem.strerror or "it cannot be opened.", remedy="Check --app."
        ) from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise errors.UsageError(
            detail="The app's keys are not a JSON object of texts.", remedy="docs/cli.md shows the documents."
        )
    guard(value for name, value in found.items() if name.endswith("_secret"))
    return found


def _first_on_stdin() -> object:
    data = b""
    while len(data) <= _DOCUMENT_LIMIT and (line := sys.stdin.buffer.readline(_DOCUMENT_LIMIT)):
        data += line
        found = _parsed(data)
        if found is not None:
            return found
    return None


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data) if len(data) <= _DOCUMENT_LIMIT else None
    except (ValueError, RecursionError):
        return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_DOCUMENT_LIMIT + 1)


def _has_screen() -> bool:
    """Whether a browser would open a window; one for text would take the terminal away from us."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
