"""The way back after a takeover: another credential, its identity, a review of all that strangers did, a thaw."""

import json
import secrets
from pathlib import Path

import pytest

from tests.cli.shapes import Recovered, RecoveryFields
from tests.office import Office
from tests.people import Colleague, apply_policy, joined
from tests.shapes import failed
from tests.watch.world import alerts, happen, ready, seen

NAMES = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
WHY = ("--reason", "new password, sessions ended", "--confirm", "x:@acme")


@pytest.fixture
def taken(office: Office) -> Office:
    """An office whose x:@acme was taken over: a stranger posted, and somebody pressed panic."""
    ready(office)
    happen(office, text="Send coins")
    assert len(seen(office)) == 1
    assert office.cli("panic", "x:@acme", "--reason", "hacked", "--json").code == 0
    return office


def new_credential(office: Office) -> str:
    """Return a document that the network accepts for x:@acme."""
    document = {"kind": "oauth1", **{name: secrets.token_hex(16) for name in NAMES}}
    office.sandbox.add_credential("x", "acme", document)
    return json.dumps(document)


def recover(office: Office, *words: str, code: int = 18, stdin: str = "", **environment: str) -> RecoveryFields:
    """Go on, and return where the way back stands."""
    done = office.cli("recover", "x:@acme", *words, "--json", stdin=stdin, **environment)
    assert done.code == code, done
    return Recovered.model_validate(done.document).recovery


def left(found: RecoveryFields) -> list[str]:
    """Return the steps that are left."""
    return [one.step for one in found.steps if not one.done]


def test_the_whole_way_back_in_several_runs(taken: Office) -> None:
    """Each run says what is done and what is left, with the words that bring it on."""
    found = recover(taken)
    assert left(found) == ["credential", "identity", "review", "thaw"]
    assert found.steps[0].todo == "socialguard account rotate x:@acme --credential -"
    assert [one.reason for one in found.frozen] == ["hacked"]
    assert left(recover(taken)) == left(found), "looking changes nothing"
    assert taken.cli("account", "rotate", "x:@acme", "--credential", "-", stdin=new_credential(taken)).code == 0
    found = recover(taken)
    assert left(found) == ["review", "thaw"]
    (thing,) = found.foreign
    assert (thing.kind, thing.reviewed) == ("post", False)
    assert f"--reviewed {thing.number}" in found.steps[2].todo
    found = recover(taken, "--reviewed", str(thing.number))
    assert left(found) == ["thaw"]
    assert taken.post("Hello").code == 11
    found = recover(taken, *WHY, code=0)
    assert found.done
    assert taken.post("We are back").code == 0
    failed(taken.cli("recover", "x:@acme", "--json"), 5, "not_found")
    actions = [
        one["action"] for one in taken.cli("audit", "list", "--action", "recover", "--json").document["entries"]
    ]
    assert sorted(actions) == ["recover.begin", "recover.end", "recover.look", "recover.review"]
    assert taken.cli("audit", "verify", "--deep", "--json").code == 0


def test_all_of_it_in_one_run(taken: Office) -> None:
    """A script that knows what was seen needs one."""
    number = str(recover(taken).foreign[0].number)
    words = ("--credential", "-", "--reviewed", number, *WHY)
    assert recover(taken, *words, code=0, stdin=new_credential(taken)).done


def test_a_script_is_told_what_to_confirm_and_what_is_left(taken: Office) -> None:
    """A reason alone lifts nothing."""
    number = str(recover(taken).foreign[0].number)
    words = ("--credential", "-", "--reviewed", number, "--reason", "new password")
    found = recover(taken, *words, code=10, stdin=new_credential(taken))
    assert found.problem is not None
    assert found.problem.needs == ["x:@acme"]
    assert left(found) == ["thaw"]
    assert taken.post("Hello").code == 11


def test_the_same_token_again_is_no_new_credential(taken: Office) -> None:
    """Whoever has the old one has it still."""
    recover(taken)
    old = json.dumps(taken.seed["accounts"][0]["credential"])
    found = recover(taken, "--credential", "-", code=2, stdin=old)
    assert left(found)[0] == "credential"
    assert found.problem is not None
    assert found.problem.message.startswith("x:@acme had this credential before")


def test_nothing_is_lifted_while_a_step_is_left(taken: Office) -> None:
    """A reason and a confirmation do not jump over the review."""
    found = recover(taken, "--credential", "-", *WHY, stdin=new_credential(taken))
    assert left(found) == ["review", "thaw"]
    assert taken.post("Hello").code == 11


def test_what_strangers_do_meanwhile_is_reviewed_too(taken: Office) -> None:
    """After the new credential the network is asked once more."""
    recover(taken)
    happen(taken, text="More coins")
    found = recover(taken, "--credential", "-", stdin=new_credential(taken))
    assert len(found.foreign) == 2
    found = recover(taken, "--reviewed", str(found.foreign[0].number))
    assert left(found) == ["review", "thaw"]
    assert "1 things" in found.steps[2].detail
    numbers = [word for one in found.foreign for word in ("--reviewed", str(one.number))]
    recover(taken, *numbers)
    assert [one.kind for one in alerts(taken).alerts if one.kind.startswith("watch.")] == []


