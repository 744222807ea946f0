"""Holding what accounts show against what was queued on them: nothing twice, nothing out of order, none lost."""

import json
from collections import defaultdict
from collections.abc import Sequence

from socialguard.ledger import reader
from socialguard.model.delivery import State
from tests.office import Office


def states(office: Office) -> dict[tuple[str, str], str]:
    """Return the state of every delivery by account and text."""
    with office.entered() as workspace, workspace.database.read() as connection:
        accounts = workspace.names(connection)
        found = reader.page(connection, limit=100_000)
        return {(accounts[row.account_id], json.loads(row.content)["text"]): row.state for row in found}


def problems(office: Office, texts: Sequence[str]) -> list[str]:
    """Return what is wrong at the end; `texts` in the order in which each account must show them.

    Nothing may wait any more. What a kill struck before it was public is told, and waits for a person: as unknown
    on X, where no timeline proves that it is not public, as failed on Facebook, where it is proved."""
    public = _public(office)
    wrong = []
    for (account, text), state in states(office).items():
        copies = public[account].count(text)
        if copies > 1:
            wrong.append(f"{account}: {text}: {copies} copies")
        told = State.UNKNOWN if account.startswith("x:") else State.FAILED
        if (state, copies) not in ((State.SENT, 1), (told, 0)):
            wrong.append(f"{account}: {text}: {state} with {copies} copies")
    wanted = {text: number for number, text in enumerate(texts)}
    for account, shown in public.items():
        if [wanted[text] for text in shown] != sorted(wanted[text] for text in shown):
            wrong.append(f"{account}: out of order: {shown}")
    return wrong


def is_quiet(office: Office) -> bool:
    """Whether nothing waits to be sent, is being sent, or is still to be found out."""
    public = _public(office)
    return not any(
        state in (State.QUEUED, State.SENDING)
        or (state == State.UNKNOWN and (not account.startswith("x:") or text in public[account]))
        for (account, text), state in states(office).items()
    )


def _public(office: Office) -> dict[str, list[str]]:
    """Return the texts that each account shows, oldest first."""
    public: dict[str, list[str]] = defaultdict(list)
    for post in office.sandbox.posts():
        if post["published"] and not post["deleted"]:
            public[f"{post['network']}:@{post['account']}"].append(post["text"])
    return public
