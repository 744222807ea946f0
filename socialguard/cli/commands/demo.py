"""`socialguard demo`: the story of the program in real commands, each in a process of its own, against the sandbox
on this machine.

Every step is checked; one that does not happen ends the demo with an error, so it is also a smoke test.
"""

import json
import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.forks import Fork, preload
from socialguard.cli.options import command
from socialguard.cli.words import _

LIMIT_S: Final = 60.0
_ACCOUNTS: Final = (("x", "acme", "Acme"), ("x", "ville-lyon", "Ville de Lyon"), ("facebook", "acme", "Acme"))


class DemoFailed(errors.SocialGuardError):
    """The demo did not go as it should: {step}"""

    remedy = "Repeat it with --keep DIR and look at what it left; then report it."


@dataclass(slots=True)
class Story:
    """The demo's workspace and how far it came. `face` prints; nothing is printed for scripts but the end."""

    face: Face
    home: Path
    environment: Mapping[str, str]
    steps: list[str] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        """Say what happens next."""
        self.steps.append(sentence)
        if not self.face.as_json:
            self.face.printer.line()
            self.face.printer.line(f"{len(self.steps)}. {_(sentence)}")

    def run(
        self, arguments: Sequence[str], expect: int = 0, stdin: str = ""
    ) -> Any:  # Any: the command's JSON document
        """Run one real command, show it with what it answered, and return its document."""
        shown = " ".join(f'"{word}"' if " " in word else word for word in arguments)
        shown = f"socialguard {shown}"
        done = Fork([*arguments, "--json"], self.environment, stdin).wait(LIMIT_S)
        try:
            document = json.loads(done.out)
        except ValueError:
            raise DemoFailed(step=f"{shown}: no answer ({done.err.strip()[-300:]})") from None
        if not self.face.as_json:
            self.face.printer.line(f"   $ {shown}")
            for line in _told(document, done.code):
                self.face.printer.line(f"     {line}")
        self.require(done.code == expect, f"{shown}: exit {done.code}, not {expect}")
        return document

    @contextmanager
    def daemon(self, clock: str) -> Iterator[None]:
        """Have a daemon work for the time of the block, with its clock moved; it must end well when told to."""
        if not self.face.as_json:
            self.face.printer.line(f"   $ SOCIALGUARD_CLOCK={clock} socialguard daemon run")
        daemon = Fork(["daemon", "run"], {**self.environment, "SOCIALGUARD_CLOCK": clock})
        try:
            yield
        finally:
            daemon.terminate()
            code = daemon.wait(LIMIT_S).code
        self.require(code == 0, f"the daemon ended with {code}")

    def require(self, happened: bool, step: str) -> None:
        """End the demo where a step did not happen."""
        if not happened:
            raise DemoFailed(step=step)


@command("demo")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Leave everything in this directory."
)
def demo(face: Face, keep: Path | None) -> None:
    """Show the main job on a sandbox of this machine: no account, no network."""
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise errors.UsageError(detail=f"{keep} is not empty.", remedy="Give a new directory.")
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        steps = _play(face, keep.absolute())
    else:
        with tempfile.TemporaryDirectory(prefix="socialguard-demo-") as place:
            steps = _play(face, Path(place))
    document = {"demo": "ok", "steps": steps, "kept": None if keep is None else str(keep)}

    def people() -> None:
        face.printer.line()
        face.printer.say("All {count} steps happened.", count=len(steps))
        if keep is not None:
            face.printer.say("Look around: SOCIALGUARD_HOME={home} SOCIALGUARD_IDENTITY={identity}",
                             home=keep / "workspace", identity=keep / "identity")  # fmt: skip

    face.printer.answer(document, people)


def _play(face: Face, place: Path) -> list[str]:
    from socialguard.sandbox.process import start

    home = place / "workspace"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("SOCIALGUARD_")},
        "SOCIALGUARD_HOME": str(home),
        "SOCIALGUARD_IDENTITY": str(place / "identity"),
        "NO_COLOR": "1",
    }
    seed = _seed()
    with start(seed) as sandbox:
        preload()
        story = Story(face, home, environment)
        _found(story, place, seed, {"x": sandbox.x, "facebook": sandbox.facebook})
        _post_and_switch(story)
        _drop_and_reconcile(story, sandbox)
        _schedule(story, sandbox)
        _back_up(story)
        _verify_and_tamper(story)
        return story.steps


def _found(story: Story, place: Path, seed: Mapping[str, Any], origins: Mapping[str, str]) -> None:
    story.tell("A workspace is founded, and three accounts are added; credentials come on stdin and are sealed.")
    story.run(["init", "--org", "Demo", "--owner", "Marie D.", "--key-file", str(place / "key")])
    clients = {"ville-lyon": "Ville de Lyon"}
    for account in seed["accounts"]:
        name = f"{account['network']}:@{account['handle']}"
        client = clients.get(account["handle"], "Acme")
        story.run(
            [
                "account",
                "add",
                name,
                "--credential",
                "-",
                "--base-url",
                origins[account["network"]],
                "--client",
                client,
            ],
            stdin=json.dumps(account["credential"]),
        )


def _post_and_switch(story: Story) -> None:
    story.tell("A post goes out, to the account that was named twice.")
    document = story.run(
        ["post", "Bonjour de la part d'Acme !", "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0"]
    )
    story.require(document["deliveries"][0]["state"] == "sent", "the first post was not sent")
    story.tell("A switch to another client is refused until it is confirmed by name.")
    text = ["post", "Fermeture du tunnel ce soir à 22 h.", "--to", "x:@ville-lyon", "--grace", "0"]
    story.run(text, expect=10)
    story.run([*text, "--confirm", "x:@ville-lyon"])


