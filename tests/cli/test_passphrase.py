"""A workspace whose keys open with a passphrase: asked once, in a terminal only; a wrong one is told plainly."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.cli.browsing import said_and_stored
from tests.office import Done, Office, headquarters

PASSPHRASE = "correct horse battery staple 4711"  # not a secret of anybody


def said(child: "pexpect.spawn[str]") -> str:
    """Wait for the end and return everything that was said since."""
    child.expect(pexpect.EOF)
    child.wait()
    return str(child.before)


@pytest.fixture
def fresh(tmp_path: Path) -> Office:
    """A place without a workspace yet, at the sandbox of the office."""
    base = headquarters()
    base.sandbox.reset(base.seed)
    office = Office(tmp_path / "office", base.sandbox, base.seed)
    office.identity.mkdir(mode=0o700, parents=True)
    return office


@pytest.fixture
def founded(fresh: Office) -> Iterator[Office]:
    """A workspace that was founded in a terminal with a passphrase."""
    child = fresh.terminal("init", "--org", "Acme", "--owner", "Marie", "--passphrase")
    child.expect_exact("New passphrase of this workspace:")
    child.sendline(PASSPHRASE)
    child.expect_exact("Once more:")
    child.sendline(PASSPHRASE)
    end = said(child)
    assert (child.exitstatus, PASSPHRASE in end) == (0, False), end
    yield fresh
    fresh.cli("vault", "lock")


def added(office: Office) -> dict[str, Any]:
    """Add the sandbox's x:@acme, in a terminal."""
    entry: dict[str, Any] = office.seed["accounts"][0]
    document = office.base / "credential.json"
    document.write_text(json.dumps(entry["credential"]))
    child = office.terminal(
        "account", "add", "x:@acme", "--credential", str(document), "--base-url", office.sandbox.x
    )
    child.expect_exact("Passphrase of this workspace:")
    child.sendline(PASSPHRASE)
    end = said(child)
    assert child.exitstatus == 0, end
    document.unlink()
    return entry


def test_posting_asks_once_and_the_passphrase_is_nowhere(founded: Office) -> None:
    added(founded)
    child = founded.terminal("post", "With a passphrase", "--to", "x:@acme", "--grace", "0")
    child.expect_exact("Passphrase of this workspace:")
    child.sendline(PASSPHRASE)
    child.expect_exact("Enter stops:")
    child.sendline("acme")
    end = said(child)
    assert child.exitstatus == 0, end
    assert "Passphrase" not in end
    assert founded.published("x") == ["With a passphrase"]
    assert PASSPHRASE.encode() not in said_and_stored(founded, Done(0, end, ""))


def test_a_wrong_passphrase_is_one_sentence_and_exit_4(founded: Office) -> None:
    child = founded.terminal("account", "list", "--debug")
    child.expect_exact("Passphrase of this workspace:")
    child.sendline("wrong horse battery staple")
    end = said(child)
    assert child.exitstatus == 4
    assert "this is not its passphrase" in end
    assert "wrong horse" not in end


def test_a_script_is_told_what_to_do(founded: Office) -> None:
    for words in (["account", "list"], ["post", "x", "--to", "x:@acme", "--confirm", "x:@acme"]):
        done = founded.cli(*words, "--json")
        assert (done.code, done.error["name"]) == (4, "locked"), done
        assert "socialguard vault unlock" in done.error["remedy"]


def test_stopping_needs_no_passphrase(founded: Office) -> None:
    assert founded.cli("freeze", "--all", "--reason", "now", "--json").code == 0


def test_two_passphrases_that_differ_make_nothing(fresh: Office) -> None:
    child = fresh.terminal("init", "--org", "Acme", "--owner", "Marie", "--passphrase")
    child.expect_exact("New passphrase of this workspace:")
    child.sendline(PASSPHRASE)
    child.expect_exact("Once more:")
    child.sendline(PASSPHRASE + "x")
    end = said(child)
    assert (child.exitstatus, "Nothing was made" in end) == (2, True)
    assert not (fresh.home / "org").exists()
    assert list(fresh.identity.iterdir()) == []


def test_without_a_terminal_no_passphrase_is_chosen(fresh: Office) -> None:
    done = fresh.cli("init", "--org", "Acme", "--owner", "Marie", "--passphrase", "--json")
    assert (done.code, "--key-file" in done.error["remedy"]) == (2, True)


def test_an_unlocked_vault_asks_nobody_until_it_is_locked(founded: Office) -> None:
    child = founded.terminal("vault", "unlock")
    child.expect_exact("Passphrase of this workspace:")
    child.sendline(PASSPHRASE)
    end = said(child)
    if child.exitstatus == 4 and "the kernel keeps no key" in end:
        assert founded.cli("vault", "lock").code in (0, 4)
        pytest.skip("this kernel allows no keyring here")
    assert child.exitstatus == 0, end
    unlocked = founded.cli("account", "list", "--json")
    locked = founded.cli("vault", "lock", "--json")
    assert (locked.code, locked.document["was_unlocked"]) == (0, True)
    if unlocked.code == 4:
        pytest.skip("the keyring of this session does not reach the test's own process")
    assert unlocked.code == 0
    assert founded.cli("account", "list", "--json").code == 4
    child = founded.terminal("audit", "list")
    child.expect_exact("Passphrase of this workspace:")
    child.sendline(PASSPHRASE)
    end = said(child)
    assert all(action in end for action in ("vault.unlock", "vault.lock"))


