"""A founded workspace database, with one owner and one worker."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from socialguard.model.account import AccountName
from socialguard.registry import enrolment, founding
from socialguard.registry import manifest as manifests
from socialguard.registry.enrolment import NewAccount
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Grant, Member, Right, Role
from socialguard.store.database import Database, create_database
from socialguard.vault.keys import KeyPair


@dataclass
class Office:
    """A founded database and the keys of those who work on it."""

    database: Database
    owner: KeyPair
    worker: KeyPair
    manifest: Manifest

    def add(self, name: str, **fields: object) -> str:
        """Add an account in a transaction of its own and return its id."""
        values: dict[str, object] = {"user_id": f"u-{name}", "origin": "https://api.example.com"} | fields
        values.setdefault("grants", (Grant("w-1", Right.SEND),))
        new = NewAccount(AccountName.parse(name), **values)  # type: ignore[arg-type]
        with self.database.write() as connection:
            self.manifest = enrolment.add(connection, self.owner, self.manifest, new)
        return new.id


def member(member_id: str, keys: KeyPair, role: Role) -> Member:
    """Return the public side of a key pair."""
    return Member(member_id, keys.x25519, keys.ed25519, role)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Give a founded workspace database."""
    database = create_database(f"sqlite:///{tmp_path / 'socialguard.db'}")
    owner, worker = KeyPair.generate(), KeyPair.generate()
    members = [member("m-1", owner, Role.OWNER), member("w-1", worker, Role.WORKER)]
    first, _ = manifests.genesis(members, bytes(32))
    with database.write() as connection:
        founding.found(connection, owner, first, {"m-1": "Marie"})
    yield Office(database, owner, worker, first)
    database.close()
