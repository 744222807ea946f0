"""What `doctor` looks at: each look is one function, says whether all is well, and what a person can do.

It changes nothing, asks no network, and goes on where one look fails."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from socialguard import clock, errors
from socialguard.audit.anchors.publishing import waiting_since
from socialguard.audit.log import SLACK
from socialguard.audit.tree import require_head
from socialguard.canon import jcs
from socialguard.daemon import disk, status
from socialguard.daemon.checkpoints import LONG
from socialguard.model.mfa import weakness
from socialguard.model.text import marked
from socialguard.publishing.skew import Clocks
from socialguard.vault.identity import WORKER
from socialguard.workspace import standing
from socialguard.workspace.opened import Workspace

OK, WARN, BAD = "ok", "warn", "bad"
BACKUP_AGE: Final = timedelta(days=2)
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Sign:
    """What one look found: `state` is `ok`, `warn` or `bad`; `detail` and `remedy` are sentences for a person,
    the remedy empty where all is well."""

    name: str
    state: str
    detail: str
    remedy: str = ""


def examine(workspace: Workspace) -> tuple[Sign, ...]:
    """Return every sign, in the order in which a person should read them."""
    signs: list[Sign] = []
    for name, look in LOOKS.items():
        try:
            found = [Sign(name, *one) for one in look(workspace)]
        except errors.SocialGuardError as problem:
            found = [Sign(name, BAD, problem.message(), problem.what_to_do())]
        signs += found or [Sign(name, OK, _WELL)]
    return tuple(signs)


_Found = Iterator[tuple[str, str, str]]
_WELL: Final = marked("All is well.")


def _clock(workspace: Workspace) -> _Found:
    with workspace.database.read() as connection:
        newest = require_head(connection).last_ts
    if newest > jcs.timestamp(clock.now() + SLACK):
        yield BAD, marked("This machine's clock is behind the newest entry of the log."), _SET_CLOCK
    clocks = Clocks(workspace.layout.clocks)
    for network in sorted({one.network for one in workspace.accounts()}):
        if clocks.is_doubtful(network):
            yield BAD, f"This machine's clock differs from that of {network}.", _SET_CLOCK


def _disk(workspace: Workspace) -> _Found:
    filling = disk.forecast(workspace.layout)
    problem = filling.problem()
    if problem is not None:
        yield BAD if filling.is_urgent else WARN, f"{problem[0].upper()}{problem[1:]}.", _MAKE_ROOM
    layout = workspace.layout
    places = (layout.home, layout.database, layout.archive_index, workspace.identity.place)
    closed = [path for path in places if path.exists() and not os.access(path, os.W_OK)]
    if closed:
        yield BAD, f"{closed[0]} cannot be written.", _OPEN_UP


def _permissions(workspace: Workspace) -> _Found:
    place = workspace.identity.place
    for path in (place, *sorted(one for one in place.rglob("*") if not one.is_symlink())):
        if _mode(path) & 0o077:
            yield BAD, f"Others may read {path.name} in the identity directory.", _CLOSE
    for path in (workspace.layout.home, workspace.layout.settings):
        if path.exists() and _mode(path) & stat.S_IWOTH:
            yield BAD, f"Anybody may write {path.name}.", _CLOSE


def _keyring(workspace: Workspace) -> _Found:
    """Whether the keys of this machine open: its worker's, or on a machine without one its member's."""
    try:
        assert (workspace.keys.worker if workspace.identity.has(WORKER) else workspace.keys.member)() is not None
    except (errors.Locked, errors.Unreadable, errors.NotFound) as problem:
        yield WARN, problem.message(), problem.what_to_do()


def _memory(workspace: Workspace) -> _Found:
    try:
        import resource
    except ImportError:  # not a Unix
        yield WARN, marked("This system does not say whether it writes core dumps."), ""
        return
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        yield BAD, marked("A crash would write the memory of this program, keys included, to a file."), _NO_CORES


def _networks(workspace: Workspace) -> _Found:
    """What the networks said when they were asked last: of an API version that is not the pinned one, too."""
    with workspace.database.read() as connection:
        registry = workspace.signed.books(connection).registry
        known = [(one, registry.facts(connection, one.id)) for one in registry.all(connection)]
    for account, facts in known:
        if facts.inspection is None:
            yield WARN, f"The network was never asked what the credential of {account} may do.", _VERIFY
            continue
        for warning in json.loads(facts.inspection).get("warnings", []):
            yield WARN, f"{account}: {warning}", _VERIFY


def _tokens(workspace: Workspace) -> _Found:
    for one in standing.read(workspace, workspace.accounts()):
        if one.credential != "ok":
            state = WARN if one.credential == "ends" else BAD
            yield state, f"The credential of {one.account} is not well: {one.credential}.", _ROTATE


def _mfa(workspace: Workspace) -> _Found:
    now = clock.now()
    weak: dict[str, list[str]] = {}
    for one in workspace.accounts():
        found = weakness(one.mfa, now)
        if found is not None:
            weak.setdefault(found[0].format_map(found[1]), []).append(str(one))
    for sentence, names in weak.items():
        more = f" (+{len(names) - _NAMED})" if len(names) > _NAMED else ""
        yield WARN, f"{', '.join(names[:_NAMED])}{more}: {sentence}.", _ATTEST


def _backups(workspace: Workspace) -> _Found:
    if not standing.knows_backups(workspace):
        yield (
            WARN,
            marked("The archive belongs to another user: how old its backups are is not told here."),
            _AS_THEM,
        )
        return
    line = clock.now() - BACKUP_AGE
    for one in standing.read(workspace, workspace.accounts()):
        if one.backup_at is None:
            yield WARN, f"{one.account} was never backed up.", _BACK_UP
        elif one.backup_at < line:
            yield WARN, f"The newest backup of {one.account} is of {one.backup_at:%Y-%m-%d}.", _BACK_UP


def _anchors(workspace: Workspace) -> _Found:
    if not any(one.outside for one in workspace.anchors):
        yield WARN, marked("No anchor outside this machine holds the audit log."), _ADD_ANCHOR
    line = jcs.timestamp(clock.now() - LONG)
    for name in workspace.anchor_names:
        since = waiting_since(workspace.database, name)
        if since is not None and since < line:
            yield BAD, f"The anchor {name} has taken nothing since {since[:16].replace('T', ' ')} UTC.", _REACH


def _recovery(workspace: Workspace) -> _Found:
    with workspace.database.read() as connection:
        if not workspace.signed.books(connection).manifest.recovery:
            yield WARN, marked("There is no recovery kit: with these keys everything would be lost."), _MAKE_KIT


def _daemon(workspace: Workspace) -> _Found:
    with workspace.database.read() as connection:
        found = status.read(connection)
    if not found.alive:
        yield WARN, marked("No daemon works: what is planned goes out only while a command runs."), _START
        return
    with workspace.database.read() as connection:
        code, line = status.check(found, workspace.names(connection), disk.forecast(workspace.layout))
    if code:
        yield BAD if code == status.CRITICAL else WARN, line.partition(" | ")[0], _STATUS


LOOKS: Final[dict[str, Callable[[Workspace], _Found]]] = {
    "clock": _clock,
    "disk": _disk,
    "permissions": _permissions,
    "keys": _keyring,
    "memory": _memory,
    "networks": _networks,
    "tokens": _tokens,
    "mfa": _mfa,
    "backups": _backups,
    "anchors": _anchors,
    "recovery": _recovery,
    "daemon": _daemon,
}
"""Every look, by the name under which it is told."""

_SET_CLOCK: Final = marked("Let the system set its clock (timedatectl set-ntp true), then run: socialguard doctor")
_MAKE_ROOM: Final = marked("Make room, or give the workspace another disk; sending stops last.")
_OPEN_UP: Final = marked("Mount its disk read-write, or give it to the user who runs this: chown.")
_CLOSE: Final = marked("Take the right away: chmod go-rwx on the identity directory, chmod o-w on the workspace.")
_NO_CORES: Final = marked("Set the limit to 0: ulimit -c 0, or LimitCORE=0 in the unit.")
_VERIFY: Final = marked("Run: socialguard account verify ACCOUNT")
_ROTATE: Final = marked("Replace it: socialguard account rotate ACCOUNT")
_ATTEST: Final = marked("Look at the network, then: socialguard mfa set ACCOUNT --method app")
_AS_THEM: Final = marked("Run doctor as the user of the daemon, too.")
_BACK_UP: Final = marked("Run: socialguard backup run; the daemon does it by itself.")
_ADD_ANCHOR: Final = marked("Name one in the settings, [audit] anchors; docs/operations.md says how.")
_REACH: Final = marked("Bring it back, then run: socialguard audit checkpoint")
_MAKE_KIT: Final = marked("Run: socialguard vault recovery new")
_START: Final = marked("Start it: systemctl start socialguard, or socialguard daemon run")
_STATUS: Final = marked("Look: socialguard daemon status")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
