"""On which machines people and workers were, as the entries say that they made: whose keys may lie within reach of
somebody who leaves.

A machine is an opaque id; its user tells whether one can read what the other keeps there. It is what machines said
of themselves: somebody who hides where a worker was set up is found by nobody."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from socialguard.audit import usage
from socialguard.workspace import access, acknowledging

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest


class Reach(StrEnum):
    """Why a worker's keys may be within somebody's reach."""

    KEYS = "keys"
    """Made on their machine, or used there by the same user of it."""
    MACHINE = "machine"
    """Used on a machine on which they worked, by another user of it."""
    UNKNOWN = "unknown"
    """It never said anything: nobody knows on which machine they lie."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that still works, and why its keys may be within reach."""

    id: str
    reach: Reach


def workers_near(connection: Connection, manifest: "Manifest", member_id: str) -> tuple[Worker, ...]:
    """Return the workers of a manifest whose keys may be within a member's reach."""
    made = access.worker_made_by(connection, member_id)
    mine = usage.places(connection, member_id)
    machines = {host for host, _ in mine}
    found = []
    for worker in manifest.workers:
        places = usage.places(connection, worker, acknowledging.ACTION)
        if worker == made or places & mine:
            found.append(Worker(worker, Reach.KEYS))
        elif any(host in machines for host, _ in places):
            found.append(Worker(worker, Reach.MACHINE))
        elif not places:
            found.append(Worker(worker, Reach.UNKNOWN))
    return tuple(found)
