"""A log that was begun, its key, and pins kept in memory."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from socialguard.audit.interface import Actor, Entry, Tree
from socialguard.audit.log import AuditLog
from socialguard.store.database import Database

if TYPE_CHECKING:
    from tests.audit.world import World

ORG = "0123456789abcdef"
ACTOR = Actor("m-1", "person", "cli")


@dataclass
class Key:
    """A signer over a key in memory."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)

    def here(self, connection: Connection) -> "Key":
        """Find this key, whatever a transaction lists."""
        return self


@dataclass
class Pins:
    """Pins in memory."""

    tree: Tree | None = None

    def pinned_tree(self) -> Tree | None:
        return self.tree

    def pin_tree(self, tree: Tree) -> None:
        self.tree = tree


@pytest.fixture
def log(database: Database) -> AuditLog:
    made = AuditLog(ORG)
    with database.write() as connection:
        made.start(connection, Entry("workspace.init", "done", ACTOR, reason="a new workspace"))
    return made


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.fixture
def pins() -> Pins:
    return Pins()


@pytest.fixture
def world(database: Database, log: AuditLog, key: Key, pins: Pins) -> "World":
    from tests.audit.world import make_world

    return make_world(database, log, key, pins)
