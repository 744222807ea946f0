"""No token, secret, key or passphrase is found where it does not belong: in the workspace, the identity directory,
temporary files, what is printed or logged, arguments and environments of the program and of its children."""

import base64
import io
import json
import logging
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pytest

from socialguard.audit.interface import Entry
from tests.known_secrets import Hunt, Watch, forms
from tests.office import Office
from tests.secretive import OAUTH2, Run, name_of, run, token

__all__ = ["run"]


# ── the search itself ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("secret", [b"s+/cret=\xff\x00four", b"a-plain_token.4711", "gehé/im+nis".encode()])
def test_a_secret_that_was_planted_is_found_in_every_form(secret: bytes, tmp_path: Path) -> None:
    hunt = Hunt({"it": secret})
    for before in (b"", b"a", b"ab", b"abc"):
        for after in (b"", b"z", b"zy"):
            whole = before + secret + after
            for carried in (whole, whole.hex().encode(), base64.b64encode(whole), base64.urlsafe_b64encode(whole)):
                assert hunt.found_in(b"... " + carried + b" ...") == ["it"], carried
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"x" * 99 + secret)
    with pytest.raises(AssertionError, match="holds it"):
        hunt.require_clean(tmp_path)
    with pytest.raises(OSError, match="gone"):
        hunt.require_clean(tmp_path / "gone")
    assert hunt.found_in(b"nothing of it") == []
    assert len(forms(secret)) > 3


# ── a whole life ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_life_of_accounts_leaves_no_secret_anywhere(run: Run, tmp_path: Path) -> None:
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        _live(run, tmp_path)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    run.said.append(("the log of every library", logged.getvalue()))
    run.learn_from_sandbox()
    run.require_clean()
    assert len(run.hunt.names) > 15