def _drop_and_reconcile(story: Story, sandbox: Any) -> None:  # Any: sandbox.process.Running
    story.tell("X takes a post and drops its answer: it is looked for, never sent again.")
    text = "Ce message n'existe qu'une fois."
    sandbox.faults([
        {"network": "x", "operation": "publish", "kind": "accept_then_drop", "times": 1},
        {"network": "x", "operation": "timeline", "kind": "status", "code": 503, "body": "{}", "times": 3},
    ])  # fmt: skip
    story.run(["post", text, "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0"], expect=12)
    sandbox.faults([])
    document = story.run(["queue", "reconcile"])
    story.require(document["deliveries"][0]["state"] == "sent", "the dropped post was not found")
    copies = [post for post in sandbox.posts("x", "acme") if post["text"] == text]
    story.require(len(copies) == 1, f"X holds {len(copies)} copies of the dropped post")


def _schedule(story: Story, sandbox: Any) -> None:  # Any: sandbox.process.Running
    story.tell("A scheduled post waits for its time; then the daemon sends it.")
    story.run(
        [
            "post",
            "Portes ouvertes samedi.",
            "--to",
            "facebook:@acme",
            "--confirm",
            "facebook:@acme",
            "--at",
            "in 2 hours",
        ]
    )
    story.require(not story.run(["queue", "run"])["deliveries"], "the scheduled post went out early")

    def public() -> int:
        return sum(post["published"] for post in sandbox.posts("facebook", "acme"))

    with story.daemon(clock="+7205s"):
        end = time.monotonic() + LIMIT_S
        while not public() and time.monotonic() < end:
            time.sleep(0.1)
    document = story.run(["queue", "list"])
    states = [one["state"] for one in document["deliveries"] if one["account"] == "facebook:@acme"]
    story.require(states == ["sent"], "the scheduled post was not sent")
    story.require(public() == 1, f"Facebook shows {public()} posts")


def _back_up(story: Story) -> None:
    story.tell("The activity is backed up; its index is deleted, and made anew from the segments.")
    (row,) = story.run(["backup", "run", "x:@acme"])["accounts"]
    (story.home / "archive.db").unlink()
    story.run(["backup", "rebuild"])
    with closing(sqlite3.connect(story.home / "archive.db")) as index, index:
        (kept,) = index.execute("select count(*) from item").fetchone()
    story.require(0 < row["items_total"] == kept, "the index that was made anew is another")
    story.tell("One bit of a segment is flipped behind our back, and found.")
    segment = min((story.home / "archive" / "segments").iterdir())
    held = segment.read_bytes()
    segment.chmod(0o600)
    segment.write_bytes(held[:-9] + bytes([held[-9] ^ 1]) + held[-8:])
    found = story.run(["backup", "verify"], expect=13)["problems"]
    story.require([segment.name in one["where"] for one in found] == [True], "the flipped bit was not found")
    segment.write_bytes(held)


def _verify_and_tamper(story: Story) -> None:
    story.tell("The audit log is whole. Then one byte of it is changed behind our back, and found.")
    story.run(["audit", "verify"])
    with closing(sqlite3.connect(story.home / "socialguard.db")) as database, database:
        database.execute("drop trigger audit_entry_no_update")
        (leaf,) = database.execute("select leaf from audit_entry where seq = 5").fetchone()
        changed = leaf[:-2] + bytes([leaf[-2] ^ 1]) + leaf[-1:]
        database.execute("update audit_entry set leaf = ? where seq = 5", (changed,))
    document = story.run(["audit", "verify"], expect=13)
    story.require(bool(document["problems"]), "the changed byte was not found")


def _seed() -> dict[str, Any]:
    """Three accounts with random credentials."""
    accounts = []
    for number, (network, handle, title) in enumerate(_ACCOUNTS):
        if network == "x":
            names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
            credential = {"kind": "oauth1", **{name: secrets.token_urlsafe(24) for name in names}}
        else:
            credential = {"kind": "page", "page_token": secrets.token_urlsafe(48)}
        accounts.append(
            {
                "network": network,
                "handle": handle,
                "user_id": str(10**17 + number),
                "display_name": title,
                "credential": credential,
            }
        )
    return {"accounts": accounts}


def _told(document: Mapping[str, Any], code: int) -> list[str]:
    """The gist of an answer, for a person who watches."""
    lines = []
    for one in document.get("deliveries", ()):
        lines.append(f"{one['account']}: {one['state']}  {one['url'] or one['due']}")
    if "error" in document:
        lines.append(f"{document['error']['code']}  {document['error']['message']}")
        lines.extend([document["error"]["remedy"]] if document["error"]["remedy"] else [])
    if "problems" in document:
        told = (
            f", {document['entries']} entries, anchored: {document['anchored']}" if "entries" in document else ""
        )
        lines.append(document["status"] + told)
        lines.extend(one.get("detail") or f"{one['where']}: {one['what']}" for one in document["problems"][:3])
    if "accounts" in document:
        lines.extend(f"{one['account']}: {one['items_total']} items kept" for one in document["accounts"])
    if "after" in document:
        lines.append(f"{document['lines']} lines, root {document['after']}")
    if "account" in document and isinstance(document["account"], dict):
        lines.append(f"{document['account'].get('account', '')} ({document['account'].get('client', '')})")
    return lines or [f"exit {code}"]
