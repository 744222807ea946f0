"""A company with an account of each kind of credential, founded by its own command line; it remembers everything
that it said, and knows everything that nobody may find."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from socialguard.publishing import resolve
from tests.benchmarks.auditing import log_key
from tests.known_secrets import Hunt
from tests.office import Done, Office, headquarters, make_seed

OAUTH2: Final = {"kind": "oauth2", "client_id": "client-of-acme-4711"}


def token() -> str:
    return secrets.token_hex(20)


def seed() -> dict[str, Any]:
    """Three accounts, one for each kind of credential, with values that need escaping somewhere."""
    made = make_seed(("x:@acme", "x:@globex", "facebook:@acme"))
    made["accounts"][1]["credential"] = {
        **OAUTH2,
        "client_secret": f"s+/{token()}=",
        "access_token": token(),
        "refresh_token": f"r.{token()}-_",
    }
    return made


@dataclass
class Run:
    """A company, everything it said, and everything that nobody may find."""

    office: Office
    hunt: Hunt
    said: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, *words: str, stdin: str = "", debug: bool = True, **environment: str) -> Done:
        more = ("--debug",) if debug else ()
        done = self.office.cli(*words, *more, stdin=stdin, **environment)
        self.said.append((" ".join(words[:3]), done.stdout + done.stderr))
        return done

    def json(self, *words: str, stdin: str = "", **environment: str) -> Done:
        return self(*words, "--json", stdin=stdin, debug=True, **environment)

    def learn(self, name: str, credential: Mapping[str, str]) -> None:
        """Look for every secret of a credential, and for what is computed from it."""
        public = ("kind", "app_id", "client_id")
        self.hunt.learn({f"{name} {key}": value for key, value in credential.items() if key not in public})
        if "app_secret" in credential:
            key, page = credential["app_secret"].encode(), credential["page_token"].encode()
            self.hunt.learn({f"{name} proof": hmac.new(key, page, hashlib.sha256).hexdigest()})

    def learn_keys(self) -> None:
        """Look for the keys of this machine and for what opens them."""
        self.hunt.learn({"kek": base64.b64decode((self.office.base / "kek").read_bytes())})
        with self.office.entered() as workspace:
            keys = workspace.keys
            for name, data in (
                ("member", keys.member().to_bytes()),
                ("worker", keys.worker().to_bytes()),
                ("log", log_key(workspace).to_bytes()),
            ):
                for at in range(0, len(data), 32):
                    self.hunt.learn({f"private key of the {name} ({at})": data[at : at + 32]})

    def learn_from_sandbox(self) -> None:
        """Look for tokens that the networks gave out since."""
        for account in self.office.sandbox.accounts():
            for number, credential in enumerate(account.get("credentials", [])):
                self.learn(f"{account['network']}:@{account['handle']} given {number}", credential)

    def require_clean(self, *, said: bool = True) -> None:
        """Search everything that this run left."""
        assert self.hunt.require_clean(self.office.base, but=[self.office.base / "kek"]) > 3
        self.hunt.require_clean(Path(os.environ["HOME"]).parent)
        if said:
            for words, text in self.said:
                self.hunt.require_none(text, f"what was said of {words}")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A new company with an account of each kind of credential, added by its own command line."""
    sandbox = headquarters().sandbox
    given = seed()
    sandbox.reset(given)
    sandbox.settings(refuse_duplicates=False)
    office = Office(tmp_path / "office", sandbox, given)
    office.identity.mkdir(mode=0o700, parents=True)
    private = office.base / "tmp"
    private.mkdir()
    monkeypatch.setenv("TMPDIR", str(private))
    monkeypatch.setattr(resolve, "LOOKS", (0.0,))
    made = Run(office, Hunt())
    for entry in given["accounts"]:
        made.learn(f"{entry['network']}:@{entry['handle']}", entry["credential"])
    key = str(office.base / "kek")
    assert made.json("init", "--org", "Acme", "--owner", "Marie", "--key-file", key).code == 0
    for entry in given["accounts"]:
        done = add(made, entry)
        assert done.code == 0, done
    made.learn_keys()
    return made


def add(run: Run, entry: Mapping[str, Any], **change: Any) -> Done:
    name = f"{entry['network']}:@{entry['handle']}"
    origin = run.office.sandbox.x if entry["network"] == "x" else run.office.sandbox.facebook
    document = json.dumps({**entry["credential"], **change})
    return run.json("account", "add", name, "--credential", "-", "--base-url", origin, stdin=document)


def name_of(entry: Mapping[str, Any]) -> str:
    return f"{entry['network']}:@{entry['handle']}"
