"""Threads: sent in order, each part once; what stops one is told, and it can be resumed."""

from typing import Any, Final

import pytest

from socialguard.publishing import crash
from tests.attacker import sql
from tests.fork_server import ForkServer
from tests.office import Done, Office

PARTS: Final = ("First part", "Second part", "Third part")
IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3610s"}
CONFIRMED: Final = ("--confirm", "x:@acme", "--json")


def thread_words(*more: str, parts: tuple[str, ...] = PARTS, account: str = "x:@acme") -> list[str]:
    """The command line that posts a thread."""
    then = [word for part in parts[1:] for word in ("--then", part)]
    return ["post", parts[0], *then, "--to", account, "--confirm", account, "--grace", "0", "--json", *more]


def public(office: Office) -> list[tuple[str, str | None]]:
    """The text of each public post, oldest first, and the text of the one that it answers."""
    posts = [post for post in office.sandbox.posts("x") if post["published"] and not post["deleted"]]
    texts = {post["id"]: post["text"] for post in posts}
    return [(post["text"], texts.get(post["reply_to"])) for post in posts]


def chained(parts: tuple[str, ...] = PARTS) -> list[tuple[str, str | None]]:
    """What is public when a thread went out whole."""
    return [(part, parts[place - 1] if place else None) for place, part in enumerate(parts)]


def states(office: Office) -> list[str]:
    """The states of the parts, by their place; of one that was made anew the newest."""
    rows = sql(office, "select content, state from delivery where state <> 'cancelled' order by created_at")
    import json

    found = {json.loads(content)["thread_position"]: state for content, state in rows}
    return [found[place] for place in sorted(found)]


def fault(office: Office, kind: str, after: int = 1, **more: Any) -> None:
    """Let the post after so many others go wrong."""
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": kind, "after": after, **more}])


def test_the_parts_of_a_thread_answer_each_other(office: Office) -> None:
    done = office.cli(*thread_words())
    assert done.code == 0, done
    assert public(office) == chained()
    assert [one["thread"]["part"] for one in done.deliveries] == [1, 2, 3]
