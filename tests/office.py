"""An office to test in: a founded workspace, a sandbox with its accounts, and the command line on both.

    def test_something(office: Office) -> None:
        done = office.cli("post", "Hello", "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json")
        assert done.code == 0 and done.deliveries[0]["state"] == "sent"
        assert office.published("x") == ["Hello"]

`cli` runs inside this process (quick); `process` and `start` run `python -m socialguard` as people do, and
`terminal` runs it in a pseudo-terminal. One sandbox and one founded workspace serve a whole test process: a test
gets a copy of the workspace and a sandbox that was set back (`from tests.office import office  # noqa: F401` in a
`conftest.py`). Every credential is random; `office.secrets` has them all.
"""

import atexit
import contextlib
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pexpect
import pytest

from socialguard import clock
from socialguard.cli.main import run
from socialguard.publishing import crash
from socialguard.sandbox.process import Running
from socialguard.sandbox.process import start as start_sandbox
from socialguard.workspace.opened import Workspace

ROOT: Final = Path(__file__).parents[1]
ACCOUNTS: Final = ("x:@acme", "x:@globex", "facebook:@acme", "facebook:@globex")
SHORT_NAMES: Final = dict(zip(ACCOUNTS, ("acme", "globex", "acme-facebook", "globex-facebook"), strict=True))
PATIENCE: Final = 60.0
_LANGUAGE: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR")


