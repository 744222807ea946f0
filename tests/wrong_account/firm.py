"""A firm of six accounts: two clients with two each, one whose handle reads like another's, one secure."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from socialguard.registry import policy
from socialguard.sandbox.process import start as start_sandbox
from tests.office import Office, found, make_seed

ACCOUNTS: Final = (
    "x:@acme",
    "facebook:@acme",
    "x:@globex",
    "facebook:@globex",
    "x:@g1obex",
    "x:@townhall",
)
SECURE: Final = "x:@townhall"
# `globex` and `g1obex` read alike, so each of them also asks for a code.
ALIKE: Final = frozenset({"x:@globex", "facebook:@globex", "x:@g1obex"})
CLIENTS: Final = {name: name.partition("@")[2] for name in ACCOUNTS}
SHORT_NAMES: Final = {
    "x:@acme": "acme",
    "facebook:@acme": "acme-facebook",
    "x:@globex": "globex",
    "facebook:@globex": "globex-facebook",
    "x:@g1obex": "g1obex-x",
    "x:@townhall": "townhall",
}
POLICY: Final = f'[account."{SECURE}"]\nsecure = true\n'


@cache
def headquarters() -> Office:
    """Return the one founded firm of this process, on its one sandbox; tests work on copies of it."""
    base = Path(tempfile.mkdtemp(prefix="socialguard-firm-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    seed = make_seed(ACCOUNTS)
    sandbox = start_sandbox(seed)
    atexit.register(sandbox.stop)
    sandbox.settings(rate_limits=False)
    office = found(base, sandbox, seed)
    apply_policy(office, POLICY)
    return office


def apply_policy(office: Office, source: str) -> None:
    """Put a policy in force, as its owner."""
    with office.entered() as workspace:
        with workspace.database.write() as connection:
            books = workspace.trust.books(connection)
            manifest = policy.apply(connection, workspace.keys.member(), books.manifest, source)
        workspace.pins.pin_manifest(manifest.epoch, manifest.sha256)


@pytest.fixture
def firm(tmp_path: Path) -> Office:
    """A copy of the firm, on a sandbox without posts."""
    base = headquarters()
    base.sandbox.reset(base.seed)
    base.sandbox.settings(rate_limits=False)
    return base.copy(tmp_path / "firm")
