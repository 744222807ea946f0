"""An office whose accounts have a past that tells them apart."""

import random
from datetime import timedelta

import pytest

from socialguard import clock
from socialguard.model.activity import Stream
from socialguard.workspace import affinity
from tests.archive.world import Network, back_up, item
from tests.guard.affinity.writers import VOCABULARIES
from tests.office import Office, office

__all__ = ["office"]

WRITES = {"x:@acme": "x:@shop", "x:@globex": "x:@sport"}
"""Accounts of the office, and whose words they use."""
POSTS = 60


def past(office: Office, account: str, posts: int = POSTS, *, foreign: int = 0) -> None:
    """Let the archive hold the first `posts` posts of an account, and so many that came since it was added."""
    with office.entered() as workspace:
        found = next(one for one in workspace.accounts() if str(one) == account)
        start = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=40)
        network = Network()
        for number in range(posts + foreign):
            words = random.Random(f"{account} {number}").choices(VOCABULARIES[WRITES[account]], k=7)
            at = start + timedelta(hours=number) if number < posts else clock.now()
            network.items.append(item(number + 1, " ".join(words), created_at=at, author_name=account))
        back_up(workspace.archive, network, Stream.POSTS, found.id)
        workspace.archive.close_pages()


@pytest.fixture
def learned(office: Office) -> Office:
    """The office after a backup of two accounts, which the detector learned."""
    for account in WRITES:
        past(office, account)
    with office.entered() as workspace:
        affinity.refit(workspace)
    return office