def _live(run: Run, tmp_path: Path) -> None:
    office, accounts = run.office, run.office.seed["accounts"]
    for entry in accounts:
        name = name_of(entry)
        for words in (["account", "show", name], ["account", "verify", name], ["whoami"], ["account", "list"]):
            assert run.json(*words).code == 0
            run(*words)
        assert run.json("post", f"Hello of {name}", "--to", name, "--confirm", name, "--grace", "0").code == 0
        run("post", "Not confirmed", "--to", name, "--grace", "0")
    _wrong_credentials(run)
    _rotated(run)
    run.json("post", "Later", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 3 hours")
    assert run.json("vault", "rewrap", "--all", "--reason", "yearly").code == 0
    export = tmp_path / "export"
    assert run.json("audit", "export", str(export)).code == 0
    for path in (each for each in export.rglob("*") if each.is_file()):
        run.hunt.require_none(path.read_bytes(), f"the export of the log: {path.name}")
    for words in (
        ["audit", "list"],
        ["audit", "show", "3"],
        ["audit", "verify", "--deep"],
        ["audit", "checkpoint"],
    ):
        run.json(*words)
        run(*words)
    _kit(run, tmp_path)
    run("account", "", _SOCIALGUARD_COMPLETE="bash_complete", COMP_WORDS="socialguard post --to x", COMP_CWORD="3")
    for entry in accounts:
        run.json("account", "revoke", name_of(entry), "--reason", "the end")
        run.json("account", "remove", name_of(entry), "--reason", "the end")
    run.json("freeze", "--all", "--reason", "the end")
    assert office.published()


def _wrong_credentials(run: Run) -> None:
    """What cannot be taken in is refused without a word of it."""
    good = run.office.seed["accounts"][0]
    secret = good["credential"]["access_token_secret"]
    document = good["credential"]
    wrong: list[str] = [
        json.dumps({**document, "access_token": token()}),
        json.dumps({**document, "kind": secret}),
        json.dumps({**document, secret: "as a name"}),
        json.dumps({**document, "consumer_key": [secret]}),
        json.dumps({"kind": "oauth1", "consumer_key": secret}),
        json.dumps({**OAUTH2, "access_token": secret, "expires_at": secret}),
        json.dumps([secret]),
        json.dumps(secret),
        f'{{"kind": "oauth1", "consumer_key": "{secret}',
        f"{secret}\n",
        json.dumps(run.office.seed["accounts"][2]["credential"]),
    ]
    where = ("--credential", "-", "--base-url", run.office.sandbox.x)
    for text in wrong:
        for words in (
            ("account", "add", "x:@newcomer", *where),
            ("account", "rotate", "x:@acme", "--credential", "-"),
        ):
            done = run.json(*words, stdin=text)
            assert done.code in (2, 4, 6, 14), (words, done.code)
    done = run.json("account", "add", "x:@another", *where, stdin=json.dumps(document))
    assert done.code == 14, done
    for reason in (secret, f"because {secret} leaked", f"Authorization: Bearer {secret}"):
        done = run.json("freeze", "x:@globex", "--reason", reason)
        run.json("thaw", "x:@globex", "--reason", "x", "--confirm", "x:@globex")


def _rotated(run: Run) -> None:
    entry = run.office.seed["accounts"][0]
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    new = {"kind": "oauth1", **{name: token() for name in names}}
    run.learn("the rotated one", new)
    run.office.sandbox.add_credential("x", "acme", new)
    words = ("account", "rotate", name_of(entry), "--credential", "-", "--reason", "yearly")
    done = run.json(*words, stdin=json.dumps(new))
    assert done.code == 0, done


def _kit(run: Run, tmp_path: Path) -> None:
    """The recovery kit is in the file that was asked for, and nowhere else."""
    place = tmp_path / "kit"
    done = run.json("vault", "recovery", "new", "--out", str(place))
    assert done.code == 0, done
    kit = place.read_text("utf-8")
    rows = re.findall(r"(key|age)-\d+: (.*) #", kit)
    letters = "".join(value for name, value in rows if name == "key").replace(" ", "")
    data = base64.b32decode(letters + "=" * (-len(letters) % 8))
    run.hunt.learn({"recovery key 1": data[:32], "recovery key 2": data[32:64], "its letters": letters})
    run.hunt.learn({"age identity": next(value for name, value in rows if name == "age")})
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert run.json("vault", "recovery", "test", str(place)).code == 0
    broken = kit.replace(letters[:4], letters[4:8], 1)
    assert run.json("vault", "recovery", "test", "-", stdin=broken).code != 0
    assert run.hunt.found_in(place.read_bytes()), "the search would find the kit"


def test_a_token_that_is_renewed_is_found_neither_old_nor_new(run: Run) -> None:
    entry = run.office.seed["accounts"][1]
    ends = json.dumps({**entry["credential"], "expires_at": "2026-01-01T00:00:00Z"})
    assert run.json("account", "rotate", "x:@globex", "--credential", "-", stdin=ends).code == 0
    done = run.json("post", "Renewed", "--to", "x:@globex", "--confirm", "x:@globex", "--grace", "0")
    assert done.code == 0, done
    run.learn_from_sandbox()
    with run.office.entered() as workspace:
        account = next(one for one in workspace.accounts() if one.handle == "globex")
        with workspace.database.write() as connection:
            said = Entry("test", "intent", workspace.person, account.id)
            intent = workspace.log.append(connection, said)
        with workspace.database.read() as connection:
            credential, gen = workspace.trust.credential(connection, account, intent)
    assert gen > 2, "it was not renewed"
    run.learn("renewed", credential.document())
    run.require_clean()


# ── children ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    """Programs that note their arguments and environment: git (which then does its work), an editor, a browser."""
    place = tmp_path / "stubs"
    place.mkdir()
    real = shutil.which("git")
    if real is None:
        pytest.skip("git is not installed")
    for name, then in (
        ("git", f'exec {real} "$@"'),
        ("editor", 'echo "Of an editor" > "$1"'),
        ("browser", "exit 0"),
    ):
        script = place / name
        dump = place / f"{name}.dump"
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\0" "$0" "$@" >> {dump}\ncat /proc/$$/environ >> {dump}\n{then}\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
    return place


def test_children_are_told_nothing_in_arguments_or_environment(run: Run, stubs: Path, tmp_path: Path) -> None:
    office = run.office
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    (office.home / "socialguard.toml").write_text(f'[audit]\nanchors = ["git:{remote}"]\n', encoding="utf-8")
    path = {"PATH": f"{stubs}{os.pathsep}{os.environ['PATH']}"}
    with Watch() as watch:
        words = office.post_words("Of a process", "facebook:@acme")
        for line in (words, ["audit", "checkpoint", "--json"], ["account", "verify", "x:@acme", "--json"]):
            done = office.process(*line, **path)
            run.said.append((line[0], done.stdout + done.stderr))
            assert done.code == 0, done
        document = json.dumps(office.seed["accounts"][0]["credential"])
        done = office.process(
            "account", "rotate", "x:@acme", "--credential", "-", "--json", stdin=document, **path
        )
        assert done.code == 0, done
        child = office.terminal(
            "post", "--to", "x:@acme", "--grace", "0", EDITOR=str(stubs / "editor"), VISUAL="", **path
        )
        child.expect_exact("Enter stops:")
        child.sendline("acme")
        child.expect(pexpect.EOF)
        run.said.append(("post with an editor", str(child.before)))
        child.close()
        _login(run, stubs, path)
    dumps = {each.stem for each in stubs.glob("*.dump")}
    assert dumps == {"git", "editor", "browser"}, "a child was not started"
    assert any(b"-m\0socialguard\0account\0rotate" in each for each in watch.programs), "nothing was watched"
    assert any(b"editor" in each or b"git" in each for each in watch.programs)
    run.hunt.require_clean(stubs)
    run.hunt.require_none(watch.everything(), "the arguments and environments")
    run.hunt.require_clean(remote)
    run.require_clean()


def _login(run: Run, stubs: Path, path: Mapping[str, str]) -> None:
    """Begin a login: the browser is shown an address, which must hold no secret of the app; then stop."""
    app = {
        "client_id": OAUTH2["client_id"],
        "client_secret": run.office.seed["accounts"][1]["credential"]["client_secret"],
    }
    environment = {**path, "BROWSER": f"{stubs / 'browser'} %s", "DISPLAY": ":0"}
    words = ("account", "login", "x", "--app", "-", "--base-url", run.office.sandbox.x, "--port", "0", "--json")
    process = run.office.start(*words, **environment)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(json.dumps(app))
    process.stdin.close()
    told = ""
    while "http" not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    for _ in range(500):
        if (stubs / "browser.dump").exists() or process.poll() is not None:
            break

        time.sleep(0.02)
    process.terminate()
    process.stdin = None
    out, err = process.communicate(timeout=30)
    run.said.append(("login", told + out + err))


# ── a passphrase ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_passphrase_is_typed_and_found_nowhere(run: Run, tmp_path: Path) -> None:
    phrase = f"sésame ouvre-toi {token()}"
    run.hunt.learn({"passphrase": phrase})
    office = Office(tmp_path / "other", run.office.sandbox, run.office.seed)
    office.identity.mkdir(mode=0o700, parents=True)
    said = []

    def ended(child: "pexpect.spawn[str]", code: int) -> None:
        child.expect(pexpect.EOF)
        said.append(str(child.before))
        child.close()
        assert child.exitstatus == code, said[-1]

    with Watch() as watch:
        child = office.terminal("init", "--org", "Acme", "--owner", "Marie", "--passphrase", "--debug")
        child.expect_exact("New passphrase of this workspace:")
        child.sendline(phrase)
        child.expect_exact("Once more:")
        child.sendline(phrase)
        ended(child, 0)
        for typed, code in ((phrase, 0), (f"{phrase} wrong", 4)):
            child = office.terminal("account", "list", "--debug")
            child.expect_exact("Passphrase of this workspace:")
            child.sendline(typed)
            ended(child, code)
    for text in said:
        run.hunt.require_none(text, "the terminal")
    run.hunt.require_none(watch.everything(), "the arguments and environments")
    run.hunt.require_clean(office.base)