def test_unlock_without_a_terminal_says_so(founded: Office) -> None:
    done = founded.cli("vault", "unlock", "--json")
    assert (done.code, done.error["name"]) == (4, "locked")


def test_a_workspace_around_its_own_keys_or_without_a_name_is_refused(fresh: Office) -> None:
    key = ("--key-file", str(fresh.base / "kek"))
    for place in (fresh.home / "identity", fresh.base):
        init = fresh.cli("init", "--org", "Acme", "--owner", "Me", *key, "--json", SOCIALGUARD_IDENTITY=str(place))
        assert (init.code, "lie in one another" in init.error["message"]) == (2, True), init
    assert fresh.cli("init", "--org", " ", "--owner", "Marie", *key, "--json").code == 2
    assert not fresh.home.exists()


def test_a_key_file_has_nothing_to_unlock(fresh: Office) -> None:
    key = fresh.base / "kek"
    fresh.cli("init", "--org", "Acme", "--owner", "Marie", "--key-file", str(key))
    assert fresh.cli("vault", "unlock", "--json").code == 2
    lock = fresh.cli("vault", "lock", "--json")
    assert (lock.code, lock.document) == (0, {"locked": True, "was_unlocked": False})


def test_a_kit_is_shown_on_the_terminal_only_and_holds_when_its_end_was_copied(fresh: Office) -> None:
    fresh.cli("init", "--org", "Acme", "--owner", "Marie", "--key-file", str(fresh.base / "kek"))
    child = fresh.terminal("vault", "recovery", "new")
    child.expect(r"all-1: [A-Z2-7 ]+ #(\S{4})")
    end_of_kit = str(child.match.group(1))
    page = str(child.before) + str(child.after)
    child.expect_exact("Enter stops:")
    child.sendline(end_of_kit.lower())
    end = said(child)
    assert child.exitstatus == 0, end
    done = fresh.cli("vault", "recovery", "test", "-", "--json", stdin=page.replace("\r\n", "\n"))
    assert done.code == 0, done


def test_a_kit_that_nobody_copied_replaces_nothing(fresh: Office, tmp_path: Path) -> None:
    fresh.cli("init", "--org", "Acme", "--owner", "Marie", "--key-file", str(fresh.base / "kek"))
    kit = tmp_path / "kit"
    assert fresh.cli("vault", "recovery", "new", "--out", str(kit)).code == 0
    child = fresh.terminal("vault", "recovery", "new")
    child.expect_exact("Enter stops:")
    child.sendline("")
    end = said(child)
    assert (child.exitstatus, "opens nothing" in end) == (3, True)
    assert fresh.cli("vault", "recovery", "test", str(kit)).code == 0


NEW = "battery horse staple correct 1147"  # not a secret of anybody


def changed(office: Office, old: str, new: str, again: str | None = None) -> tuple[int | None, str]:
    """Change the passphrase in a terminal."""
    child = office.terminal("vault", "passphrase")
    child.expect_exact("Passphrase of this workspace:")
    child.sendline(old)
    if child.expect_exact(["New passphrase of this workspace:", pexpect.EOF]) == 0:
        child.sendline(new)
        child.expect_exact("Once more:")
        child.sendline(again or new)
    end = said(child)
    return child.exitstatus, end


def opens(office: Office, given: str) -> bool:
    """Whether a passphrase opens the workspace's keys and pins."""
    child = office.terminal("audit", "verify")
    child.expect_exact("Passphrase of this workspace:")
    child.sendline(given)
    end = said(child)
    assert child.exitstatus in (0, 4), end
    return bool(child.exitstatus == 0)


def test_the_passphrase_is_changed_and_the_old_one_opens_nothing(founded: Office) -> None:
    added(founded)
    code, end = changed(founded, PASSPHRASE, NEW)
    assert code == 0, end
    assert (opens(founded, PASSPHRASE), opens(founded, NEW)) == (False, True)
    assert not (next(founded.identity.iterdir()) / "next").exists()
    stored = said_and_stored(founded, Done(0, end, ""))
    assert PASSPHRASE.encode() not in stored
    assert NEW.encode() not in stored


def test_a_wrong_old_passphrase_or_a_slip_in_the_new_one_changes_nothing(founded: Office) -> None:
    assert changed(founded, "wrong horse battery staple", NEW)[0] == 4
    assert changed(founded, PASSPHRASE, NEW, NEW + "x")[0] == 2
    assert changed(founded, PASSPHRASE, "short")[0] == 2
    assert opens(founded, PASSPHRASE)


def test_a_change_that_was_cut_off_after_it_was_decided_is_finished_by_whoever_opens_next(founded: Office) -> None:
    """Whatever file was in its place already when the machine stopped."""
    place = next(founded.identity.iterdir())
    old = {
        path.name: path.read_bytes() for path in place.iterdir() if path.suffix == ".key" or path.name == "pins"
    }
    assert changed(founded, PASSPHRASE, NEW)[0] == 0
    (place / "next").mkdir(mode=0o700)
    for name in old:  # these two had not been moved yet
        (place / name).rename(place / "next" / name)
        (place / name).write_bytes(old[name])
        (place / name).chmod(0o600)
    assert opens(founded, NEW)
    assert not (place / "next").exists()


def test_without_a_passphrase_there_is_none_to_change(fresh: Office) -> None:
    fresh.cli("init", "--org", "Acme", "--owner", "Marie", "--key-file", str(fresh.base / "kek"))
    done = fresh.cli("vault", "passphrase", "--json")
    assert (done.code, "the key file" in done.error["message"]) == (2, True)