@dataclass(frozen=True, slots=True)
class Done:
    """How one run of the program ended. `document` is what stdout holds where that is JSON, else empty."""

    code: int
    stdout: str
    stderr: str
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        """The deliveries of the document."""
        found: list[dict[str, Any]] = self.document.get("deliveries", [])
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The error of the document, empty where there is none."""
        found: dict[str, Any] = self.document.get("error", {})
        return found


@dataclass(frozen=True)
class Office:
    """A workspace of its own in `base`, and the sandbox that its accounts are on."""

    base: Path
    sandbox: Running
    seed: Mapping[str, Any]

    @property
    def home(self) -> Path:
        """The workspace's directory."""
        return self.base / "workspace"

    @property
    def identity(self) -> Path:
        """Where this machine's keys and pins lie."""
        return self.base / "identity"

    @property
    def database(self) -> Path:
        """The SQLite file with registry, ledger and log."""
        return self.home / "socialguard.db"

    @property
    def secrets(self) -> list[str]:
        """Every secret value of every credential in the seed."""
        public = ("kind", "app_id", "client_id")
        return [
            value
            for entry in self.seed["accounts"]
            for name, value in entry["credential"].items()
            if name not in public
        ]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a run of the program; `more` adds to it."""
        kept = {name: value for name, value in os.environ.items() if name not in _LANGUAGE}
        kept = {name: value for name, value in kept.items() if not name.startswith("SOCIALGUARD_")}
        ours = {"SOCIALGUARD_HOME": str(self.home), "SOCIALGUARD_IDENTITY": str(self.identity)}
        return {**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **ours, **more}

    def cli(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        """Run a command line in this process, without a terminal, and return how it ended.

        `environment` adds variables, such as `SOCIALGUARD_CLOCK`. Threads must use `process` instead."""
        out, err = _Captured(), _Captured()
        given = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        before = dict(os.environ)
        streams = sys.stdin, sys.stdout, sys.stderr
        try:
            _replace_environment(self.environment(**environment))
            sys.stdin, sys.stdout, sys.stderr = given, out, err
            code = run(arguments)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            _replace_environment(before)
            clock.shift(timedelta(0))
            crash.arm(None)
        return as_done(code, out.text(), err.text())

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the program as a process in a session of its own, without a terminal; end it with `finish`."""
        return subprocess.Popen(
            [sys.executable, "-m", "socialguard", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.environment(**environment),
            start_new_session=True,
        )

    def process(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        """Run the program as a process of its own and return how it ended (a signal: its negative number)."""
        return finish(self.start(*arguments, **environment), stdin)

    def terminal(self, *arguments: str, **environment: str) -> "pexpect.spawn[str]":
        """Start the program in a pseudo-terminal of its own: `expect` what it asks, `sendline` the answer."""
        child = pexpect.spawn(
            sys.executable,
            ["-m", "socialguard", *arguments],
            env=self.environment(TERM="xterm", **environment),
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(40, 120),
        )
        child.delaybeforesend = None
        return child

    def post(self, text: str, *to: str, **environment: str) -> Done:
        """Post `text` now to accounts that are confirmed by name, with `--json` and no grace."""
        return self.cli(*self.post_words(text, *to), **environment)

    def post_words(self, text: str, *to: str) -> list[str]:
        """Return the command line of `post`."""
        named = [word for account in to or ("x:@acme",) for word in ("--to", account, "--confirm", account)]
        return ["post", text, *named, "--grace", "0", "--json"]

    def queue(self, *states: str) -> list[dict[str, Any]]:
        """Return the deliveries that `queue list` shows, of `states` only where given."""
        rows = self.cli("queue", "list", "--json").deliveries
        return [row for row in rows if not states or row["state"] in states]

    def published(self, network: str | None = None, account: str | None = None) -> list[str]:
        """Return the texts of all posts that are public at the sandbox, oldest first."""
        posts = self.sandbox.posts(network, account)
        return [post["text"] for post in posts if post["published"] and not post["deleted"]]

    def workspace(self) -> Workspace:
        """Open the workspace in this process, for what no command does; close it (`with`) before `cli`.

        It reads SOCIALGUARD_IDENTITY when it first needs a key: use `monkeypatch` or `entered`."""
        return Workspace(self.home)

    @contextlib.contextmanager
    def entered(self, **environment: str) -> Iterator[Workspace]:
        """Open the workspace in this process under the office's environment."""
        before = dict(os.environ)
        _replace_environment(self.environment(**environment))
        try:
            with self.workspace() as workspace:
                yield workspace
        finally:
            _replace_environment(before)
            clock.shift(timedelta(0))
            crash.arm(None)

    def copy(self, base: Path) -> "Office":
        """Return a copy of this office in `base`, on the same sandbox and with the same keys."""
        shutil.copytree(self.base, base, dirs_exist_ok=True)
        return Office(base, self.sandbox, self.seed)


def finish(process: subprocess.Popen[str], stdin: str = "") -> Done:
    """Wait for a process that `Office.start` gave and return how it ended."""
    out, err = process.communicate(stdin, timeout=PATIENCE)
    return as_done(process.returncode, out, err)


def make_seed(accounts: Sequence[str] = ACCOUNTS) -> dict[str, Any]:
    """Return a sandbox seed of these accounts with random credentials."""
    return {"accounts": [_entry(*name.split(":@")) for name in accounts]}


def found(base: Path, sandbox: Running, seed: Mapping[str, Any]) -> Office:
    """Found a workspace in `base` with every account of `seed`, which the sandbox was given."""
    office = Office(base, sandbox, seed)
    office.identity.mkdir(mode=0o700, parents=True)
    done = office.cli("init", "--org", "Acme", "--owner", "Marie", "--key-file", str(base / "kek"), "--json")
    assert done.code == 0, done
    for entry in seed["accounts"]:
        _enrol(office, entry)
    return office


@cache
def headquarters() -> Office:
    """Return the one founded office of this process, on its one sandbox; tests work on copies of it."""
    base = Path(tempfile.mkdtemp(prefix="socialguard-office-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    seed = make_seed()
    sandbox = start_sandbox(seed)
    atexit.register(sandbox.stop)
    return found(base, sandbox, seed)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A founded office on a sandbox without posts, faults or a moved clock."""
    base = headquarters()
    base.sandbox.reset(base.seed)
    return base.copy(tmp_path / "office")


class _Captured(io.TextIOWrapper):
    """A text stream in memory, with the bytes layer that some printers need."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="", write_through=True)

    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode("utf-8")


def _entry(network: str, handle: str) -> dict[str, Any]:
    if network == "x":
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        credential = {"kind": "oauth1", **{name: secrets.token_hex(16) for name in names}}
    else:
        app = {"app_id": str(10**14 + secrets.randbelow(10**14)), "app_secret": secrets.token_hex(16)}
        credential = {"kind": "page", "page_token": "EAA" + secrets.token_hex(30), **app}
    return {
        "network": network,
        "handle": handle,
        "user_id": str(10**15 + secrets.randbelow(9 * 10**15)),
        "display_name": handle.title(),
        "followers_count": 4711,
        "credential": credential,
    }


def _enrol(office: Office, entry: Mapping[str, Any]) -> None:
    origin = office.sandbox.x if entry["network"] == "x" else office.sandbox.facebook
    name = f"{entry['network']}:@{entry['handle']}"
    words = ("account", "add", name, "--credential", "-", "--base-url", origin, "--json")
    done = office.cli(*words, stdin=json.dumps(entry["credential"]))
    assert done.code == 0, done


def _replace_environment(wanted: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(wanted)


def as_done(code: int, out: str, err: str) -> Done:
    """Return how a run ended, its standard output read as JSON where it is that."""
    try:
        document = json.loads(out)
    except ValueError:
        document = {}
    return Done(code, out, err, document if isinstance(document, dict) else {})
