"""A firm that runs the accounts of ten houses, whose past the detector has learned."""

import atexit
import shutil
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from socialguard import clock
from socialguard.model.activity import Stream
from socialguard.sandbox.process import start as start_sandbox
from socialguard.workspace import affinity
from tests.archive.world import Network, back_up, item
from tests.guard.incidents.english import ENGLISH
from tests.guard.incidents.french import FRENCH
from tests.office import Office, found, make_seed
from tests.wrong_account.firm import apply_policy

VOICES: Final = {**ENGLISH, **FRENCH}
POSTS: Final = 200
POLICY: Final = "".join(
    f'[account."{name}".checks.language]\nlanguages = ["{voice.language}"]\n' for name, voice in VOICES.items()
)


@cache
def headquarters() -> Office:
    """Return the firm of this process, with everything learned; a test works on a copy."""
    base = Path(tempfile.mkdtemp(prefix="socialguard-houses-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    seed = make_seed(list(VOICES))
    sandbox = start_sandbox(seed)
    atexit.register(sandbox.stop)
    sandbox.settings(rate_limits=False)
    office = found(base, sandbox, seed)
    apply_policy(office, POLICY)
    with office.entered() as workspace:
        start = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=POSTS)
        for account in workspace.accounts():
            network, name = Network(page_size=POSTS), str(account)
            for number in range(POSTS):
                text, at = VOICES[name].post(number), start + timedelta(hours=20 * number)
                network.items.append(item(number + 1, text, created_at=at, author_name=name))
            back_up(workspace.archive, network, Stream.POSTS, account.id)
        workspace.archive.close_pages()
        affinity.refit(workspace)
    return office


@pytest.fixture
def houses(tmp_path: Path) -> Office:
    """A copy of the firm, on a sandbox without posts."""
    base = headquarters()
    base.sandbox.reset(base.seed)
    base.sandbox.settings(rate_limits=False)
    return base.copy(tmp_path / "houses")