def test_a_network_that_cannot_be_asked_leaves_the_review(taken: Office) -> None:
    """What was not seen is not reviewed; the next run asks again."""
    recover(taken)
    assert taken.cli("account", "rotate", "x:@acme", "--credential", "-", stdin=new_credential(taken)).code == 0
    taken.sandbox.faults([{"network": "x", "operation": "any", "kind": "refuse", "times": 1}])
    found = recover(taken, code=6)
    assert found.problem is not None
    assert found.problem.name == "not_reached"
    assert left(found) == ["review", "thaw"]
    assert found.steps[2].detail == "the network was not asked yet what happened there since"
    taken.sandbox.faults([])
    assert recover(taken).steps[2].detail.startswith("1 things")


def test_a_review_before_its_time_is_told(taken: Office) -> None:
    """What a person said must not seem to be kept when it is not."""
    number = recover(taken).foreign[0].number
    found = recover(taken, "--reviewed", str(number), code=2)
    assert found.problem is not None
    assert found.problem.message.startswith("Nothing was marked as reviewed")
    assert [one.reviewed for one in found.foreign] == [False]


def test_a_number_that_is_none_is_told(taken: Office) -> None:
    """A slip reviews nothing."""
    recover(taken, "--credential", "-", stdin=new_credential(taken))
    failed(taken.cli("recover", "x:@acme", "--reviewed", "4711", "--json"), 5, "not_found")


def test_two_persons_where_policy_says_so(taken: Office, tmp_path: Path) -> None:
    """The second person's agreement is listed as what is left."""
    eva = joined(taken, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))
    apply_policy(taken, '[account."x:@acme"]\nthaw_by = 2\n')
    number = str(recover(taken).foreign[0].number)
    words = ("--credential", "-", "--reviewed", number)
    found = recover(taken, *words, stdin=new_credential(taken))
    assert "2 persons" in found.steps[3].detail
    found = recover(taken, *WHY, code=11)
    assert found.problem is not None
    assert found.problem.name == "agreement_needed"
    assert taken.post("Hello").code == 11
    thaw = ("thaw", "x:@acme", *WHY, "--json")
    assert eva.cli(*thaw).code == 11
    assert recover(taken, *WHY, code=0).done
    assert taken.post("We are back").code == 0


def test_a_freeze_on_more_than_the_account_is_not_lifted_by_it(office: Office) -> None:
    """It says which thaw that takes."""
    ready(office)
    office.cli("freeze", "--all", "--reason", "hacked")
    recover(office)
    found = recover(office, "--credential", "-", *WHY, stdin=new_credential(office))
    assert left(found) == ["thaw"]
    assert found.steps[3].todo == "socialguard thaw --all --reason …"
    assert office.post("Hello").code == 11


def test_an_account_that_is_not_frozen_has_nothing_to_recover_from(office: Office) -> None:
    """And the words that would begin it are told."""
    error = failed(office.cli("recover", "x:@acme", "--json"), 5, "not_found")
    assert error.remedy == "If it was taken over: socialguard panic x:@acme --reason …"


def test_a_revoked_credential_is_replaced(taken: Office) -> None:
    """After `panic --revoke`."""
    taken.cli("account", "revoke", "x:@acme", "--json")
    found = recover(taken)
    assert found.steps[0].todo.startswith(("socialguard account rotate", "socialguard account revoke"))


def test_a_person_is_walked_through_at_a_terminal(taken: Office, tmp_path: Path) -> None:
    """Each thing is shown and asked for, then why, then the account's name."""
    path = tmp_path / "credential.json"
    path.write_text(new_credential(taken), encoding="utf-8")
    number = recover(taken).foreign[0].number
    child = taken.terminal("recover", "x:@acme", "--credential", str(path))
    child.expect(f"Type {number}")
    child.sendline(str(number))
    child.expect("Why may it post again")
    child.sendline("new password")
    child.expect("Type acme to lift")
    child.sendline("acme")
    child.expect("x:@acme may post again")
    child.expect_exact("")
    child.wait()
    assert child.exitstatus == 0


def test_people_read_what_is_left(taken: Office) -> None:
    """The same without `--json`."""
    done = taken.cli("recover", "x:@acme")
    assert done.code == 18
    assert "another credential" in done.stdout
    assert "socialguard account rotate" in done.stdout


def test_a_publisher_can_look_and_not_lift(taken: Office, tmp_path: Path) -> None:
    """What only an owner does is refused to others."""
    jonas: Colleague = joined(taken, "Jonas", "publisher", tmp_path / "jonas", grants=("x:@acme",))
    done = jonas.cli("recover", "x:@acme", "--json")
    assert left(Recovered.model_validate(done.document).recovery)[0] == "credential"
    assert taken.post("Hello").code == 11


def test_a_number_that_names_nothing_is_refused_before_anything_is_done(taken: Office) -> None:
    """Also before the review's turn."""
    problem = failed(taken.cli("recover", "x:@acme", "--reviewed", "99", "--json"), 5, "not_found")
    assert "99" in problem.message


def test_an_owner_who_was_removed_lifts_nothing(taken: Office, tmp_path: Path) -> None:
    """Their keys sign, and nobody believes the signature: neither their own program nor the sender's."""
    paul: Colleague = joined(taken, "Paul", "owner", tmp_path / "paul")
    number = str(recover(taken).foreign[0].number)
    words = ("--credential", "-", "--reviewed", number)
    recover(taken, *words, stdin=new_credential(taken))
    assert taken.cli("member", "remove", "Paul", "--reason", "left", "--json").code == 0
    done = paul.cli("recover", "x:@acme", *WHY, "--json")
    assert done.code in (11, 18), done
    assert taken.post("Hello").code == 11
    assert taken.published() == ["Send coins"]
