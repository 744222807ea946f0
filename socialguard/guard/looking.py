"""Asking where links lead, several at a time and never for long: a slow server is told of, not waited for."""

import queue
import threading
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from socialguard.guard.interface import LinkLooker, Reached

SECONDS: Final = 10.0
"""How long all links of a request may take together."""
AT_ONCE: Final = 8
MOST: Final = 40
"""Links that are looked up for one request."""


def reach_all(looker: LinkLooker, urls: Sequence[str], seconds: float = SECONDS) -> Mapping[str, Reached]:
    """Return where each link leads; one that did not answer in `seconds`, or is beyond the `MOST`, says so."""
    asked = list(urls[:MOST])
    answers: queue.SimpleQueue[tuple[str, Reached]] = queue.SimpleQueue()
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for url in asked:
        waiting.put(url)
    for _ in range(min(AT_ONCE, len(asked))):
        # A daemon: a name server that never answers must not keep the program from ending.
        threading.Thread(target=_work, args=(looker, waiting, answers), daemon=True).start()
    found: dict[str, Reached] = {}
    end = monotonic() + seconds
    while len(found) < len(asked) and (left := end - monotonic()) > 0:
        try:
            url, reached = answers.get(timeout=left)
        except queue.Empty:
            break
        found[url] = reached
    return {url: found.get(url, Reached("", problem="it did not answer in time")) for url in urls}


def _work(
    looker: LinkLooker, waiting: "queue.SimpleQueue[str]", answers: "queue.SimpleQueue[tuple[str, Reached]]"
) -> None:
    while True:
        try:
            url = waiting.get_nowait()
        except queue.Empty:
            return
        answers.put((url, looker.reach(url)))
