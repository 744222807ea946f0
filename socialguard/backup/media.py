"""The files of own posts: fetched when all else is kept, each one gone on with where it stopped.

A host that cannot be reached is left alone after a few files. Which files those are is left to chance, so that a
few that can never be had keep no other from being fetched, if not in this run then in one of the next.

Only what the account itself published: what others attach is theirs, and kept as an address."""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from socialguard import errors
from socialguard.archive import looking, reader
from socialguard.archive.blobs import Download
from socialguard.archive.reader import Wanted
from socialguard.backup.interface import Desk, Outcome, Stop
from socialguard.model.account import Account
from socialguard.networks import fetch as fetching

MAX_BYTES: Final = 1024 * 1024 * 1024
"""The largest file that is kept."""
_MOST: Final = 100_000
_FAILURES: Final = 3
"""So many files of a host in a row that cannot be had: it is not to be reached now."""


def fetch(desk: Desk, outcome: Outcome, stop: Stop) -> None:
    """Fetch the files of own posts that are not kept yet. A file that cannot be had is counted and left; one whose
    address leads nowhere is not asked for again. Raises what concerns the archive itself."""
    account, failures = outcome.account, Counter[str]()
    with desk.archive.database.read() as connection:
        wanted = [one for one in reader.wanted_files(connection, account.id, _MOST) if one.own]
    random.shuffle(wanted)
    for one in wanted:
        outcome.is_stopped = outcome.is_stopped or stop.is_set()
        if outcome.is_stopped:
            return
        host = _host(one.url)
        if failures[host] >= _FAILURES:
            continue
        try:
            _fetch_one(desk, account, one, stop)
        except errors.Interrupted:
            outcome.is_stopped = True
        except errors.DiskLow:
            outcome.media_wait = True
            return
        except (errors.FileRefused, errors.Unreadable) as problem:
            outcome.files_failed += 1
            failures[host] = 0 if problem.fields.get("gone") else failures[host] + 1
            if problem.fields.get("gone"):
                with desk.archive.database.write() as connection:
                    looking.forget_address(connection, account.id, one.network_id, one.key)
        else:
            outcome.files += 1
            failures[host] = 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # it is refused when it is asked for


def _fetch_one(desk: Desk, account: Account, one: Wanted, stop: Stop) -> None:
    with contextlib.ExitStack() as stack:

        def ask(start: int) -> Download:
            opened = stack.enter_context(fetching.opened(one.url, start, origin=account.origin))
            return Download(opened.start, opened.size, opened.content_type, _until(stop, opened.chunks))

        desk.archive.keep_blob(account.id, one.network_id, one.key, ask, MAX_BYTES, one.url)


def _until(stop: Stop, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What arrives, until the run is told to end: what is here by then stays, and is gone on with."""
    for chunk in chunks:
        yield chunk
        if stop.is_set():
            raise errors.Interrupted(detail="")
